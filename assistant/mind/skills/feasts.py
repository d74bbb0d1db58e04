"""Days that move from year to year: Easter and what hangs on it, Thanksgiving, Chinese feasts."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta


def _easter(away: int) -> Callable[[int], date]:
    return lambda year: easter(year) + timedelta(days=away)


def _lunar(month: int, day: int, away: int = 0) -> Callable[[int], date]:
    """A day of the Chinese calendar whose year begins in `year`; `away` days from it."""

    def of(year: int) -> date:
        from borax.calendars.lunardate import LunarDate

        found: date = LunarDate(year, month, day).to_solar_date()
        return found + timedelta(days=away)

    return of


def _term(name: str) -> Callable[[int], date]:
    """A solar term (节气) of `year`."""

    def of(year: int) -> date:
        from borax.calendars.lunardate import TermUtils

        found: date = TermUtils.nth_term_day(year, TermUtils.name2index(name))
        return found

    return of


def _thanksgiving(year: int) -> date:
    """The fourth Thursday of November, as in the United States."""
    return date(year, 11, 22 + (3 - date(year, 11, 22).weekday()) % 7)


def easter(year: int) -> date:
    """Return the Easter Sunday of the western churches, after 1582.

    By Meeus, Jones and Butcher (Jean Meeus: Astronomical Algorithms, 2nd edition, chapter 8).
    """
    century, rest = divmod(year, 100)
    golden = year % 19
    leap, leap_rest = divmod(century, 4)
    moved = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - moved + 15) % 30
    week = (32 + 2 * leap_rest + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


FEASTS: dict[str, Callable[[int], date]] = {
    "easter": _easter(0),
    "good-friday": _easter(-2),
    "easter-monday": _easter(1),
    "pentecost": _easter(49),
    "thanksgiving": _thanksgiving,
    "lunar-new-year": _lunar(1, 1),
    "lunar-new-year-eve": _lunar(1, 1, -1),
    "lantern": _lunar(1, 15),
    "qingming": _term("清明"),
    "dragon-boat": _lunar(5, 5),
    "qixi": _lunar(7, 7),
    "mid-autumn": _lunar(8, 15),
    "double-ninth": _lunar(9, 9),
    "winter-solstice": _term("冬至"),
    "laba": _lunar(12, 8),
}
"""The date of each in a year; Chinese ones up to 2099."""


def of_year(name: str, year: int) -> date:
    """Return the date of a feast in the calendar's `year`; `laba` is often in January.

    Raises `KeyError`: there is no such feast; `ValueError`: the tables do not know the year.
    """
    for lunar in (year, year - 1):
        if (found := FEASTS[name](lunar)).year == year:
            return found
    return FEASTS[name](year)


def coming(name: str, today: date) -> Iterator[date]:
    """Yield the dates of a feast from `today` on, for two years."""
    every = (FEASTS[name](year) for year in range(today.year - 1, today.year + 3))
    return (found for found in every if found >= today)
