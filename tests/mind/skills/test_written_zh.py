"""Chinese as it is written by recognisers and keyboards comes into one form, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills.written_zh import clean


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("三 十 分 钟 倒 计 时", "三十分钟倒计时"),
        ("帮我 start 一个 twenty minutes 的计时器", "帮我start一个twenty minutes的计时器"),
        ("設一個鬧鐘", "设一个闹钟"),
        ("１，２３４．５分钟，谢谢。", "1,234.5分钟谢谢"),
        ("7:30 叫我", "7:30叫我"),
        ("What's 这个", "what's这个"),
        ("定个四分钟的定时七", "定个四分钟的定时器"),
        ("计时七分钟", "计时七分钟"),  # seven, not a timer
        ("取笑定时器", "取消定时器"),
        ("二十六加四灯于几", "二十六加四等于几"),
        ("八公里是多少迷", "八公里是多少米"),
        ("再说一边", "再说一遍"),
        ("北京电中", "北京电中"),
        ("", ""),
    ],
)
def test_one_form(source, text):
    assert clean(source).text == text


def test_what_was_said_is_given_back_as_it_was_written():
    written = clean("提行 我 買 牛奶，謝謝")
    assert written.text == "提醒我买牛奶谢谢"
    assert written.said(3, 6) == "買 牛奶"
    assert written.said(3, 3) == ""


@given(st.text("定时器鬧鐘 ，。１2.5 abC'七十\u3000半点中ﬁ㈠", max_size=40) | st.text(max_size=40))
def test_every_character_knows_its_place(source):
    written = clean(source)
    assert len(written.places) == len(written.text)
    assert list(written.places) == sorted(written.places)
    assert written.said(0, len(written.text)) in source
    assert clean(written.text).text == written.text
