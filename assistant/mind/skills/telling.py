"""How spans, clock times, days and what has rung are said, in English and Chinese. Pure."""

import re
from datetime import date, datetime, timedelta

from assistant.mind.skills.alarms import Rang
from assistant.mind.skills.moments import DAYS
from assistant.store import Ring

DAY_S, HOUR_S, MINUTE_S = 86400, 3600, 60
UNITS = (
    (DAY_S, "day", "天"),
    (HOUR_S, "hour", "小时"),
    (MINUTE_S, "minute", "分钟"),
    (1, "second", "秒"),
)
LATE_S = 60.0
"""From here on it is said how long ago it was."""

_DIGITS = "零一二三四五六七八九"
_NIGHT = "at night"
_HOURS_EN = ((5, _NIGHT), (12, "in the morning"), (18, "in the afternoon"), (22, "in the evening"))
_HOURS_ZH = ((5, "凌晨"), (9, "早上"), (11, "上午"), (13, "中午"), (18, "下午"))
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REPEATS = {
    "en": {"daily": "every day", "weekdays": "on weekdays", "weekends": "at weekends"},
    "zh": {"daily": "每天", "weekdays": "每个工作日", "weekends": "每个周末"},
}
_KINDS = {
    "en": {"timer": "timer", "alarm": "alarm", "reminder": "reminder"},
    "zh": {"timer": "计时器", "alarm": "闹钟", "reminder": "提醒"},
}


def listed(parts: list[str], language: str) -> str:
    """Return several things as one phrase; `parts` has one at the least."""
    if language == "zh":
        return "、".join(parts)
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def chinese(number: int, *, counts: bool = False) -> str:
    """Return a number below 100 in Chinese, as one `counts` (两) or reads it; others as digits."""
    if not 0 <= number < 100:
        return str(number)
    if counts and number == 2:
        return "两"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def span(seconds: float, language: str, *, rough: bool = False) -> str:
    """Return a span of whole s, "1 hour and 5 minutes"; `rough`: only its two greatest units."""
    left = max(0, round(seconds))
    parts = []
    for size, english, han in UNITS:
        count, left = divmod(left, size)
        if not count:
            continue
        if language == "zh":
            parts.append(chinese(count, counts=True) + han)
        else:
            parts.append(f"{count} {english}{'s' if count > 1 else ''}")
    parts = (parts or ["零秒" if language == "zh" else "0 seconds"])[: 2 if rough else None]
    return "".join(parts) if language == "zh" else listed(parts, "en")


def clock(hour: int, minute: int, language: str) -> str:
    """Return a time of the day."""
    if language == "zh":
        part = next((word for end, word in _HOURS_ZH if hour < end), "晚上")
        read = chinese(hour % 12 or (12 if hour else 0), counts=True)
        if minute == 0:
            return f"{part}{read}点"
        if minute == 30:
            return f"{part}{read}点半"
        return f"{part}{read}点{'零' if minute < 10 else ''}{chinese(minute)}分"
    if minute == 0 and hour in (0, 12):
        return "noon" if hour else "midnight"
    part = next((word for end, word in _HOURS_EN if hour < end), _NIGHT)
    return f"{hour % 12 or 12}{f':{minute:02}' if minute else ''} {part}"


def clock_of(text: str, language: str) -> str:
    """Return `HH:MM` as it is said."""
    hour, minute = text.split(":")
    return clock(int(hour), int(minute), language)


def on_day(day: date, today: date, language: str) -> str:
    """Return a day as seen from today: "tomorrow", "on Monday", "on 3 June"."""
    away = (day - today).days
    if language == "zh":
        if away in (-1, 0, 1, 2):
            return ("昨天", "今天", "明天", "后天")[away + 1]
        if 0 < away < 7:
            return f"星期{'一二三四五六日'[day.weekday()]}"
        year = "" if day.year == today.year else f"{day.year}年"
        return f"{year}{chinese(day.month)}月{chinese(day.day)}号"
    if away in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[away + 1]
    if 0 < away < 7:
        return f"on {_DAYS_EN[day.weekday()]}"
    return f"on {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def repeated(repeat: str, language: str) -> str:
    """Return on which days it is again and again."""
    if repeat in _REPEATS[language]:
        return _REPEATS[language][repeat]
    days = [DAYS.index(each) for each in repeat.split(",")]
    if language == "zh":
        return "每周" + "、".join("一二三四五六日"[each] for each in days)
    return "every " + listed([_DAYS_EN[each] for each in days], "en")


def moment(at: datetime, now: datetime, language: str) -> str:
    """Return day and time of what is set for `at`."""
    day = on_day(at.date(), now.date(), language)
    said = clock(at.hour, at.minute, language)
    return f"{day}{said}" if language == "zh" else f"{day} at {said}"


def planned(ring: Ring, now: datetime, language: str) -> str:
    """Return when something with a clock time rings."""
    if ring.repeat:
        days, said = repeated(ring.repeat, language), clock_of(ring.clock, language)
        return f"{days}{said}" if language == "zh" else f"{days} at {said}"
    return moment(datetime.fromtimestamp(ring.at, now.tzinfo), now, language)


def called(ring: Ring, language: str) -> str:
    """Return what a thing that rings is called: "pasta timer"."""
    kind = _KINDS[language][ring.kind]
    if language == "zh":
        if ring.name and ring.kind == "reminder":
            return f"提醒“{ring.name}”"
        return f"{ring.name}的{kind}" if ring.name else _length(ring, language) + kind
    if ring.name and ring.kind == "reminder":
        return f"reminder to “{ring.name}”"
    return f"{ring.name} {kind}" if ring.name else _length(ring, language) + kind


def _length(ring: Ring, language: str) -> str:
    """A timer without a name is known by its length."""
    if ring.kind != "timer":
        return ""
    said = span(ring.seconds, language)
    if language == "zh":
        return f"{said}的"
    return re.sub(r"(\d+) (\w+?)s?(?: and|,|$)", r"\1-\2", said) + " "


def rang(each: Rang, now: datetime) -> str:
    """Return the sentence that is said when something rings, in the language it was asked in."""
    ring, language = each.ring, each.ring.language
    chinese_too = language == "zh"
    if ring.kind == "reminder" and ring.name:
        said = f"提醒你：{ring.name}。" if chinese_too else f"Reminder: {ring.name}."
    elif ring.kind == "timer":
        name = called(ring, language)
        said = f"{name}到时间了。" if chinese_too else f"The {name} is done."
    else:
        name, time = called(ring, language), clock(now.hour, now.minute, language)
        said = f"{name}。现在{time}。" if chinese_too else f"{_upper(name)}. It is {time}."
    if each.missed:
        return _missed(each, now)
    if each.late < LATE_S:
        return said
    ago = span(each.late, language, rough=True)
    return f"{said}这是{ago}前的。" if chinese_too else f"{said} That was {ago} ago."


def _missed(each: Rang, now: datetime) -> str:
    ring, language = each.ring, each.ring.language
    at = moment(now - timedelta(seconds=each.late), now, language)
    name = called(ring, language)
    return f"错过了{at}的{name}。" if language == "zh" else f"I missed the {name} of {at}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
