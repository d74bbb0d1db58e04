"""What the assistant asks back, and what becomes of the answer: with the real sentences."""

import random
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.mind.skills.alarms import Alarms
from assistant.mind.skills.asking import Asking
from assistant.mind.skills.book import Book
from assistant.mind.skills.pending import WAITS_S, Questions
from assistant.mind.skills.registry import SKILLS
from assistant.mind.skills.replies import is_no, is_question
from assistant.mind.skills.skill import Context
from assistant.mind.skills.skills import Skills
from assistant.store import Store

FRIDAY = datetime(2026, 11, 27, 14, 0, tzinfo=ZoneInfo("Europe/Berlin"))
book = cache(Book.load)


class FakeVoice:
    """A fake of the device: only its loudness, which is remembered."""

    level = 40

    def volume_now(self):
        return self.level

    def volume(self, level):
        self.level = level


def all_of(known):
    """Let it be done, and return all that is said."""
    return " ".join(filter(None, (known.text, known.act() if known.act else "")))


class Talk:
    """All skills of a language, their real sentences, and clocks that only move when told to."""

    def __init__(self, language):
        self.seconds, self.voice = 0.0, FakeVoice()
        self.alarms = Alarms(Store(None), lambda: FRIDAY, lambda: 100.0 + self.seconds, "boot")
        asking = Asking(Questions(lambda: self.seconds))
        context = Context(lambda: FRIDAY, self.voice, random.Random(1), self.alarms)
        sentences = asking.sentences([book(language)], language)
        self.skills = Skills(sentences, asking.skills(SKILLS), context)

    def says(self, text):
        """Say `text` and let it be done; return what is answered, None: it is for the model."""
        known = self.skills.known(text)
        return all_of(known) if known else None

    def set(self):
        """Return what rings: its kind, name, and length or time and day."""
        found = [ring for kind in ("timer", "alarm", "reminder") for ring in self.alarms.of(kind)]
        return [
            (each.kind, each.name, each.seconds or f"{each.clock} {each.repeat or each.day}")
            for each in found
        ]


# Said one after the other with "|" between; what rings then.
SET = [
    ("en", "set a timer | ten minutes", ("timer", "", 600)),
    ("en", "set a timer | um, ten minutes please", ("timer", "", 600)),
    ("en", "set a timer | Ten.", ("timer", "", 600)),
    ("en", "set a timer | an hour and a half I think", ("timer", "", 5400)),
    ("en", "set a pasta timer | make it eight and a half minutes", ("timer", "pasta", 510)),
    ("en", "set a pasta timer | can you set it for 20 minutes", ("timer", "pasta", 1200)),
    ("en", "set a timer | what is the capital of France? | five minutes", ("timer", "", 300)),
    ("en", "set a timer | blue | ninety seconds", ("timer", "", 90)),
    ("en", "remind me to call mother | at five", ("reminder", "call mother", "17:00 2026-11-27")),
    ("en", "remind me to call mother | in ten minutes", ("reminder", "call mother", 600)),
    (
        "en",
        "remind me to call mother | tomorrow morning | at eight",
        ("reminder", "call mother", "08:00 2026-11-28"),
    ),
    (
        "en",
        "remind me to call mother tonight | at eight",
        ("reminder", "call mother", "20:00 2026-11-27"),
    ),
    (
        "en",
        "remind me to call mother | remind me on sunday at noon",
        ("reminder", "call mother", "12:00 2026-11-29"),
    ),
    ("en", "set an alarm | seven thirty in the morning", ("alarm", "", "07:30 2026-11-28")),
    ("en", "set an alarm | every day at seven", ("alarm", "", "07:00 daily")),
    ("zh", "设一个计时器 | 十分钟", ("timer", "", 600)),
    ("zh", "设一个计时器 | 嗯，那就十分钟吧", ("timer", "", 600)),
    ("zh", "设一个计时器 | 十", ("timer", "", 600)),
    ("zh", "设个煮面的计时器 | 八分半", ("timer", "煮面", 510)),
    ("zh", "设一个计时器 | 法国的首都是哪里 | 一个半小时", ("timer", "", 5400)),
    ("zh", "设一个计时器 | 蓝色 | 九十秒", ("timer", "", 90)),
    ("zh", "提醒我给妈妈打电话 | 下午五点", ("reminder", "给妈妈打电话", "17:00 2026-11-27")),
    ("zh", "提醒我给妈妈打电话 | 十分钟以后", ("reminder", "给妈妈打电话", 600)),
    (
        "zh",
        "提醒我给妈妈打电话 | 明天早上 | 八点",
        ("reminder", "给妈妈打电话", "08:00 2026-11-28"),
    ),
    ("zh", "今晚提醒我给妈妈打电话 | 八点", ("reminder", "给妈妈打电话", "20:00 2026-11-27")),
    ("zh", "设一个闹钟 | 明早七点半", ("alarm", "", "07:30 2026-11-28")),
    ("zh", "设一个闹钟 | 每天七点", ("alarm", "", "07:00 daily")),
]


@pytest.mark.parametrize(("language", "said", "rings"), SET)
def test_what_was_asked_for_is_told_in_the_next_turn(language, said, rings):
    talk = Talk(language)
    for text in said.split(" | "):
        talk.says(text)
    assert talk.set() == [rings]
    assert talk.says("ten minutes" if language == "en" else "十分钟") is None  # nothing is open


TWO = {
    "en": ["set a pasta timer for ten minutes", "set a tea timer for five minutes"],
    "zh": ["设一个煮面的十分钟计时器", "设一个泡茶的五分钟计时器"],
}
PASTA, TEA = ("pasta", "煮面"), ("tea", "泡茶")


@pytest.mark.parametrize(
    ("language", "said", "left"),
    [
        ("en", "all of them", ()),
        ("en", "both, please", ()),
        ("en", "the pasta and the tea one", ()),
        ("en", "the first one", PASTA),
        ("en", "the second", TEA),
        ("en", "number two", TEA),
        ("en", "the last one", TEA),
        ("en", "the pasta timer please", TEA),
        ("en", "tea", PASTA),
        ("en", "the five minute one", PASTA),
        ("en", "the longer one", TEA),
        ("en", "cancel the tea timer", PASTA),
        ("en", "banana | the shorter one", PASTA),
        ("en", "neither", (*PASTA, *TEA)),
        ("en", "all but the pasta one", (*PASTA, *TEA)),
        ("en", "no thanks", (*PASTA, *TEA)),
        ("zh", "两个都取消", ()),
        ("zh", "全部", ()),
        ("zh", "第一个", PASTA),
        ("zh", "第二个吧", TEA),
        ("zh", "最后一个", TEA),
        ("zh", "煮面的那个", TEA),
        ("zh", "五分钟的", PASTA),
        ("zh", "长的那个", TEA),
        ("zh", "取消泡茶的计时器", PASTA),
        ("zh", "香蕉 | 短的", PASTA),
        ("zh", "都不要", (*PASTA, *TEA)),
        ("zh", "没事了", (*PASTA, *TEA)),
    ],
)
def test_which_of_several(language, said, left):
    talk = Talk(language)
    for text in TWO[language]:
        talk.says(text)
    assert "?" in talk.says("cancel the timer") if language == "en" else talk.says("取消计时器")
    for text in said.split(" | "):
        assert talk.says(text)
    assert {name for _, name, _ in talk.set()} == {
        each
        for each in left
        if each in (("pasta", "tea") if language == "en" else ("煮面", "泡茶"))
    }


def test_two_things_may_be_lacking_one_after_the_other():
    talk = Talk("en")
    for text in TWO["en"]:
        talk.says(text)
    assert talk.says("add more time to the timer") == "How much longer?"
    assert "Which one" in talk.says("two minutes")
    assert talk.says("the tea one") == "The tea timer has 7 minutes now."


@pytest.mark.parametrize(
    ("language", "asks", "tells"),
    [("en", "change the volume", "thirty percent"), ("zh", "调一下音量", "百分之三十")],
)
def test_how_loud_may_be_lacking(language, asks, tells):
    talk = Talk(language)
    assert talk.says(asks)
    assert talk.says(tells)
    assert talk.voice.level == 30


def test_of_two_with_one_name_it_is_said_which():
    talk = Talk("en")
    for minutes in ("ten", "five"):
        talk.says(f"set a pasta timer for {minutes} minutes")
    talk.says("cancel the pasta timer")
    assert talk.says("the second one") == "The pasta timer of 10 minutes is cancelled."


@pytest.mark.parametrize(
    ("language", "asks", "says"),
    [
        ("en", "set a timer", ["never mind", "All right, I leave it."]),
        ("en", "remind me to call mother", ["cancel", "All right, I leave it."]),
        ("en", "set a timer", ["stop", ""]),
        ("en", "set a timer", ["what time is it", "It's 2 in the afternoon."]),
        ("en", "set a timer", ["set a timer for an hour", "1 hour, from now."]),
        ("zh", "设一个计时器", ["算了", "好的，那就不做了。"]),
        ("zh", "提醒我给妈妈打电话", ["不用了", "好的，那就不做了。"]),
        ("zh", "设一个计时器", ["停", ""]),
        ("zh", "设一个计时器", ["现在几点", "现在是下午两点。"]),
    ],
)
def test_a_no_and_another_request_close_it(language, asks, says):
    talk = Talk(language)
    assert talk.says(asks)
    text, answer = says
    assert talk.says(text).startswith(answer)
    assert talk.says("at three in the afternoon" if language == "en" else "下午三点") is None


def test_what_is_not_understood_is_asked_once_more_and_then_dropped():
    talk = Talk("en")
    assert talk.says("set a timer") == "A timer for how long?"
    assert talk.says("blue") == "I did not get that. A timer for how long?"
    assert talk.says("purple") == "All right, I leave it."
    assert talk.says("ten minutes") is None
    assert talk.set() == []


def test_an_answer_that_comes_too_late_is_none():
    talk = Talk("en")
    talk.says("set a timer")
    talk.seconds += WAITS_S
    assert talk.says("ten minutes") is None


def test_a_question_that_was_never_asked_aloud_is_not_open():
    talk = Talk("en")
    assert talk.skills.known("set a timer").data["asks"] == "duration_s"
    assert talk.says("ten minutes") is None


def test_an_answer_is_whole_unless_more_may_come():
    talk = Talk("en")
    talk.says("set a timer")
    assert talk.skills.whole("ten minutes") > 0.5
    assert talk.skills.whole("ten") == 0.0


def test_each_talk_of_those_who_write_has_its_own_questions():
    def room():
        made = Talk("en")
        rooms.append(made)
        return made.skills

    rooms = []
    skills = Skills(book("en"), {}, None, writers=room)

    def writes(talk, text):
        known = skills.written(text, talk)
        return all_of(known) if known else None

    assert writes("one", "set a timer") == "A timer for how long?"
    assert writes("two", "ten minutes") is None
    assert writes("one", "ten minutes").startswith("10 minutes, from now.")
    assert [each.set() for each in rooms] == [[("timer", "", 600)], []]


TEXTS = {
    "set a timer": None,
    "set a pasta timer": None,
    "cancel the timer": None,
    "what time is it": None,
    "never mind": None,
    "blue": None,
    "ten minutes": 600,
    "five": 300,
    "the first one": None,
    "all of them": None,
    "set a timer for an hour": 3600,
}


@given(st.lists(st.tuples(st.sampled_from(list(TEXTS)), st.integers(0, 3)), max_size=8))
@settings(max_examples=30, deadline=None)
def test_never_twice_and_never_without_what_was_asked_for(turns):
    """Each turn is answered in secret some times, and released and done at most once or twice."""
    talk = Talk("en")
    for text, acts in turns:
        before = len(talk.set())
        known = [talk.skills.known(text) for _ in range(2)][-1]
        assert len(talk.set()) == before  # in secret nothing is done
        asked = text in ("ten minutes", "five")
        for _ in range(acts if known and known.act else 0):
            known.act()
            if asked:
                assert len(talk.set()) <= before + 1
        assert {length for _, _, length in talk.set()} <= set(TEXTS.values())


@pytest.mark.parametrize(
    "text",
    ["no", "Never mind.", "oh forget it", "cancel that", "I changed my mind", "no thank you",
     "算了", "不用了谢谢", "没事了", "取消吧", "哪个都不要", "以后再说"],
)  # fmt: skip
def test_a_no_is_one(text):
    assert is_no(text)


@pytest.mark.parametrize(
    "text",
    ["now", "no ten minutes", "nine", "cancel both", "the first", "不对，十分钟", "都取消", ""],
)
def test_nothing_else_is_a_no(text):
    assert not is_no(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("what is the capital of France", True),
        ("how long do eggs take", True),
        ("really?", True),
        ("煮鸡蛋要怎么煮", True),
        ("给我讲个故事", True),
        ("blue", False),
        ("ten minutes", False),
        ("十分钟", False),
        ("蓝色", False),
    ],
)
def test_a_question_is_one(text, asks):
    assert is_question(text) == asks
