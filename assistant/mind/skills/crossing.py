"""Says what was read in one language in words that the reader of the other one knows."""

import functools
import re
from collections.abc import Mapping

from assistant.mind.skills import places_en, places_zh
from assistant.mind.skills.skill import Slot

_UNITS = ((3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))
_NEAR = {"+0": ("今天", "today"), "+1": ("明天", "tomorrow"), "+2": ("后天", "day after tomorrow")}
_WEEK = {"mon": ("一", "monday"), "tue": ("二", "tuesday"), "wed": ("三", "wednesday"),
         "thu": ("四", "thursday"), "fri": ("五", "friday"), "sat": ("六", "saturday"),
         "sun": ("日", "sunday")}  # fmt: skip
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_REPEATS = {"daily": ("每天", "every day"), "weekdays": ("工作日", "every weekday"),
            "weekends": ("每周末", "every weekend")}  # fmt: skip
_DATE = re.compile(r"(?:(?P<year>\d{4})|-)-(?P<month>\d\d)-(?P<day>\d\d)")


def words(kind: str, value: Slot, language: str) -> str:
    """Return how `value`, of one of `reading.KINDS`, is said in `en` or `zh`; "": there is no way.

    In the clean form of that language, and so that its reader finds the same value.
    """
    chinese = language == "zh"
    match kind:
        case "duration":
            return _span(int(value), chinese)
        case "time":
            return str(value)
        case "day":
            return _day(str(value), chinese)
        case "repeat":
            return _repeat(str(value), chinese)
        case "number":
            return str(value)
        case "percent":
            return f"{value}%" if chinese else f"{value} percent"
        case "place":
            return _names(chinese).get(str(value), "")
    return ""


def _span(seconds: int, chinese: bool) -> str:
    parts = []
    for unit, zh, en in _UNITS:
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{zh}" if chinese else f"{number} {en}{'s' * (number > 1)}")
    return "".join(parts) if chinese else " ".join(parts)


def _day(day: str, chinese: bool) -> str:
    if day in _NEAR:
        return _NEAR[day][0 if chinese else 1]
    if day in _WEEK:
        zh, en = _WEEK[day]
        return f"周{zh}" if chinese else en
    if date := _DATE.fullmatch(day):
        year, month, number = date["year"], int(date["month"]), int(date["day"])
        if chinese:
            return f"{year}年{month}月{number}日" if year else f"{month}月{number}日"
        return f"{_MONTHS[month - 1]} {number}" + (f" {year}" if year else "")
    return ""


def _repeat(repeat: str, chinese: bool) -> str:
    if repeat in _REPEATS:
        return _REPEATS[repeat][0 if chinese else 1]
    days = [_WEEK[day] for day in repeat.split(",")]
    if chinese:
        return "每" + "和".join(f"周{zh}" for zh, _ in days)
    return "every " + " and ".join(en for _, en in days)


@functools.cache
def _names(chinese: bool) -> Mapping[str, str]:
    """Return one name of a place in each zone: the time is the same in all of them."""
    zones = (places_zh if chinese else places_en).zones()
    return {zone: name for name, zone in reversed(zones.items())}
