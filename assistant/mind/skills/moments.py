"""When something at a clock time, on a day or on many, is next."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from assistant.mind.skills.feasts import FEASTS, coming

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GROUPS = {"daily": DAYS, "weekdays": DAYS[:5], "weekends": DAYS[5:]}
TWO_MONTHS = 62
"""Days in which each number of a day comes up again, the 31st too."""
FAR = 8 * 366
"""Days in which each date of the calendar comes up again, the 29th of February too."""


def next_moment(clock: str, day: str, repeat: str, now: datetime) -> datetime | None:
    """Return when `clock` is next after `now`, in the zone of `now`; None: that is past, or never.

    `clock`, `day` and `repeat` are in the forms of `assistant.mind.skills.reading.KINDS`; an empty
    `day` is today or, where that is over, tomorrow. The zone of `now` must know its rules
    (`zoneinfo`): an hour that summer time leaves out is an hour later, one that comes twice is the
    first. Raises `ValueError` for other forms.
    """
    at = time.fromisoformat(clock)
    for each in dates(day, repeat, now.date()):
        moment = datetime.combine(each, at, tzinfo=now.tzinfo)
        if moment.timestamp() > now.timestamp():
            return datetime.fromtimestamp(moment.timestamp(), now.tzinfo)
    return None


def dates(day: str, repeat: str, today: date) -> Iterator[date]:
    """Yield the dates that are meant, from today on or the only one.

    Raises `ValueError`, or `OverflowError` where the calendar ends before.
    """
    if repeat:
        wanted = GROUPS.get(repeat) or repeat.split(",")
        return _following(today, {DAYS.index(each) for each in wanted}, 8)
    if not day:
        return iter((today, today + timedelta(days=1)))
    if day in DAYS:
        return _following(today, {DAYS.index(day)}, 8)
    if day in FEASTS:
        return coming(day, today)
    if re.fullmatch(r"[+-]\d{1,5}", day):
        return iter((today + timedelta(days=int(day)),))
    if match := re.fullmatch(r"([a-z]{3})\+1", day):  # weeks begin on Monday
        return iter((today + timedelta(days=7 - today.weekday() + DAYS.index(match[1])),))
    if match := re.fullmatch(r"(\+1)?---(\d\d)", day):
        return _in_month(int(match[2]), bool(match[1]), today)
    if match := re.fullmatch(r"--(\d\d)-(\d\d)", day):
        date(2000, int(match[1]), int(match[2]))  # which has all of them
        end = day.removeprefix("-")
        each = (today + timedelta(days=number) for number in range(FAR + 1))
        return (found for found in each if found.isoformat().endswith(end))
    return iter((date.fromisoformat(day),))


def _in_month(number: int, later: bool, today: date) -> Iterator[date]:
    """Yield the days with this number that come first, or that of next month."""
    date(2000, 1, number)  # which has all of them
    if later:
        following = today.replace(day=1) + timedelta(days=31)
        return iter((following.replace(day=number),))
    each = (today + timedelta(days=days) for days in range(TWO_MONTHS + 1))
    return (found for found in each if found.day == number)


def _following(today: date, weekdays: set[int], days: int) -> Iterator[date]:
    each = (today + timedelta(days=number) for number in range(days))
    return (found for found in each if found.weekday() in weekdays)
