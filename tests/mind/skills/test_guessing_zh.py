"""What a recogniser wrote with characters of the same sound is guessed, and only that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import reading_zh
from assistant.mind.skills.guessing_zh import guessed
from assistant.mind.skills.sounds_zh import sounds


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("计石器还剩多少", "计时器还剩多少"),
        ("去修息", "去休息"),
        ("你的版笨是多少", "你的版本是多少"),
        ("现在极点了", "现在几点了"),
        ("把计时器关掉", "把计时器关掉"),
        ("你声音真大", "你声音真大"),
        ("音箱声音大一点", "音箱声音大一点"),
        ("三十三除以三", "三十三除以三"),
        ("", ""),
    ],
)
def test_the_words_that_are_likely_meant(text, meant):
    assert guessed(text) == meant


@given(st.text("计石时器关吊掉声因音大点五分钟他abc ", max_size=60))
def test_a_guess_sounds_as_what_was_written(text):
    found = guessed(text)
    assert len(found) == len(text)
    assert sounds(found, southern=False) == sounds(text, southern=False)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("关吊定时器", "timer_cancel"), ("别炒了", "stop"), ("连望了吗", "status")],
)
def test_a_guess_is_read(text, intent):
    clean = reading_zh.clean(text)
    found = reading_zh.loose(clean, reading_zh.spans(clean.text))
    assert found
    assert found.intent == intent
