"""How well and how quickly the router tells hard questions from simple ones."""

import statistics
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from assistant.bench import sets
from assistant.mind.remote.router import Route

HELD_OUT = Path(str(resources.files("assistant"))) / "data" / "router-held-out.jsonl"
"""Labelled requests that were not looked at while the router was made."""
FORM = '{"text": "...", "language": "en" or "zh", "label": "simple" or "complex"}'
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class Request(BaseModel):
    """One line of a set."""

    model_config = ConfigDict(frozen=True)
    text: str = Field(min_length=1)
    language: Literal["en", "zh"]
    label: Literal["simple", "complex"]


def read(file: Path) -> list[Request]:
    """Read a labelled set, one JSON object a line. Raises `BadInput`."""
    return sets.read(file, Request, FORM)


def measure(
    requests: Sequence[Request], route: Callable[[str], Route], threshold: float
) -> dict[str, Any]:
    """Route each request and return `accuracy`, `decision_s` and more, see docs/hybrid.md."""
    route(requests[0].text)  # the first one pays for the caches
    routes, times = [], []
    for request in requests:
        began = time.perf_counter()
        routes.append(route(request.text))
        times.append(time.perf_counter() - began)
    told = list(zip(requests, routes, strict=True))
    hard = [(each.label == "complex", way.hard) for each, way in told]
    wrong = [
        {"text": each.text, "label": each.label, "hard": round(way.hard, 3)}
        for each, way in told
        if each.label != way.label
    ]
    return {
        "accuracy": _share(each.label == way.label for each, way in told),
        "decision_s": round(statistics.median(times), 5),
        "decision_p90_s": round(sorted(times)[int(len(times) * 0.9)], 5),
        "decided_by": {
            why: _share(way.why == why for way in routes)
            for why in ("plain", "asked for", "private", "words", "meaning")
        },
        "requests": len(requests),
        "threshold": threshold,
        "languages": {
            language: _share(e.label == w.label for e, w in told if e.language == language)
            for language in ("en", "zh")
        },
        "curve": [point(hard, at) for at in THRESHOLDS],
        "wrong": wrong,
    }


def point(hard: Sequence[tuple[bool, float]], threshold: float) -> dict[str, float]:
    """Return cost and quality at a threshold; `hard` has the truth and the estimate of each."""
    out = [(truth, estimate >= threshold) for truth, estimate in hard]
    return {
        "threshold": threshold,
        "sent": _share(sent for _, sent in out),
        "hard_sent": _share(sent for truth, sent in out if truth),
        "simple_sent": _share(sent for truth, sent in out if not truth),
        "accuracy": _share(truth == sent for truth, sent in out),
    }


def _share(of: Any) -> float:
    values = list(of)
    return round(sum(values) / len(values), 4) if values else 0.0


def drawn(result: dict[str, Any]) -> str:
    """Return the curve for a terminal: a line for each threshold."""
    lines = ["threshold  sent  of the hard ones  of the simple ones  right"]
    for at in cast("list[dict[str, float]]", result["curve"]):
        bar = "#" * round(at["hard_sent"] * 20)
        lines.append(
            f"{at['threshold']:9.2f} {at['sent']:5.0%}  {at['hard_sent']:6.1%} {bar:20}"
            f"  {at['simple_sent']:9.1%}  {at['accuracy']:6.1%}"
        )
    return "\n".join(lines)
