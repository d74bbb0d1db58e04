"""Conversions in Chinese, of new units and old ones."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills.units_zh import conversion
from assistant.mind.skills.written_zh import clean


def result(text):
    found = conversion(clean(text).text)
    return found and found.result()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十英里是多少千米", "16.09344"),
        ("一斤二两是多少克", 600),
        ("三个小时一共多少分钟", 180),
        ("十五度摄氏等于华氏多少度", 59),
        ("一磅肉是多少克", "453.59237"),
        ("半斤是几两", 5),
        ("五斤半是多少公斤", "2.75"),
        ("三亩地是多少平方米", 2000),
        ("九尺是几米", 3),
        ("五尺七寸是多少厘米", 190),
        ("三十里路是几公里", 15),
        ("一米八是多少厘米", 180),
        ("一米七五等于多少厘米", 175),
        ("六英尺二英寸是多少厘米", "187.96"),
        ("四点二千克是多少克", 4200),
        ("两个半小时是多少分钟", 150),
        ("三个礼拜是多少天", 21),
        ("两年是多少个月", 24),
        ("多少克是一斤", 500),
        ("一吨有多少公斤", 1000),
        ("把五公里换算成米", 5000),
        ("二十摄氏度换算成华氏度", 68),
        ("华氏一百零四度是多少摄氏度", 40),
        ("三十度是华氏多少度", 86),
        ("零下四十摄氏度是多少华氏度", -40),
        ("时速三十六公里是多少米每秒", 10),
        ("10km是多少m", 10000),
        ("一加仑等于多少升", "3.785411784"),
        ("一G是多少兆", 1024),
    ],
)
def test_a_quantity_comes_in_the_unit_asked_for(text, value):
    assert result(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "三十英寸",
        "一亩是多少",
        "一百美元是多少人民币",
        "半斤八两是什么意思",
        "这箱子肯定不止二十公斤",
        "三公斤是多少米",
        "十米是多少米",
        "蓝鲸有多重",
    ],
)
def test_what_asks_for_no_unit_is_none(text):
    assert result(text) is None


@given(
    st.text(
        "一二十百半点零下个斤两克米尺里小时分钟摄华氏度是多少几换算成0123456789.kmg", max_size=25
    )
)
def test_no_text_breaks_it(text):
    found = conversion(text)
    assert found is None or found.source.kind == found.target.kind
