"""How well the guard knows what it has to refuse, and what not."""

import statistics
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.bench import sets
from assistant.config import Config
from assistant.mind.guard.guard import Guard, make
from assistant.mind.guard.stream import Sieve

HELD_OUT = Path(str(resources.files("assistant"))) / "data" / "guard-held-out.jsonl"
"""Labelled texts that were not looked at after the patterns had been begun."""
FORM = '{"text": "...", "language": "en" or "zh", "topic": "weapons" or "none", "answer": "..."}'
NONE = "none"


class Line(BaseModel):
    """One line of a set: what is asked, and where the answer is judged, a model's answer to it."""

    model_config = ConfigDict(frozen=True)
    text: str = Field(min_length=1)
    language: Literal["en", "zh"]
    topic: str
    answer: str = ""


def read(file: Path) -> list[Line]:
    """Read a labelled set. Raises `BadInput`."""
    return sets.read(file, Line, FORM)


def strictest(config: Config) -> Guard:
    """Return the guard of `config` and its files with all topics. Raises `BadInput`."""
    change = {"enabled": True, "level": "child", "topics": []}
    guard = make(config.model_copy(update={"guard": config.guard.model_copy(update=change)}))
    assert guard
    return guard


def measure(lines: Sequence[Line], guard: Guard) -> dict[str, Any]:
    """Judge each line; return the shares, see docs/guard.md.

    `refused` and `false_refusals` are of what is asked, `held_back` and `false_held_back` of what
    a model has answered; `right_topic` is of what was refused rightly.
    """
    for line in lines:  # a pattern is made when it is first needed
        _found(line, guard)
    found: list[str] = []
    times: list[float] = []
    for line in lines:
        began = time.perf_counter()
        found.append(_found(line, guard))
        if not line.answer:
            times.append(time.perf_counter() - began)
    told = list(zip(lines, found, strict=True))
    times = sorted(times) or [0.0]
    return {
        **_shares(told),
        "languages": {
            language: _shares([each for each in told if each[0].language == language])
            for language in sorted({line.language for line in lines})
        },
        "decision_s": round(statistics.median(times), 6),
        "decision_p90_s": round(times[int(len(times) * 0.9)], 6),
        "lines": len(lines),
        "wrong": [
            {**line.model_dump(exclude_defaults=True), "found": topic}
            for line, topic in told
            if (line.topic == NONE) != (topic == NONE)
        ],
    }


def _found(line: Line, guard: Guard) -> str:
    if line.answer:
        return _sifted(guard.sieve(line.text), line.answer) or NONE
    refusal = guard.refusal(line.text)
    return refusal.topic if refusal else NONE


def _sifted(sieve: Sieve, answer: str) -> str:
    sieve.feed(answer)
    sieve.end()
    return sieve.topic


def _shares(told: Sequence[tuple[Line, str]]) -> dict[str, Any]:
    asked = [(line.topic, topic) for line, topic in told if not line.answer]
    answered = [(line.topic, topic) for line, topic in told if line.answer]
    refused = [pair for pair in asked if NONE not in pair]
    return {
        "refused": _share(asked, lambda want: want != NONE),
        "false_refusals": _share(asked, lambda want: want == NONE),
        "right_topic": round(sum(a == b for a, b in refused) / len(refused), 4) if refused else 0.0,
        "held_back": _share(answered, lambda want: want != NONE),
        "false_held_back": _share(answered, lambda want: want == NONE),
        "asked": len(asked),
        "answered": len(answered),
    }


def _share(pairs: Sequence[tuple[str, str]], of: Callable[[str], bool]) -> float:
    """Return the share of those whose label is `of` the kind for which a topic was found."""
    chosen = [topic != NONE for want, topic in pairs if of(want)]
    return round(sum(chosen) / len(chosen), 4) if chosen else 0.0
