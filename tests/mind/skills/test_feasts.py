"""Days that move from year to year: known dates, and how people ask for them in both languages."""

from datetime import date, datetime
from functools import cache
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import clock, feasts, moments
from assistant.mind.skills.book import Book

FRIDAY = datetime(2026, 11, 27, 15, 5, tzinfo=ZoneInfo("Europe/Berlin"))

book = cache(Book.load)


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("easter", ["1961-04-02", "2000-04-23", "2008-03-23", "2019-04-21", "2038-04-25"]),
        ("thanksgiving", ["2025-11-27", "2026-11-26", "2028-11-23"]),
        ("lunar-new-year", ["2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06"]),
        ("lunar-new-year-eve", ["2024-02-09", "2025-01-28"]),
        ("qingming", ["2024-04-04", "2025-04-04", "2026-04-05"]),
        ("dragon-boat", ["2024-06-10", "2025-05-31"]),
        ("mid-autumn", ["2024-09-17", "2025-10-06", "2026-09-25"]),
        ("winter-solstice", ["2024-12-21", "2025-12-21"]),
        ("laba", ["2025-01-07", "2026-01-26"]),
    ],
)
def test_known_dates(name, dates):
    for each in map(date.fromisoformat, dates):
        assert feasts.of_year(name, each.year) == each


@given(st.sampled_from(sorted(feasts.FEASTS)), st.dates(date(1990, 1, 1), date(2095, 1, 1)))
def test_the_next_one_is_not_over_and_less_than_two_years_away(name, today):
    found = next(moments.dates(name, "", today))
    assert 0 <= (found - today).days < 500


def test_a_year_that_no_table_knows_is_no_date():
    assert clock.named("lunar-new-year", date(2150, 1, 1)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("how many weeks until easter", "It's 17 weeks and 2 days until then."),
        ("when is easter next year", "That's Sunday, March 28, 2027."),
        ("when was easter last year", "That's Sunday, April 20, 2025."),
        ("when is chinese new year", "That's Saturday, February 6, 2027."),
        ("what date is chinese new year this year", "That's Tuesday, February 17, 2026."),
        ("how many days till chinese new year's eve", "It's 70 days until then."),
        ("how many days till new year's eve", "It's 34 days until then."),
        ("离春节还有多少天", "还有71天。"),
        ("离过年还有几天", "还有71天。"),
        ("今年中秋节是哪天", "2026年9月25日，星期五。"),
        ("明年中秋是几号", "2027年9月15日，星期三。"),
        ("端午节是星期几", "2027年6月9日，星期三。"),
    ],
)
def test_it_is_asked_for(text, said):
    request = book("en" if text.isascii() else "zh").match(text)
    assert request.intent == "date_today"
    assert clock.date_today(request, SimpleNamespace(now=lambda: FRIDAY)).text == said


@pytest.mark.parametrize(
    "text",
    [
        "清明上河图是谁画的",
        "腊八粥怎么做",
        "春节快乐",
        "easter egg recipe",
        "happy easter",
        "what is good friday",
        "what is halloween",
    ],
)
def test_who_names_a_feast_does_not_always_want_its_date(text):
    assert book("en" if text.isascii() else "zh").match(text) is None


def test_it_can_be_the_day_of_an_alarm():
    request = book("zh").match("春节早上八点叫我起床")
    assert request.slots == {"day": "lunar-new-year", "time": "08:00"}
    at = moments.next_moment("08:00", "lunar-new-year", "", FRIDAY)
    assert at.date() == date(2027, 2, 6)
