"""Which last words promise more, in English and Chinese, and which do not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Rules, needed_silence
from assistant.conversation.endings import Ending, ending

DEVELOPMENT = Path(__file__).parent.parent / "benchmarks"

OPEN = [
    "Turn on the light, and",
    "set a timer and then",
    "what should i wear if",
    "I want to stay at home because I",
    "what is the",
    "What's three plus.",
    "could you please",
    "remind me to",
    "hey um can you",
    "我不想出去因为",
    "设一个闹钟，然后",
    "如果明天",
    "播放音乐和",
    "但是我",
    "帮我设一个",
    "请问",
]
FILLED = [
    "um",
    "What is the, uh...",
    "hmm",
    "play a song by er",
    "let me think",
    "呃",
    "我想问一下那个",
    "明天嗯",
]
DICTATED = [
    "My number is five five five",
    "the code is 12",
    "my phone number is 555 12",
    "call 5 5 5",
    "it is spelled S M I",
    "S-M-I",
    "one two three",
    "我的电话是一三八",
    "密码是12",
    "验证码三五",
]
PLAIN = [
    "",
    " ... ",
    "what time is it",
    "who am i",
    "turn it on",
    "what is it made of",
    "what are you looking at",
    "I think so",
    "what is seven times eight",
    "set an alarm for seven thirty",
    "set an alarm for 7:05 a.m.",
    "what was the year nineteen ninety nine",
    "a random number from one to a hundred",
    "what's 3,450 / 15?",
    "call 911",
    "my number is five five five one two three four five six seven",
    "how do you know",
    "do you know what i mean",
    "今天天气怎么样",
    "我要那个",
    "嗯",
    "一加一等于几",
    "一百二十三",
    "总和",
    "还有",
    "我的电话是13800138000",
    "现在几点",
]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (OPEN, Ending.OPEN),
        (FILLED, Ending.FILLER),
        (DICTATED, Ending.DICTATED),
        (["I am going to Rome,", "I am going to Rome...", "我要去罗马，"], Ending.COMMA),
        (PLAIN, Ending.PLAIN),
    ],
)
def test_how_a_text_ends(texts, kind):
    assert {text: ending(text) for text in texts} == dict.fromkeys(texts, kind)


phrases = st.text(st.sampled_from("abc tor 今天我是和12,.?!'…"), max_size=30) | st.sampled_from(
    PLAIN
)


@given(phrases, st.sampled_from(["and", "because", "um", "the", "呃", "因为"]))
def test_what_promises_more_is_found_behind_anything(text, word):
    assert ending(f"{text} {word}") is not Ending.PLAIN


@given(phrases, st.sampled_from([".", "!", "?", "。", " "]))
def test_a_full_stop_of_the_recogniser_promises_nothing_and_hides_no_word(text, mark):
    """Recognisers end every partial result with one."""
    if ending(text) in (Ending.OPEN, Ending.FILLER, Ending.DICTATED):
        assert ending(text + mark) is ending(text)
        assert ending(text.upper() + mark) is ending(text)


@given(st.text())
def test_any_text_ends_somehow(text):
    assert ending(text) in Ending


def test_hardly_any_whole_request_is_kept_waiting():
    """The requests were written for something else, whole ones and some that are cut off."""
    found = [
        json.loads(line)
        for line in (DEVELOPMENT / "skills-development.jsonl").read_text("utf-8").splitlines()
    ]
    meant = [row["text"] for row in found if row["intent"] != "none"]
    waiting = [text for text in meant if ending(text) is not Ending.PLAIN]
    assert len(meant) > 2000
    assert len(waiting) <= len(meant) / 500, waiting


certain = st.sampled_from([Ending.OPEN, Ending.FILLER, Ending.DICTATED])


@given(st.none() | st.floats(0.0, 1.0), certain)
def test_what_promises_more_has_the_longest_silence_whatever_the_model_says(complete, kind):
    rules = Rules()
    assert needed_silence(rules, complete, kind) == rules.max_silence


@given(st.none() | st.floats(0.0, 1.0))
def test_a_comma_is_a_doubt_but_no_certainty(complete):
    rules = Rules(min_silence=0.2, max_silence=1.8)
    waits = needed_silence(rules, complete, Ending.COMMA)
    assert waits == pytest.approx(max(needed_silence(rules, complete), 0.6))


def test_where_nobody_judges_it_waits_for_two_thirds_of_the_longest_silence():
    assert needed_silence(Rules(max_silence=1.2), None) == pytest.approx(0.8)
    assert needed_silence(Rules(min_silence=1.0, max_silence=1.2), None) == 1.0


@given(st.none() | st.floats(0.0, 1.0), st.sampled_from(Ending), st.floats(0.0, 1.0))
def test_a_sound_never_makes_it_wait_less_nor_longer_than_the_longest(complete, kind, sounds):
    rules = Rules()
    without = needed_silence(rules, complete, kind)
    assert without <= needed_silence(rules, complete, kind, sounds) <= rules.max_silence
    assert needed_silence(rules, complete, kind, 1.0) == without
    assert needed_silence(rules, complete, kind, 0.0) >= rules.max_silence * 0.66
