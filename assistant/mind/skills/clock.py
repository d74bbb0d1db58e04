"""The clock time, here or elsewhere, and the calendar: which day it is, how long until one."""

import re
import string
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.mind.skills import feasts, places_en, places_zh, telling
from assistant.mind.skills.feasts import FEASTS
from assistant.mind.skills.moments import DAYS, dates
from assistant.mind.skills.skill import Answer, Context, Request

_HAN_DAYS = "一二三四五六日"
_UNTIL = re.compile(
    r"\b(?:how (?:many|long|far)|days|weeks|sleeps|until|till)\b|还[有剩差要得]|离|距"
    r"|多久|几天|多少天"
)
_IS_TODAY = re.compile(r"(?:um |uh |so )?(?:is it|is today)\b|今天是不是")
_WEEKS = re.compile(r"\bweeks\b|几个?(?:星期|礼拜|周)|多少个?(?:星期|礼拜|周)")
_PAST = re.compile(r"\b(?:was|were|did)\b|\blast year\b|去年")
_OF_LAST_YEAR = re.compile(r"\blast year\b|去年")
_OF_THIS_YEAR = re.compile(r"\bthis year\b|今年")
_OF_NEXT_YEAR = re.compile(r"\bnext year\b|明年")
_AWAY = (
    (re.compile(r"\bday before yesterday\b|前天"), -2),
    (re.compile(r"\byesterday\b|昨[天儿日]"), -1),
    (re.compile(r"\bday after tomorrow\b|后天"), 2),
    (re.compile(r"\btomorrow\b|明[天儿日]"), 1),
)


def time_now(request: Request, context: Context) -> Answer | None:
    """Say the time, in the slot `zone` where one was named."""
    now = _there(request, context)
    if now is None:
        return None
    language, zone = request.language, str(request.slots.get("zone", ""))
    said = telling.clock(now.hour, now.minute, language)
    here = context.now().date()
    day = telling.on_day(now.date(), here, language) if now.date() != here else ""
    place = _place(request.text, zone, language) if zone else ""
    if language == "zh":
        return Answer(f"{place}现在是{day}{said}。")
    where = f" in {place}" if place else ""
    return Answer(f"It's {said}{f' {day}' if day else ''}{where}.")


def _place(text: str, zone: str, language: str) -> str:
    """Return what the place was called, or what its zone is named after."""
    zones = places_zh.zones() if language == "zh" else places_en.zones()
    if zone == "UTC":
        return zone
    said = " ".join(text.lower().split())
    if named := [name for name, its in zones.items() if its == zone and name in said]:
        name = max(named, key=len)
        return name if language == "zh" else string.capwords(name)
    return "那里" if language == "zh" else zone.split("/")[-1].replace("_", " ")


def date_today(request: Request, context: Context) -> Answer | None:
    """Say which day it is, on which weekday the slot `day` falls, or how far away it is."""
    now = _there(request, context)
    if now is None:
        return None
    today, language = now.date(), request.language
    text = request.text.lower()
    slot = str(request.slots.get("day", ""))
    if slot:
        day = named(slot, today)
        if day and (slot in FEASTS or re.match("--(?!-)", slot)):
            day = _of_year(slot, day, today, text)
        if day is None:
            return None
        if _UNTIL.search(text):
            return Answer(_until(day, today, text, language))
        if _IS_TODAY.match(text):
            return Answer(_full(today, language, _LEADS[language][0]))
        return Answer(_full(day, language, "" if language == "zh" else "That's"))
    if _UNTIL.search(text) and not re.search(r"\bday is it\b", text):
        return None
    away = next((days for pattern, days in _AWAY if pattern.search(text)), 0)
    return Answer(_full(today + timedelta(away), language, _LEADS[language][away]))


_LEADS = {
    "en": {
        -2: "The day before yesterday was", -1: "Yesterday was", 0: "It's",
        1: "Tomorrow is", 2: "The day after tomorrow is",
    },
    "zh": {-2: "前天是", -1: "昨天是", 0: "今天是", 1: "明天是", 2: "后天是"},
}  # fmt: skip


def named(day: str, today: date) -> date | None:
    """Return the day that a slot means, see `reading.KINDS`; None where there is none."""
    if day in DAYS:
        return today + timedelta((DAYS.index(day) - today.weekday() - 1) % 7 + 1)
    try:
        return next(dates(day, "", today), None)
    except (ValueError, OverflowError):
        return None


def _of_year(slot: str, day: date, today: date, text: str) -> date | None:
    """Return the day, the next one so far, in the year that is meant; None: it has none."""
    year = day.year
    if _OF_LAST_YEAR.search(text):
        year = today.year - 1
    elif _OF_NEXT_YEAR.search(text):
        year = today.year + 1
    elif _OF_THIS_YEAR.search(text):
        year = today.year
    elif _PAST.search(text) and day > today:
        year -= 1
    try:
        return feasts.of_year(slot, year) if slot in FEASTS else day.replace(year=year)
    except ValueError:  # the 29th of February, a year that no table knows
        return None


def _there(request: Request, context: Context) -> datetime | None:
    now, zone = context.now(), str(request.slots.get("zone", ""))
    if not zone:
        return now
    try:
        return now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _full(day: date, language: str, lead: str) -> str:
    if language == "zh":
        return f"{lead}{day.year}年{day.month}月{day.day}日，星期{_HAN_DAYS[day.weekday()]}。"
    return f"{lead} {day:%A}, {day:%B} {day.day}, {day.year}."


def _until(day: date, today: date, text: str, language: str) -> str:
    days = (day - today).days
    weeks = bool(_WEEKS.search(text)) and abs(days) >= 7
    if language == "zh":
        if days == 0:
            return "就是今天。"
        count = f"{abs(days) // 7}周" if weeks else f"{abs(days)}天"
        if weeks and days % 7:
            count += f"零{abs(days) % 7}天"
        return f"还有{count}。" if days > 0 else f"已经过去{count}了。"
    if days == 0:
        return "That is today."
    parts = [(abs(days) // 7, "week"), (abs(days) % 7, "day")] if weeks else [(abs(days), "day")]
    count = " and ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n)
    return f"It's {count} until then." if days > 0 else f"That was {count} ago."
