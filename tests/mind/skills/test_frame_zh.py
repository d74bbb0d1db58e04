"""What is put around a Chinese request is taken off; what is told of others is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills.reading_zh import clean
from assistant.mind.skills.sounds_zh import WORDS, meant


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("嗯 那个 今天 几号 来着", "今天几号"),
        ("请问现在几点了呀机器人", "现在几点了"),
        ("能再说快一点吗？", "再说快一点"),
        ("你能做什么", "你能做什么"),
        ("倒计时半小时哦不一刻钟", "倒计时一刻钟"),
        ("七点半不对八点叫我", "八点叫我"),
        ("音量三十不对四十", "音量四十"),
        ("设三分钟的定时器说错了五分钟", "设五分钟的定时器"),
        ("三点不下午四点提醒我开会", "下午四点提醒我开会"),
        ("今天礼拜三还是礼拜四", "今天礼拜三还是礼拜四"),
        ("嘘声音小点爷爷在睡觉", "声音小点"),
        ("车间太吵了你响点", "响点"),
        ("音量小一些，大家在午休。", "音量小一些"),
        ("锅里炖着汤帮我定时四十分钟", "帮我定时四十分钟"),
        ("面煮上了，定时八分钟", "定时八分钟"),
        ("我爷爷听不懂英文你用中文吧", "用中文"),
        ("他说声音小点爷爷在睡觉", "他说声音小点爷爷在睡觉"),
        ("昨天，我设了一个闹钟", "昨天我设了一个闹钟"),
        ("不用帮我设闹钟", "不用帮我设闹钟"),
        ("在说一变", "再说一遍"),
        ("提醒我，买牛奶", "提醒我买牛奶"),
        ("receipt 怎么拼写", "receipt怎么拼写"),
        ("你还在运行吗", "你还在运行吗"),
        ("今天是不是星期六啊", "今天是不是星期六"),
        ("你可以干嘛", "你可以干嘛"),
        ("我听不见你说话", "我听不见你说话"),
        ("依家係幾點", "现在是几点"),
        ("今儿个几号", "今天几号"),
        ("嗯", "嗯"),
    ],
)
def test_the_request_is_left(source, text):
    assert clean(source).text == text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("定是七", "定时器"),
        ("在说一边", "再说一遍"),
        ("关雕闹中", "关掉闹钟"),
        ("今天记号", "今天几号"),
        ("切换成鹰文", "切换成英文"),
        ("定时七分钟", "定时七分钟"),
        ("投资", "投资"),
        ("三十三除以三", "三十三除以三"),
        ("声音大着点儿", "声音大着点儿"),
    ],
)
def test_words_of_requests_are_known_by_their_sound(text, word):
    assert meant(text) == word


def test_what_is_looked_for_stays():
    assert [word for word in WORDS if meant(word) != word] == []


@given(st.text("嗯那个请帮我定时器声音小点爷爷他说不对五分钟谢谢吧，。 ", max_size=40))
def test_something_is_always_left_and_stands_in_the_source(source):
    written = clean(source)
    assert bool(written.text) == any(c.isalnum() for c in source)
    assert len(written.places) == len(written.text)
    assert clean(written.text).text is not None
