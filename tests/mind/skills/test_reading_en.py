"""What is read in English requests: tables of what people say and recognisers write."""

import datetime
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import reading_en
from assistant.mind.skills.book import Book
from assistant.mind.skills.decimals import decimal, significant

DEVELOPMENT = Path(__file__).parents[3] / "benchmarks" / "skills-development.jsonl"

WORDS = [
    "set", "timer", "for", "ten", "minutes", "no", "at", "seven", "in", "the", "morning", "half",
    "past", "a", "quarter", "of", "an", "hour", "percent", "remind", "me", "to", "plus", "times",
    "monday", "tomorrow", "and", "7:30", "1/0", "squared", "miles",
]  # fmt: skip


@pytest.fixture(scope="module")
def book():
    return Book.load("en")


def found(text, kind):
    clean = reading_en.clean(text).text
    return [span.values[kind] for span in reading_en.spans(clean) if kind in span.values]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("timer two and a half hours", 9000),
        ("timer a minute and forty five seconds", 105),
        ("timer an hour and a half", 5400),
        ("timer an hour and three quarters", 6300),
        ("timer three quarters of an hour", 2700),
        ("timer quarter of an hour", 900),
        ("timer half an hour", 1800),
        ("timer half a minute", 30),
        ("timer a couple of minutes", 120),
        ("timer 1h30m", 5400),
        ("timer one hour twenty", 4800),
        ("timer thirty no twenty minutes", 1200),
        ("timer for ten minutes no fifteen", 900),
        ("timer for ten minutes sorry make that two hours", 7200),
        ("set a timer four ten minutes", 600),
        ("make me a timer of for minutes", 240),
    ],
)
def test_spans_of_time(text, seconds):
    assert found(text, "duration") == [seconds]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("alarm six forty five", "06:45"),
        ("alarm half past seven", "07:30"),
        ("alarm half seven", "07:30"),
        ("alarm ten to nine", "08:50"),
        ("alarm ten to one", "12:50"),
        ("alarm quarter to midnight", "23:45"),
        ("alarm seven oh five in the evening", "19:05"),
        ("alarm 7 05 a m", "07:05"),
        ("alarm 7.30 p.m.", "19:30"),
        ("alarm thirteen hundred hours", "13:00"),
        ("alarm twenty two thirty", "22:30"),
        ("alarm two o'clock at night", "02:00"),
        ("alarm eleven at night", "23:00"),
        ("alarm twelve at night", "00:00"),
        ("alarm twelve noon", "12:00"),
        ("alarm midnight", "00:00"),
        ("tomorrow evening alarm at eight", "20:00"),
        ("quarter past five alarm in the morning", "05:15"),
        ("alarm at 730", "07:30"),
        ("alarm at seven", "07:00"),
        ("alarm at six no seven", "07:00"),
    ],
)
def test_times_of_day(text, time):
    assert found(text, "time") == [time]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("remind me the day after tomorrow", "day", "+2"),
        ("remind me next monday", "day", "mon"),
        ("what day is the fifth of may", "day", "--05-05"),
        ("what day is december 25th 2027", "day", "2027-12-25"),
        ("days until new year's eve", "day", "--12-31"),
        ("alarm at six every day", "repeat", "daily"),
        ("alarm at six on weekdays", "repeat", "weekdays"),
        ("alarm at six every monday and thursday", "repeat", "mon,thu"),
        ("volume three quarters", "percent", 75),
        ("volume 40 per cent", "percent", 40),
        ("a number from one to ten", "number", "1-10"),
        ("the time in new york", "place", "America/New_York"),
    ],
)
def test_days_levels_places(text, kind, value):
    assert found(text, kind) == [value]


@pytest.mark.parametrize(
    ("text", "intent", "value"),
    [
        ("what's nine times twelve", "arithmetic", "108"),
        ("how much is twenty percent of 180", "arithmetic", "36"),
        ("25% off $60", "arithmetic", "45"),
        ("six and five makes what", "arithmetic", "11"),
        ("two divided by three", "arithmetic", "0.666667"),
        ("subtract five from twenty", "arithmetic", "15"),
        ("remainder of 17 divided by 5", "arithmetic", "2"),
        ("what percent of 50 is 20", "arithmetic", "40"),
        ("two plus three times four", "arithmetic", "14"),
        ("nine over zero", "arithmetic", None),
        ("ten to the power of one million", "arithmetic", None),
        ("five foot ten in centimetres", "convert", "177.8"),
        ("twenty degrees celsius in fahrenheit", "convert", "68"),
        ("how many ounces make up a pound", "convert", "16"),
        ("one and a half hours in minutes", "convert", "90"),
        ("what does half an inch come to in millimetres", "convert", "12.7"),
    ],
)
def test_exact_results(text, intent, value):
    result = reading_en.exact(reading_en.clean(text).text)
    assert result
    assert (result.intent, result.slots.get("value")) == (intent, value)


@pytest.mark.parametrize(
    "text",
    [
        "times tables are boring",
        "seven",
        "is three feet of snow a lot",
        "ten percent of the workforce went on strike",
        "how many legs do eight spiders have",
        "__import__('os')",
    ],
)
def test_what_is_no_calculation(text):
    assert reading_en.exact(reading_en.clean(text).text) is None


def test_the_development_set(book):
    """Its sentences were looked at: none of them may get lost; every third one is tried."""
    wrong = []
    rows = map(json.loads, DEVELOPMENT.read_text(encoding="utf-8").splitlines())
    for row in [row for row in rows if row["language"] == "en"][::3]:
        request = book.match(row["text"])
        intent = request.intent if request else "none"
        if intent != row["intent"]:
            wrong.append((row["text"], intent))
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "i set a timer for ten minutes yesterday",
        "she told me to set an alarm for seven",
        "don't set a timer",
        "how does a kitchen timer work",
        "tell your sister dinner is in ten minutes",
        "remind me what the capital of peru is",
        "how do you smell gas",
        "enough said",
    ],
)
def test_talk_is_no_request(book, text):
    assert book.match(text) is None


def test_a_message_is_given_back_as_it_was_said(book):
    request = book.match("Um, remind me to call Aunt Jean's doctor at ten, please.")
    assert request
    assert request.slots["message"] == "call Aunt Jean's doctor"
    assert request.slots["time"] == "10:00"


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("remind me tomorrow to call mom", {"day": "+1", "message": "call mom"}),
        ("remind me to email the captain please", {"message": "email the captain"}),
        ("set a timer for my mom", {"name": "mom"}),
        ("wake me tomorrow mom", {"day": "+1"}),
        ("remind me yesterday to call bob", {"day": "-1", "message": "call bob"}),
        ("remind me to call bob yesterday", {"day": "-1", "message": "call bob"}),
        ("unmute the microphone", {}),
        ("mute", {"value": 0}),
        ("mute the sound", {"value": 0}),
        ("mute the microphone", {}),
        ("add more time to the pasta timer", {"name": "pasta"}),
    ],
)
def test_whom_and_when(book, text, slots):
    request = book.match(text)
    assert request
    assert request.slots == slots


@given(st.text(max_size=80))
def test_any_text_keeps_its_places(text):
    clean = reading_en.clean(text)
    assert len(clean.text) == len(clean.places)
    assert all(0 <= place < len(text) for place in clean.places)


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_are_read_in_order(words):
    text = reading_en.clean(" ".join(words)).text
    reading_en.exact(text)
    end = 0
    for span in reading_en.spans(text):
        assert end <= span.start < span.end <= len(text)
        end = span.end
        if "time" in span.values:
            datetime.time.fromisoformat(str(span.values["time"]))


@given(st.decimals(-(10**6), 10**6, places=6))
def test_decimals_are_exact(value):
    assert Fraction(decimal(Fraction(value))) == Fraction(value)


@given(st.fractions(min_value=1, max_value=10**12))
def test_significant_digits_are_near(value):
    assert abs(Fraction(significant(value)) - value) <= value / 10**5
