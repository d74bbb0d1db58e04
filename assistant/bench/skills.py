"""How well the skills know what is meant for them, and what is not."""

import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.bench import sets
from assistant.mind.skills.skill import Request as Found
from assistant.mind.skills.skill import Slot

HELD_OUT = Path(str(resources.files("assistant"))) / "data" / "skills-held-out.jsonl"
"""Labelled requests that were not looked at while the sentences were written."""
FORM = '{"text": "...", "language": "en" or "zh", "intent": "timer_set", "slots": {...}}'
NONE = "none"
FREE = ("name", "message", "word")
"""Slots that are compared by their words, without case and punctuation."""
SLOTS = (*FREE, "duration_s", "time", "value", "zone", "language", "all")
"""What is labelled; a skill may find more, such as the day."""


class Request(BaseModel):
    """One line of a set."""

    model_config = ConfigDict(frozen=True)
    text: str = Field(min_length=1)
    language: Literal["en", "zh"]
    intent: str
    slots: dict[str, str | int | float | bool] = {}


def read(file: Path) -> list[Request]:
    """Read a labelled set. Raises `BadInput`."""
    return sets.read(file, Request, FORM)


def measure(
    requests: Sequence[Request], match: Mapping[str, Callable[[str], Found | None]]
) -> dict[str, Any]:
    """Look for each request by the `match` of its language; return the shares, see docs/skills.md.

    `intent_accuracy` counts all requests, `none` included; `slot_accuracy` those of which the
    intent was found, right when every slot is; `false_take_rate` those that are `none`. `intents`
    has how many requests of each intent there are, and of how many it was found.
    """
    found: list[Found | None] = []
    times: list[float] = []
    for language in sorted({each.language for each in requests}):  # the first one pays for loading
        match[language]("")
    for request in requests:
        began = time.perf_counter()
        found.append(match[request.language](request.text))
        times.append(time.perf_counter() - began)
    told = list(zip(requests, found, strict=True))
    languages = sorted({each.language for each in requests})
    return {
        **_shares(told),
        "languages": {
            language: _shares([each for each in told if each[0].language == language])
            for language in languages
        },
        "intents": {
            intent: [sum(_intent(found) == intent for found in each), len(each)]
            for intent, each in _by_intent(told).items()
        },
        "decision_s": round(statistics.median(times), 5),
        "decision_p90_s": round(sorted(times)[int(len(times) * 0.9)], 5),
        "requests": len(requests),
        "wrong": [_wrong(*each) for each in told if not _right(*each)],
    }


def _shares(told: Sequence[tuple[Request, Found | None]]) -> dict[str, float]:
    known = [each for each in told if each[0].intent != NONE and _intent(each[1]) == each[0].intent]
    none = [found for request, found in told if request.intent == NONE]
    return {
        "intent_accuracy": _share([_intent(found) == each.intent for each, found in told]),
        "slot_accuracy": _share([_right(*each) for each in known]),
        "false_take_rate": _share([found is not None for found in none]),
    }


def _by_intent(told: Sequence[tuple[Request, Found | None]]) -> dict[str, list[Found | None]]:
    found: dict[str, list[Found | None]] = {}
    for request, each in sorted(told, key=lambda one: one[0].intent):
        found.setdefault(request.intent, []).append(each)
    return found


def _share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4) if of else 0.0


def _intent(found: Found | None) -> str:
    return found.intent if found else NONE


def _right(request: Request, found: Found | None) -> bool:
    if _intent(found) != request.intent:
        return False
    return _slots(request.slots) == _slots(found.slots if found else {})


def _slots(slots: Mapping[str, Slot]) -> dict[str, str]:
    return {name: _plain(name, value) for name, value in slots.items() if name in SLOTS}


def _plain(name: str, value: Slot) -> str:
    if name not in FREE:
        return f"{value:g}" if isinstance(value, float) else str(value)
    words = " ".join(re.sub(r"[^\w\s]", " ", str(value).lower()).split())
    return re.sub(r" ?([\u3400-\u9fff]) ?", r"\1", words)


def _wrong(request: Request, found: Found | None) -> dict[str, Any]:
    return {
        "text": request.text,
        "intent": request.intent,
        "slots": request.slots,
        "found": _intent(found),
        "found_slots": _slots(found.slots) if found else {},
    }
