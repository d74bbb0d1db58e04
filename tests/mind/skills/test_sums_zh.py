"""Calculations in Chinese: exact, bounded, and nothing that is none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills.reckoning import MOST, Undefined
from assistant.mind.skills.sums_zh import calculate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三加四乘五", 23),
        ("三加五的和乘以二", 16),
        ("一百二的百分之十五的小费是多少", 18),
        ("两百块给百分之十的小费是多少", 20),
        ("百分之十五的小费八十块", 12),
        ("四分之一是百分之多少", 25),
        ("三家五等于几", 8),
        ("负三加五", 2),
        ("25*4", 100),
        ("3+4=", 7),
        ("0.1+0.2", "0.3"),
        ("八分之三加四分之一", "5/8"),
        ("三除十二", 4),
        ("十二除以三", 4),
        ("十七除以五余几", 2),
        ("十七除以五的余数是多少", 2),
        ("五十打八折", 40),
        ("两百打七五折", 150),
        ("一百打对折是多少", 50),
        ("三八得几", 24),
        ("八成九是多少", 72),
        ("一块三加两块五", "3.8"),
        ("一块二毛五加五毛", "1.75"),
        ("一百三十六的百分之十五是多少", "20.4"),
        ("一百加百分之二十", 120),
        ("一百涨百分之二十", 120),
        ("三是十二的百分之几", 25),
        ("三和五的积是多少", 15),
        ("十五比八多多少", 7),
        ("一百的一半", 50),
        ("五的三倍", 15),
        ("二的十次方", 1024),
        ("2**10", 1024),
        ("根号二百二十五等于几", 15),
        ("二十七的立方根", 3),
        ("五的阶乘", 120),
        ("帮我算一下一千二百三十四乘五十六", 69104),
    ],
)
def test_a_calculation_is_exact(text, value):
    assert calculate(text) == Fraction(value)


def test_a_root_that_is_not_rational_is_good_to_many_places():
    assert abs(calculate("二的平方根") ** 2 - 2) < Fraction(1, 10**29)


@pytest.mark.parametrize(
    "text",
    ["九除以零", "零的负一次方", "负四的平方根", "十的一百次方", "10**10**10", "九十九的阶乘"],
)
def test_what_has_no_result_or_a_boundless_one_is_undefined(text):
    with pytest.raises(Undefined):
        calculate(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "五",
        "三加",
        "再加上我本来就不喜欢他",
        "七八九十我来抓你们啦",
        "小红六岁十年后几岁",
        "为什么零不能当除数",
        "百分之十的工人罢工了",
        "三点半",
    ],
)
def test_what_is_no_calculation_is_none(text):
    assert calculate(text) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_precedence_is_the_usual(a, b, c):
    assert calculate(f"{a}加{b}乘以{c}") == a + b * c
    assert calculate(f"{a}减{b}除以{c}") == a - Fraction(b, c)


@given(
    st.text(
        "一二十百万零点分之加减乘除以的次方根号平立倍折成打余和比多少几是0123456789.*^%",
        max_size=30,
    )
)
def test_no_text_breaks_it_and_no_result_is_beyond_the_bound(text):
    try:
        value = calculate(text)
    except Undefined:
        return
    assert value is None or abs(value) <= MOST
