"""Which of several things that ring is meant."""

import re

from assistant.mind.skills import telling
from assistant.mind.skills.skill import WHICH, Answer, Context, Lacking, Request
from assistant.store import Ring

FORGETFUL = {
    "en": "But I cannot write it down: it is lost if the power goes.",
    "zh": "不过我没法保存，断电就会丢失。",
}
_NONE = {
    "timer": ("No timer runs.", "没有计时器在走。"),
    "alarm": ("No alarm is set.", "没有设闹钟。"),
    "reminder": ("There is no reminder.", "没有提醒。"),
}
_ANY_TIMER = {"egg", "kitchen", "cooking"}
"""Where nothing is called so, these are but words for a timer: "set an egg timer" names none."""
_NO_WORD = re.compile(r"[\W_]+")


def number(request: Request, slot: str) -> float | None:
    """Return a slot as a number; None: it is absent, or none."""
    value = request.slots.get(slot)
    return float(value) if isinstance(value, int | float) else None


def several(
    request: Request, context: Context, kind: str, *, by_length: bool = True
) -> list[Ring] | Answer:
    """Return what the slots `name` or `message`, `time`, `duration_s` mean, without them all.

    The slot `ids` names them. An answer where there is none.
    """
    zh = request.language == "zh"
    rings = context.alarms.of(kind)
    if ids := str(request.slots.get("ids", "")):
        rings = [ring for ring in rings if str(ring.id) in ids.split(",")]
    if not rings:
        return Answer(_NONE[kind][zh])
    if ids:
        return rings
    wanted = rings
    name = str(request.slots.get("name", "") or request.slots.get("message", ""))
    if name:
        exact = [ring for ring in rings if _bare(ring.name) == _bare(name)]
        wanted = exact or [ring for ring in rings if _bare(name) in _bare(ring.name)]
        if not wanted and name.casefold() in _ANY_TIMER:
            wanted = [ring for ring in rings if not ring.name]
    if by_length and (seconds := number(request, "duration_s")) is not None:
        wanted = [ring for ring in wanted if ring.seconds == seconds]
    if clock := str(request.slots.get("time", "")):
        hour, minute = int(clock[:2]), clock[2:]
        same = (clock, f"{(hour + 12) % 24:02}{minute}")  # "my seven o'clock" may be the evening's
        wanted = [ring for ring in wanted if ring.clock == same[0]] or [
            ring for ring in wanted if ring.clock == same[1]
        ]
    if wanted:
        return wanted
    there = telling.listed([telling.called(ring, request.language) for ring in rings[:5]], "zh")
    if zh:
        return Answer(f"没有这一个。现在有：{there}。")
    there = telling.listed([telling.called(ring, "en") for ring in rings[:5]], "en")
    return Answer(f"There is none like that. There is: {there}.")


def choose(
    request: Request, context: Context, kind: str, *, by_length: bool = True
) -> list[Ring] | Answer:
    """Return the one that is meant, or all where the slot `all` says so; an answer: ask."""
    chosen = several(request, context, kind, by_length=by_length)
    if isinstance(chosen, Answer) or len(chosen) == 1 or request.slots.get("all"):
        return chosen
    lacks = Lacking(request, WHICH, tuple(chosen))
    if request.language == "zh":
        names = "、".join(told(ring, context, "zh") for ring in chosen[:5])
        return Answer(f"有{len(chosen)}个：{names}。要哪一个，还是全部？", lacks=lacks)
    names = telling.listed([told(ring, context, "en") for ring in chosen[:5]], "en")
    return Answer(f"There are {len(chosen)}: {names}. Which one, or all of them?", lacks=lacks)


def told(ring: Ring, context: Context, language: str) -> str:
    """A thing by its name and what tells it from others of this name."""
    name = telling.called(ring, language)
    if ring.clock:
        when = telling.planned(ring, context.alarms.now(), language)
        return f"{when}的{name}" if language == "zh" else f"the {name} {when}"
    length = telling.span(ring.seconds, language)
    if not ring.name:
        return f"{name}" if language == "zh" else f"the {name}"
    return f"{length}的{name}" if language == "zh" else f"the {name} of {length}"


def _bare(text: str) -> str:
    return _NO_WORD.sub("", text.casefold())
