"""How well tools are chosen for requests that no sentence of a skill matches, and what it costs."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from assistant.bench import skills
from assistant.bench.skills import NONE, Request
from assistant.config import Config
from assistant.mind.knowledge.meaning import E5
from assistant.mind.llama import LlamaModel
from assistant.mind.model import GuestModel
from assistant.mind.skills.book import Book
from assistant.mind.skills.skill import Request as Found
from assistant.mind.tools.deciding import Decider, How
from assistant.mind.tools.tools import deciding
from assistant.models import Shelf

HELD_OUT = Path(str(resources.files("assistant"))) / "data" / "tools-held-out.jsonl"
"""Labelled requests that were written before the tools, and not looked at since."""
THRESHOLDS = (0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7)


@dataclass(frozen=True, slots=True)
class Told:
    """What was made of one request."""

    request: Request
    margin: float
    nearest: Found | None
    """The call of the nearest tool."""
    chosen: Found | None
    """The call that the model chose; both are None below the least of `THRESHOLDS`."""
    candidates_s: float
    nearest_s: float
    """What the nearest call took besides: where it has words, the model is asked for them."""
    model_s: float
    """What the model took to choose."""


def run(config: Config, file: Path | None, *, compare: bool = True) -> dict[str, Any]:
    """Measure with the set in `file`, or the held-out one, which nobody shall see.

    With `compare` all ways to choose are measured, without only that of the settings.

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
            config.tools.choose,
            get_args(How) if compare else [config.tools.choose],
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
    how: How,
    compared: Sequence[How],
) -> dict[str, Any]:
    """Choose for each request that the book does not `match`; return the shares, see docs/tools.md.

    `right_call` counts the requests for a tool, right when tool and slots are; `false_call` those
    that are `none`. Both are those of `threshold` and `how`.
    """
    left = [each for each in requests if match[each.language](each.text) is None]
    languages = sorted({each.language for each in left})
    told = []
    for language in languages:  # one after the other: the tools stay read
        model.warm([deciders[language].system])
        told += [
            _told(x, deciders[language], model, compared) for x in left if x.language == language
        ]
    times = sorted(_seconds(each, threshold, how) for each in told)
    return {
        **shares(told, threshold, how),
        "languages": {
            language: shares([x for x in told if x.request.language == language], threshold, how)
            for language in languages
        },
        "decision_s": round(statistics.median(times), 3),
        "decision_p90_s": round(times[int(len(times) * 0.9)], 3),
        "asked_s": round(statistics.median([x.model_s for x in told if x.model_s] or [0.0]), 3),
        "requests": len(told),
        "matched_by_sentences": len(requests) - len(left),
        "how": how,
        "threshold": threshold,
        "curve": {
            each: [{"threshold": at, **shares(told, at, each)} for at in THRESHOLDS]
            for each in compared
        },
        "wrong": [_wrong(x, threshold, how) for x in told if not _right(x, threshold, how)],
    }


def shares(told: Sequence[Told], threshold: float, how: How) -> dict[str, float]:
    """Return the shares at a threshold, and the median time of a decision in s."""
    calls = [each for each in told if each.request.intent != NONE]
    none = [each for each in told if each.request.intent == NONE]
    return {
        "right_call": _share([_right(each, threshold, how) for each in calls]),
        "right_tool": _share(
            [_intent(_found(each, threshold, how)) == each.request.intent for each in calls]
        ),
        "no_call": _share([_found(each, threshold, how) is None for each in calls]),
        "false_call": _share([_found(each, threshold, how) is not None for each in none]),
        "asked_for_none": _share([_asked(each, threshold) for each in none]),
        "seconds": round(
            statistics.median([_seconds(x, threshold, how) for x in told] or [0.0]), 3
        ),
    }


def drawn(result: Mapping[str, Any]) -> str:
    """Return the curve for a terminal: a line for each threshold, right and false calls."""
    lines = ["threshold" + "".join(f"{how:>17}" for how in result["curve"])]
    for at in zip(*result["curve"].values(), strict=True):
        shown = (f"{each['right_call']:9.1%} {each['false_call']:7.1%}" for each in at)
        lines.append(f"{at[0]['threshold']:9.2f}{''.join(shown)}")
    return "\n".join(lines)


def _told(request: Request, decider: Decider, model: GuestModel, compared: Sequence[How]) -> Told:
    began = time.perf_counter()
    found = decider.candidates(request.text)
    candidates_s = time.perf_counter() - began
    if found.margin < min(THRESHOLDS):  # to ask the model for all of them takes an hour
        return Told(request, found.margin, None, None, candidates_s, 0.0, 0.0)
    began = time.perf_counter()
    nearest = decider.nearest(found, model)
    nearest_s = time.perf_counter() - began
    began = time.perf_counter()
    chosen = decider.ask(found, model) if {"model", "both"} & {*compared} else None
    model_s = time.perf_counter() - began
    return Told(request, found.margin, nearest, chosen, candidates_s, nearest_s, model_s)


def _asked(told: Told, threshold: float) -> bool:
    return told.margin >= threshold


def _found(told: Told, threshold: float, how: How) -> Found | None:
    if not _asked(told, threshold):
        return None
    if how == "both":
        return told.chosen if _intent(told.nearest) == _intent(told.chosen) else None
    return told.nearest if how == "meaning" else told.chosen


def _seconds(told: Told, threshold: float, how: How) -> float:
    if not _asked(told, threshold):
        return told.candidates_s
    return told.candidates_s + (told.nearest_s if how == "meaning" else told.model_s)


def _intent(found: Found | None) -> str:
    return found.intent if found else NONE


def _right(told: Told, threshold: float, how: How) -> bool:
    found = _found(told, threshold, how)
    return not skills.measure([told.request], {told.request.language: lambda _: found})["wrong"]


def _share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4) if of else 0.0


def _wrong(told: Told, threshold: float, how: How) -> dict[str, Any]:
    found = _found(told, threshold, how)
    return {
        "text": told.request.text,
        "intent": told.request.intent,
        "slots": told.request.slots,
        "found": _intent(found),
        "found_slots": dict(found.slots) if found else {},
        "margin": round(told.margin, 3),
    }
