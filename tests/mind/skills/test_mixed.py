"""Requests in two languages at once, and values said in the other one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import (
    mixed_en,
    mixed_zh,
    places_en,
    places_zh,
    reading_en,
    reading_zh,
    written_en,
    written_zh,
)
from assistant.mind.skills.book import Book
from assistant.mind.skills.crossing import words
from assistant.mind.skills.tongues import Tongues

READERS = {"en": reading_en, "zh": reading_zh}


@pytest.fixture(scope="module")
def books():
    return {language: Book.load(language) for language in ("en", "zh")}


def asked(books, text, last="en"):
    found = Tongues(books, lambda: last).match(text)
    return found and (found.language, found.intent, dict(found.slots))


@pytest.mark.parametrize(
    ("text", "language", "intent", "slots"),
    [
        ("帮我设一个 ten minutes 的闹钟", "zh", "alarm_set", {"duration_s": 600}),
        ("设一个 half an hour 的 timer", "zh", "timer_set", {"duration_s": 1800}),
        ("定一个 two hours and ten minutes 的计时器", "zh", "timer_set", {"duration_s": 7800}),
        ("现在几点 in Tokyo", "zh", "time_now", {"zone": "Asia/Tokyo"}),
        ("New York 现在几点", "zh", "time_now", {"zone": "America/New_York"}),
        ("提醒我 at five pm 开会", "zh", "reminder_set", {"time": "17:00", "message": "开会"}),
        ("提醒我 call mom at 5 pm", "zh", "reminder_set", {"time": "17:00", "message": "call mom"}),
        ("提醒我关火 in ten minutes", "zh", "reminder_set", {"duration_s": 600, "message": "关火"}),
        ("明天早上 seven thirty 叫醒我", "zh", "alarm_set", {"day": "+1", "time": "07:30"}),
        ("设一个 alarm for 7:30 am", "zh", "alarm_set", {"time": "07:30"}),
        ("把 volume 调到 fifty percent", "zh", "volume_set", {"value": 50}),
        ("拼写 necessary", "zh", "spell", {"word": "necessary"}),
        ("说 English", "zh", "language_set", {"language": "en"}),
        ("五加 three 等于几", "zh", "arithmetic", {"value": "8"}),
        ("set a 五分钟 timer", "en", "timer_set", {"duration_s": 300}),
        ("Set a 五分鐘 timer.", "en", "timer_set", {"duration_s": 300}),
        ("set a pasta timer for 八分钟", "en", "timer_set", {"name": "pasta", "duration_s": 480}),
        ("set an alarm for 明天早上七点", "en", "alarm_set", {"day": "+1", "time": "07:00"}),
        ("set an alarm 七点半", "en", "alarm_set", {"time": "07:30"}),
        ("set a 七点半 alarm", "en", "alarm_set", {"time": "07:30"}),
        ("what time is it in 东京", "en", "time_now", {"zone": "Asia/Tokyo"}),
        ("what's the time in 北京", "en", "time_now", {"zone": "Asia/Shanghai"}),
        ("remind me to 买牛奶 at 5", "en", "reminder_set", {"time": "05:00", "message": "买牛奶"}),
        ("set the volume to 百分之五十", "en", "volume_set", {"value": 50}),
        ("turn the 音量 up", "en", "volume_up", {}),
        ("what is 二十五 times 四", "en", "arithmetic", {"value": "100"}),
        ("speak 中文", "en", "language_set", {"language": "zh"}),
        ("spell 公里", "en", "spell", {"word": "公里"}),
        ("convert 三公斤 to pounds", "en", "convert", {"value": "6.61387", "unit": "pounds"}),
        ("ten minutes 的 timer", "en", "timer_set", {"duration_s": 600}),
        ("半小时后 remind me to eat", "en", "reminder_set", {"duration_s": 1800, "message": "eat"}),
        ("pause the timer 吧", "en", "timer_pause", {}),
        ("100 fahrenheit 是多少摄氏度", "zh", "convert", {"value": "37.7778", "unit": "摄氏度"}),
        ("把声音 turn up", "zh", "volume_up", {}),
        ("一百减去六十三还剩多少", "zh", "arithmetic", {"value": "37"}),
        ("把音量降下来一点", "zh", "volume_down", {}),
        ("每个工作日七点响", "zh", "alarm_set", {"repeat": "weekdays", "time": "07:00"}),
        ("两百 grams 是多少 ounces", "zh", "convert", {"value": "7.05479", "unit": "ounces"}),
        ("五 kilometres 等于多少英里", "zh", "convert", {"value": "3.10686", "unit": "英里"}),
        ("200 克 is how many ounces", "en", "convert", {"value": "7.05479", "unit": "ounces"}),
        ("取消 all timers", "zh", "timer_cancel", {"all": True}),
        ("取消 all of my 闹钟", "zh", "alarm_cancel", {"all": True}),
        ("delete all 提醒", "en", "reminder_cancel", {"all": True}),
        ("cancel 所有 timers", "en", "timer_cancel", {"all": True}),
        ("提醒我 call all my friends", "zh", "reminder_set", {"message": "call all my friends"}),
    ],
)  # fmt: skip
def test_mixed_requests(books, text, language, intent, slots):
    assert asked(books, text) == (language, intent, slots)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("现在几点 in Abidjan", None),  # no Chinese name is known: rather nothing than another time
        ("tell me about 东京", None),
        ("用 Python 怎么读文件", None),
        ("播放 Yesterday Once More", None),
        ("What does 我爱你 mean?", None),
    ],
)
def test_what_is_left_to_the_model(books, text, known):
    assert asked(books, text) is known


def test_a_text_of_one_language_is_looked_for_in_its_own_book_only(books):
    class Asked:
        def __init__(self):
            self.texts = []

        def match(self, text):
            self.texts.append(text)

        def explain(self, text, *, near=True):
            self.texts.append(text)
            return books["en"].explain(text, near=near)

    en, zh = Asked(), Asked()
    both = Tongues({"en": en, "zh": zh}, lambda: "zh")
    for ask in (both.match, both.explain):
        for text in ("hello", "你好", "15:30", "你好 hello hello hello"):
            ask(text)
    assert en.texts == ["hello", "你好 hello hello hello"] * 2
    assert zh.texts == ["你好", "15:30", "你好 hello hello hello"] * 2


@given(st.text(st.characters(max_codepoint=0x2FF)))
def test_english_without_chinese_is_given_back_as_it_is(text):
    written = written_en.clean(text)
    assert mixed_en.english(written) is written


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_chinese_without_english_is_given_back_as_it_is(text):
    written = written_zh.clean(text)
    assert mixed_zh.chinese(written) is written


MIX = st.lists(
    st.sampled_from(
        [
            "五分钟",
            "明天",
            "七点半",
            "在东京",
            "两",
            "的",
            "百分之五十",
            "买牛奶",
            "闹钟",
            "每周一",
            "ten",
            "half an",
            "minutes",
            "hour",
            "at",
            "in",
            "five",
            "pm",
            "7",
            "30",
            "tomorrow",
            "tokyo",
            "every monday",
            ".",
        ]
    ),
    max_size=9,
).map(" ".join)


@given(MIX)
def test_whatever_is_mixed_each_character_knows_where_it_came_from(text):
    for written in (
        mixed_en.english(written_en.clean(text)),
        mixed_zh.chinese(written_zh.clean(text)),
    ):
        assert len(written.text) == len(written.places)
        assert all(0 <= place < len(text) for place in written.places)
        assert "  " not in written.text


KINDS = st.one_of(
    st.tuples(st.just("duration"), st.integers(1, 99 * 3600)),
    st.tuples(st.just("time"), st.times().map(lambda t: f"{t.hour:02}:{t.minute:02}")),
    st.tuples(st.just("day"), st.sampled_from(["+0", "+1", "+2", "mon", "wed", "sun"])),
    st.tuples(st.just("day"), st.dates().map(lambda d: f"--{d.month:02}-{d.day:02}")),
    st.tuples(st.just("repeat"), st.sampled_from(["daily", "weekdays", "weekends", "tue,fri"])),
    st.tuples(st.just("repeat"), st.sampled_from(["mon", "sat,sun", "mon,wed,thu"])),
    st.tuples(
        st.just("place"),
        st.sampled_from(sorted({*places_zh.zones().values()} & {*places_en.zones().values()})),
    ),
)


@given(KINDS, st.sampled_from(["en", "zh"]))
def test_what_was_read_in_one_language_is_read_again_in_the_other(value, language):
    kind, wanted = value
    said = words(kind, wanted, language)
    # what tells an English reader that a time or a place is asked for, and a day to wake up on
    frame = f"what time alarm {said}" if language == "en" else said
    reader = READERS[language]
    found = [span.values.get(kind) for span in reader.spans(reader.clean(frame).text)]
    assert wanted in found


@pytest.mark.parametrize(("kind", "value"), [("day", "+9"), ("day", "---05"), ("place", "Nowhere")])
def test_what_cannot_be_said_is_nothing(kind, value):
    for language in ("en", "zh"):
        assert words(kind, value, language) == ""
