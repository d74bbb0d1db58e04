"""Chinese requests with the package's own sentences: intent and slots, and what is left alone."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import decimals, reading_zh
from assistant.mind.skills.book import Book
from assistant.mind.skills.reading import KINDS


@pytest.fixture(scope="module")
def book():
    return Book.load("zh")


def asked(book, text):
    found = book.match(text)
    return found and (found.intent, dict(found.slots))


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("帮我设一个 ten minutes 的 timer", "timer_set", {"duration_s": 600}),
        ("嗯 帮我 定 个 二十 分钟 的 定时 七 谢谢", "timer_set", {"duration_s": 1200}),
        ("設一個一個半小時的計時器", "timer_set", {"duration_s": 5400}),
        ("设个三分钟不对五分钟的倒计时", "timer_set", {"duration_s": 300}),
        ("给面膜定时十五分钟", "timer_set", {"duration_s": 900, "name": "面膜"}),
        ("红烧肉的定时器还剩几分钟", "timer_status", {"name": "红烧肉"}),
        ("把所有定时器都取消", "timer_cancel", {"all": True}),
        ("定时器再加五分钟", "timer_add", {"duration_s": 300}),
        ("暂停定时器", "timer_pause", {}),
        ("继续倒计时", "timer_resume", {}),
        ("打开秒表", "stopwatch", {}),
        ("再睡五分钟", "snooze", {"duration_s": 300}),
        ("明晚九点四十的闹钟", "alarm_set", {"day": "+1", "time": "21:40"}),
        ("每周一三五早上七点叫我起床", "alarm_set", {"repeat": "mon,wed,fri", "time": "07:00"}),
        ("取消明天早上七点的闹钟", "alarm_cancel", {"day": "+1", "time": "07:00"}),
        ("我有哪些闹钟", "alarm_status", {}),
        (
            "后天下午三点半提醒我買 牛奶",
            "reminder_set",
            {"day": "+2", "time": "15:30", "message": "買 牛奶"},
        ),
        ("现在音量多少", "volume_status", {}),
        ("谢谢用英语怎么说", "translate", {"phrase": "谢谢", "language": "en"}),
        ("慢一点再说一遍", "repeat", {"slower": True}),
        ("离圣诞节还有多少天", "date_today", {"day": "--12-25"}),
        ("离十一还有多久", "date_today", {"day": "--10-01"}),
        ("下周五是几号", "date_today", {"day": "fri+1"}),
        ("五号是星期几", "date_today", {"day": "---05"}),
        ("把倒數計時關掉", "timer_cancel", {}),
        ("过十分钟提醒我关火", "reminder_set", {"duration_s": 600, "message": "关火"}),
        ("取消提醒", "reminder_cancel", {}),
        ("现在纽约几点了", "time_now", {"zone": "America/New_York"}),
        ("离十月一号还有几天", "date_today", {"day": "--10-01"}),
        ("一百二十打八折是多少", "arithmetic", {"value": "96"}),
        ("九除以零", "arithmetic", {}),
        ("二除以三", "arithmetic", {"value": "0.666667"}),
        ("一英里是多少公里", "convert", {"value": "1.60934", "unit": "公里"}),
        ("车间太吵了你响点", "volume_up", {}),
        ("小声点宝宝睡着了", "volume_down", {}),
        ("音量调到七成", "volume_set", {"value": 70}),
        ("音量加百分之十五", "volume_up", {"value": 15}),
        ("声音开到最大", "volume_set", {"value": "100"}),
        ("从一到十选一个数", "random", {"value": "1-10"}),
        ("抛硬币决定谁洗碗", "random", {"value": "coin"}),
        ("chrysanthemum怎么拼写", "spell", {"word": "chrysanthemum"}),
        ("用 English 跟我讲", "language_set", {"language": "en"}),
        ("关闭麦克风", "mute", {}),
        ("给煮面定时器加两分钟", "timer_add", {"name": "煮面", "duration_s": 120}),
        ("暂停煮面定时器", "timer_pause", {"name": "煮面"}),
        ("把泡茶的计时器暂停一下", "timer_pause", {"name": "泡茶"}),
        ("暂停五分钟的定时器", "timer_pause", {"duration_s": 300}),
        ("继续煮面定时器", "timer_resume", {"name": "煮面"}),
        ("掷三颗骰子", "random", {"value": "dice"}),
    ],
)
def test_a_request_is_understood(book, text, intent, slots):
    assert asked(book, text) == (intent, slots)


@pytest.mark.parametrize(
    "text",
    [
        "定时器是怎么工作的",
        "我昨天设了一个闹钟",
        "爸爸让我定闹钟我给忘了",
        "他说停",
        "不要设闹钟",
        "提醒我一下法国首都是哪里",
        "明天七点的火车",
        "一百美元等于多少人民币",
        "你会说英语吗",
        "作文怎么写",
        "老师问怎么写",
        "同学问喷嚏怎么写",
        "老师叫他大声点回答问题",
        "几点了都还不睡觉你这孩子快去刷牙",
        "嗯",
        "",
    ],
)
def test_what_is_no_request_is_left_alone(book, text):
    assert asked(book, text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(2, 3), "0.666667"),
        (Fraction(-1, 3), "-0.333333"),
        (Fraction(5, 10**7), "0.000001"),
        (Fraction(4, 10**7), "0"),
        (Fraction(-4, 10**7), "0"),
        (Fraction(1200), "1200"),
        (Fraction(10**30), ""),
        (Fraction(10**29), "1" + "0" * 29),
    ],
)
def test_a_result_is_the_shortest_decimal(value, text):
    assert decimals.decimal(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction("1.609344"), "1.60934"),
        (Fraction("3.785411784"), "3.78541"),
        (Fraction("0.0123456789"), "0.0123457"),
        (Fraction(1234567), "1234570"),
        (Fraction("999999.5"), "1000000"),
        (Fraction(0), "0"),
        (Fraction(-40), "-40"),
    ],
)
def test_a_conversion_has_six_significant_digits(value, text):
    assert decimals.significant(value) == text


@given(
    st.text(
        "设个七点半一十分钟下周六号的闹音量到百分之成每天明晚北京随机数0123456789:", max_size=40
    )
)
def test_what_is_found_has_an_order_and_never_overlaps(text):
    clean = reading_zh.clean(text)
    end = 0
    for span in reading_zh.spans(clean.text):
        assert end <= span.start < span.end <= len(clean.text)
        assert set(span.values) <= set(KINDS)
        end = span.end
    assert clean.said(0, len(clean.text)) in text


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("昨天提醒我开会", "reminder_set", {"day": "-1", "message": "开会"}),
        (
            "昨天下午三点提醒我开会",
            "reminder_set",
            {"day": "-1", "time": "15:00", "message": "开会"},
        ),
        ("设一个昨天七点的闹钟", "alarm_set", {"day": "-1", "time": "07:00"}),
        ("用英文说谢谢", "translate", {"language": "en", "phrase": "谢谢"}),
        ("慢点说谢谢", "rate_down", {}),
        ("取消静音", "unmute", {}),
        ("计时器加点时间", "timer_add", {}),
        ("调一下音量", "volume_set", {}),
    ],
)
def test_what_was_taken_for_another_thing(book, text, intent, slots):
    request = book.match(text)
    assert request
    assert (request.intent, request.slots) == (intent, slots)


@pytest.mark.parametrize("text", ["昨天你忘了提醒我开会", "昨天提醒我开会的是谁"])
def test_of_yesterday_people_talk(book, text):
    assert book.match(text) is None
