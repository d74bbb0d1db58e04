"""Alarms and reminders: what rings at a time of the day, or after a span."""

import re
from dataclasses import replace
from datetime import datetime

from assistant.mind.skills import telling
from assistant.mind.skills.alarms import Refusal
from assistant.mind.skills.choosing import FORGETFUL, number, several
from assistant.mind.skills.countdowns import LISTED, cancel, refused
from assistant.mind.skills.moments import next_moment
from assistant.mind.skills.skill import Answer, Context, Lacking, Request
from assistant.store import Ring

_EARLY = re.compile(
    r"\b(?:a\.?\s?m\.?|morning|midnight|night|dawn|wake|get\s+(?:me\s+)?up|0\d)\b"
    r"|早|上午|凌晨|清晨|半夜|夜|起床|叫醒|叫我起|0\d"
)
"""Words after which an hour up to 11 is that of the morning."""
SMALL_HOURS = 5
"""Nobody is reminded at five at night without saying so."""


def alarm_set(request: Request, context: Context) -> Answer | None:
    """Ring at `time`, on `day` or again and again (`repeat`), or in `duration_s`."""
    return _set(request, context, "alarm", str(request.slots.get("name", "")))


def alarm_status(request: Request, context: Context) -> Answer | None:
    """Tell which alarms are set."""
    return _status(request, context, "alarm")


def alarm_cancel(request: Request, context: Context) -> Answer | None:
    """Cancel the alarm that is meant, or all."""
    return cancel(request, context, "alarm")


def reminder_set(request: Request, context: Context) -> Answer | None:
    """Say `message` at `time`, on `day` or again and again (`repeat`), or in `duration_s`."""
    return _set(request, context, "reminder", str(request.slots.get("message", "")))


def reminder_status(request: Request, context: Context) -> Answer | None:
    """Tell what there is to be reminded of."""
    return _status(request, context, "reminder")


def reminder_cancel(request: Request, context: Context) -> Answer | None:
    """Cancel the reminder that is meant, or all."""
    return cancel(request, context, "reminder")


def _set(request: Request, context: Context, kind: str, name: str) -> Answer:
    zh = request.language == "zh"
    if "time" in request.slots:
        return _at(request, context, kind, name)
    day, now = str(request.slots.get("day", "")), context.alarms.now()
    if day and next_moment("23:59", day, "", now) is None:
        return refused(Refusal.PAST, request.language)
    seconds = number(request, "duration_s")
    if seconds is None:
        return Answer(_asked(request, kind, zh), lacks=Lacking(request, "time"))
    if reason := context.alarms.refuses(kind, seconds):
        return refused(Refusal.PAST if reason is Refusal.ZERO else reason, request.language)
    said = telling.span(seconds, request.language)

    def act() -> str | None:
        context.alarms.count_down(kind, seconds, name, request.language)
        return None if context.alarms.remembers else FORGETFUL[request.language]

    return Answer(_spoken_back(kind, name, f"{said}后" if zh else f"in {said}", zh), act)


def _asked(request: Request, kind: str, zh: bool) -> str:
    if request.slots.keys() & {"day", "repeat"}:
        return "几点？" if zh else "At what time?"
    if kind == "alarm":
        return "闹钟要几点响？" if zh else "An alarm for what time?"
    return "什么时候提醒你？" if zh else "When shall I remind you?"


def _at(request: Request, context: Context, kind: str, name: str) -> Answer:
    if reason := context.alarms.refuses(kind):
        return refused(reason, request.language)
    day, repeat = str(request.slots.get("day", "")), str(request.slots.get("repeat", ""))
    now = context.alarms.now()
    clock = _meant(request, kind, day, repeat, now)
    moment = next_moment(clock, day, repeat, now)
    if moment is None:
        return refused(Refusal.PAST, request.language)
    if not repeat:
        day = moment.date().isoformat()  # midnight may pass before it is done
    ring = Ring(kind, name, clock=clock, day=day, repeat=repeat, at=moment.timestamp())

    def act() -> str | None:
        if not context.alarms.at(kind, clock, day, repeat, name, request.language):
            return refused(Refusal.PAST, request.language).text
        return None if context.alarms.remembers else FORGETFUL[request.language]

    when = telling.planned(ring, now, request.language)
    return Answer(_spoken_back(kind, name, when, request.language == "zh"), act)


def _meant(request: Request, kind: str, day: str, repeat: str, now: datetime) -> str:
    """Return the clock time that was meant: "at five", said at two, is five in the afternoon.

    Only where nothing said tells the half of the day, and it is spoken back.
    """
    clock = str(request.slots["time"])
    hour = int(clock[:2])
    if not 1 <= hour < 12 or _EARLY.search(request.text.lower()):
        return clock
    later = f"{hour + 12}{clock[2:]}"
    if kind == "reminder" and hour <= SMALL_HOURS:
        return later
    if repeat or day not in ("", "+0"):
        return clock
    over = next_moment(clock, "+0", "", now) is None
    return later if over and next_moment(later, "+0", "", now) else clock


def _spoken_back(kind: str, name: str, when: str, zh: bool) -> str:
    if zh:
        if kind == "reminder":
            return f"好的，{when}提醒你{f'：{name}' if name else ''}。"
        return f"好的，{f'{name}的' if name else ''}闹钟，{when}响。"
    if kind == "reminder":
        return f"All right, I remind you {when}{f': {name}' if name else ''}."
    return f"{f'{name[:1].upper()}{name[1:]} alarm' if name else 'Alarm'} {when}."


def _status(request: Request, context: Context, kind: str) -> Answer:
    chosen = several(request, context, kind)
    if isinstance(chosen, Answer):
        return chosen
    zh, now = request.language == "zh", context.alarms.now()
    told = []
    for ring in chosen[:LISTED]:
        at = now.timestamp() + context.alarms.left(ring)
        when = telling.planned(ring if ring.clock else replace(ring, at=at), now, request.language)
        told.append(_one(ring, when, zh))
    if (more := len(chosen) - LISTED) > 0:
        told.append(f"另外还有{more}个" if zh else f"and {more} more")
    said = "；".join(told) if zh else "; ".join(told)
    return Answer(f"{said}。" if zh else f"{said[:1].upper()}{said[1:]}.")


def _one(ring: Ring, when: str, zh: bool) -> str:
    if ring.kind == "reminder" and ring.name:
        return f"{when}：{ring.name}" if zh else f"{when}: {ring.name}"
    name = telling.called(ring, "zh" if zh else "en")
    return f"{when}有{name}" if zh else f"the {name} is {when}"
