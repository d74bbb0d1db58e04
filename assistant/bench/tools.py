"""How well tools are chosen for requests that no sentence of a skill matches, and what it costs."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from assistant.bench import skills
from assistant.bench.skills import NONE, Request
from assistant.config import Config
from assistant.mind.knowledge.meaning import E5
from assistant.mind.llama import LlamaModel
from assistant.mind.model import GuestModel
from assistant.mind.skills.book import Book
from assistant.mind.skills.skill import Request as Found
from assistant.mind.tools.deciding import Decider
from assistant.mind.tools.tools import deciding
from assistant.models import Shelf

HELD_OUT = Path(str(resources.files("assistant"))) / "data" / "tools-held-out.jsonl"
"""Labelled requests that were written before the tools, and not looked at since."""
THRESHOLDS = (0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Told:
    """What was made of one request."""

    request: Request
    margin: float
    near: Found | None
    """The call that its meaning alone gives."""
    chosen: Found | None
    """The call that the model chose."""
    near_s: float
    model_s: float
    """What the model took; 0.0: it was not asked."""


def run(config: Config, file: Path | None) -> dict[str, Any]:
    """Measure with the set in `file`, or the held-out one, which nobody shall see.

    Raises `BadInput`, `EngineMissing`.
    """
    requests = skills.read(file or HELD_OUT)
    languages = sorted({each.language for each in requests})
    books = {each: Book.load(each) for each in languages}
    path = Shelf(config.models_dir).locate(config.llm.model, "llm")
    deciders = deciding(languages, E5(), config.cache_dir)
    model = LlamaModel(path, config.llm)
    try:
        result = measure(
            requests,
            {each: book.match for each, book in books.items()},
            deciders,
            model,
            config.tools.threshold,
        )
    finally:
        model.close()
    if file is None:
        result["wrong"] = len(result["wrong"])
    return result


def measure(
    requests: Sequence[Request],
    match: Mapping[str, Callable[[str], Found | None]],
    deciders: Mapping[str, Decider],
    model: GuestModel,
    threshold: float,
) -> dict[str, Any]:
    """Choose for each request that the book does not `match`; return the shares, see docs/tools.md.

    `right_call` counts the requests for a tool, right when tool and slots are; `false_call` those
    that are `none`. Both are those of `threshold`.
    """
    left = [each for each in requests if match[each.language](each.text) is None]
    for language in sorted({each.language for each in left}):  # the first one reads the tools
        decider = deciders[language]
        model.warm([decider.system])
    told = [_told(each, deciders[each.language], model) for each in left]
    times = [each.near_s + _asked(each, threshold) * each.model_s for each in told]
    languages = sorted({each.language for each in left})
    return {
        **shares(told, threshold, "chosen"),
        "languages": {
            language: shares(
                [each for each in told if each.request.language == language], threshold, "chosen"
            )
            for language in languages
        },
        "decision_s": round(statistics.median(times), 3),
        "decision_p90_s": round(sorted(times)[int(len(times) * 0.9)], 3),
        "meaning_s": round(statistics.median([each.near_s for each in told]), 4),
        "model_s": round(statistics.median([each.model_s for each in told if each.model_s]), 3),
        "requests": len(told),
        "matched_by_sentences": len(requests) - len(left),
        "threshold": threshold,
        "curve": {
            how: [{"threshold": at, **shares(told, at, how)} for at in THRESHOLDS]
            for how in ("near", "chosen")
        },
        "wrong": [
            _wrong(each, threshold) for each in told if not _right(each, threshold, "chosen")
        ],
    }


def shares(told: Sequence[Told], threshold: float, how: str) -> dict[str, float]:
    """Return the shares at a threshold: `near`, by meaning alone; `chosen`, by the model too."""
    calls = [each for each in told if each.request.intent != NONE]
    none = [each for each in told if each.request.intent == NONE]
    return {
        "right_call": _share([_right(each, threshold, how) for each in calls]),
        "right_tool": _share(
            [_intent(_found(each, threshold, how)) == each.request.intent for each in calls]
        ),
        "no_call": _share([_found(each, threshold, how) is None for each in calls]),
        "false_call": _share([_found(each, threshold, how) is not None for each in none]),
        "none_near": _share([_asked(each, threshold) for each in none]),
    }


def drawn(result: Mapping[str, Any]) -> str:
    """Return the curve for a terminal: a line for each threshold."""
    lines = ["threshold   by meaning alone: right, false   by the model: right, false   asked"]
    for near, chosen in zip(result["curve"]["near"], result["curve"]["chosen"], strict=True):
        lines.append(
            f"{near['threshold']:9.2f}   {near['right_call']:23.1%} {near['false_call']:7.1%}"
            f"   {chosen['right_call']:19.1%} {chosen['false_call']:7.1%}"
            f"   {near['none_near']:5.1%}"
        )
    return "\n".join(lines)


def _told(request: Request, decider: Decider, model: GuestModel) -> Told:
    began = time.perf_counter()
    found = decider.candidates(request.text)
    near_s = time.perf_counter() - began
    began = time.perf_counter()
    asked = found.margin >= min(THRESHOLDS)  # below it costs minutes and tells nothing
    chosen = decider.ask(found, model) if asked else None
    model_s = time.perf_counter() - began if asked else 0.0
    return Told(request, found.margin, decider.nearest(found), chosen, near_s, model_s)


def _asked(told: Told, threshold: float) -> bool:
    return told.margin >= threshold


def _found(told: Told, threshold: float, how: str) -> Found | None:
    if not _asked(told, threshold):
        return None
    return told.near if how == "near" else told.chosen


def _intent(found: Found | None) -> str:
    return found.intent if found else NONE


def _right(told: Told, threshold: float, how: str) -> bool:
    found = _found(told, threshold, how)
    return not skills.measure([told.request], {told.request.language: lambda _: found})["wrong"]


def _share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4) if of else 0.0


def _wrong(told: Told, threshold: float) -> dict[str, Any]:
    found = _found(told, threshold, "chosen")
    return {
        "text": told.request.text,
        "intent": told.request.intent,
        "slots": told.request.slots,
        "found": _intent(found),
        "found_slots": dict(found.slots) if found else {},
        "margin": round(told.margin, 3),
    }
