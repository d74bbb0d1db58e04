"""The time, the calendar and results: what is said, in both languages."""

from datetime import date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import clock, sums
from assistant.mind.skills.skill import Request

FRIDAY = datetime(2026, 11, 27, 15, 5, tzinfo=ZoneInfo("Europe/Berlin"))


def asked(skill, text, language="en", now=FRIDAY, **slots):
    answer = skill(Request("x", text, language, slots), SimpleNamespace(now=lambda: now))
    return answer and answer.text


@pytest.mark.parametrize(
    ("language", "slots", "said"),
    [
        ("en", {}, "It's 3:05 in the afternoon."),
        ("en", {"zone": "Asia/Tokyo"}, "It's 11:05 at night in Tokyo."),
        ("en", {"zone": "Pacific/Auckland"}, "It's 3:05 at night tomorrow in Auckland."),
        ("zh", {}, "现在是下午三点零五分。"),
        ("zh", {"zone": "Asia/Tokyo"}, "那里现在是晚上十一点零五分。"),
    ],
)
def test_the_time_is_told_here_and_elsewhere(language, slots, said):
    assert asked(clock.time_now, "x", language, **slots) == said


@pytest.mark.parametrize(
    ("text", "language", "zone", "place"),
    [
        ("what time is it in Beijing", "en", "Asia/Shanghai", "in Beijing."),
        ("whats the time in cape  town", "en", "Africa/Johannesburg", "in Cape Town."),
        ("what time is it gmt", "en", "UTC", "in UTC."),
        ("东京现在几点", "zh", "Asia/Tokyo", "东京现在是"),
        ("现在旧金山几点了", "zh", "America/Los_Angeles", "旧金山现在是"),
    ],
)
def test_a_place_is_called_as_it_was(text, language, zone, place):
    assert place in asked(clock.time_now, text, language, zone=zone)


def test_a_zone_that_it_does_not_know_is_for_others():
    assert asked(clock.time_now, "x", zone="Nowhere/Town") is None


@pytest.mark.parametrize(
    ("text", "language", "slots", "said"),
    [
        ("what day is it", "en", {}, "It's Friday, November 27, 2026."),
        ("what's tomorrow's date", "en", {}, "Tomorrow is Saturday, November 28, 2026."),
        ("what day was yesterday", "en", {}, "Yesterday was Thursday, November 26, 2026."),
        ("what day is christmas", "en", {"day": "--12-25"}, "That's Friday, December 25, 2026."),
        (
            "what weekday was the first of may",
            "en",
            {"day": "--05-01"},
            "That's Friday, May 1, 2026.",
        ),
        ("what day is may 1st", "en", {"day": "--05-01"}, "That's Saturday, May 1, 2027."),
        (
            "what day was it on 1 dec last year",
            "en",
            {"day": "--12-01"},
            "That's Monday, December 1, 2025.",
        ),
        ("what day is 1 may next year", "en", {"day": "--05-01"}, "That's Saturday, May 1, 2027."),
        (
            "what day was the first of may 1984",
            "en",
            {"day": "1984-05-01"},
            "That's Tuesday, May 1, 1984.",
        ),
        ("what day was the 29th of february last year", "en", {"day": "--02-29"}, None),
        ("how many days until christmas", "en", {"day": "--12-25"}, "It's 28 days until then."),
        ("how many weeks until christmas", "en", {"day": "--12-25"}, "It's 4 weeks until then."),
        ("how many days until monday", "en", {"day": "mon"}, "It's 3 days until then."),
        ("how many days till tomorrow", "en", {"day": "+1"}, "It's 1 day until then."),
        ("how many days until easter", "en", {}, None),
        ("is it friday", "en", {"day": "fri"}, "It's Friday, November 27, 2026."),
        ("今天星期几", "zh", {}, "今天是2026年11月27日，星期五。"),
        ("后天几号", "zh", {}, "后天是2026年11月29日，星期日。"),
        ("离圣诞节还有几天", "zh", {"day": "--12-25"}, "还有28天。"),
        ("离元旦还有几周", "zh", {"day": "--01-01"}, "还有5周。"),
        ("离下周一还有几天", "zh", {"day": "mon+1"}, "还有3天。"),
        ("五号是星期几", "zh", {"day": "---05"}, "2026年12月5日，星期六。"),
        ("圣诞节是星期几", "zh", {"day": "--12-25"}, "2026年12月25日，星期五。"),
    ],
)
def test_days_are_told_and_counted(text, language, slots, said):
    assert asked(clock.date_today, text, language, **slots) == said


def test_the_day_is_that_of_the_place():
    late = FRIDAY.replace(hour=23)
    assert "Saturday" in asked(clock.date_today, "what day is it", now=late, zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("fri", "2026-12-04"),
        ("--11-27", "2026-11-27"),
        ("--02-29", "2028-02-29"),
        ("2030-05-06", "2030-05-06"),
        ("fri+1", "2026-12-04"),
        ("---27", "2026-11-27"),
        ("+1---31", "2026-12-31"),
        ("--02-30", None),
        ("---00", None),
        ("abc+1", None),
        ("+99999999999", None),
        ("someday", None),
    ],
)
def test_days_that_a_slot_means(day, found):
    assert clock.named(day, FRIDAY.date()) == (found and date.fromisoformat(found))


@given(st.integers(-(10**29), 10**29))
def test_a_result_is_said_with_all_its_digits(number):
    assert asked(sums.result, "x", value=str(number)).replace(",", "") == f"That's {number}."
    assert str(number) in asked(sums.result, "x", "zh", value=str(number))


def test_results_of_sums():
    assert asked(sums.result, "x", value="1234567.5") == "That's 1,234,567.5."
    assert asked(sums.result, "x", value="-0.25") == "That's -0.25."
    assert asked(sums.result, "x", value="3.5", unit="ounces") == "That's 3.5 ounces."
    assert asked(sums.result, "x", value="68", unit="f") == "That's 68 degrees Fahrenheit."
    assert asked(sums.result, "x", "zh", value="600", unit="克") == "等于600克。"
    assert "no result" in asked(sums.result, "x")
    assert "没有" in asked(sums.result, "x", "zh")
