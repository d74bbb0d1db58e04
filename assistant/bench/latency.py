"""How long people wait: from the last voiced sample of a question to the first audible one."""

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.audio.frames import Pcm
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.rehearsal import Outcome, Rehearsal

BLOCK = 8
"""Questions between a change from ours to the plain loop and back: a machine that slows down slows
both. They are not loaded at the same time, for two models would fight for the cores."""
PLAIN_SILENCE_S = 0.8


@dataclass(frozen=True, slots=True)
class Question:
    """A recording."""

    name: str
    pcm: Pcm
    """(samples,) int16, 16 kHz."""
    text: str = ""
    """What is said in it, if somebody wrote it down."""


def plain(config: Config, model: str) -> Config:
    """Return the settings of a plain streaming loop with the published `model` (name or path).

    It waits for .8 s of silence, thinks only then, reads the whole prompt each time, and speaks
    sentence by sentence.
    """
    changes: dict[str, dict[str, Any]] = {
        "turn": {"max_silence": PLAIN_SILENCE_S, "min_silence": PLAIN_SILENCE_S},
        "ahead": {"enabled": False},
        "llm": {"model": model, "reuse": False},
        "speech": {"first_clause": 400, "clause": 400},
    }
    return config.model_copy(
        update={part: getattr(config, part).model_copy(update=new) for part, new in changes.items()}
    )


def measure(
    config: Config, questions: Sequence[Question], baseline: Config | None = None
) -> dict[str, Any]:
    """Speak all questions to the assistant and, in turn by blocks, to the `baseline`.

    Returns the documented figures; raises `AssistantError` when nothing was answered.
    """
    rows: dict[str, list[dict[str, Any]]] = {"ours": [], "baseline": []}
    for start in range(0, len(questions), BLOCK):
        block = questions[start : start + BLOCK]
        rows["ours"] += asyncio.run(_ask(config, block))
        if baseline:
            rows["baseline"] += asyncio.run(_ask(baseline, block))
    result = _summary(rows["ours"])
    if baseline:
        other = _summary(rows["baseline"])
        result["ratio"] = round(other["median_s"] / result["median_s"], 2)
        result["cpu_ratio"] = round(
            other["cpu_s_per_turn"] and result["cpu_s_per_turn"] / other["cpu_s_per_turn"], 2
        )
        result["baseline"] = other
    return result


def recordings(folder: Path) -> list[Question]:
    """Return the WAV files of a folder in the order of their names, with the .txt beside them."""
    from assistant.audio import wav

    found = []
    for path in sorted(folder.glob("*.wav")):
        beside = path.with_suffix(".txt")
        text = beside.read_text(encoding="utf-8").strip() if beside.is_file() else ""
        found.append(Question(path.name, wav.read(path), text))
    return found


async def _ask(config: Config, questions: Sequence[Question]) -> list[dict[str, Any]]:
    rows = []
    async with Rehearsal(config) as rehearsal:
        for question in questions:
            began = time.process_time()
            outcome = await rehearsal.ask(question.pcm)
            rows.append(_row(question, outcome, time.process_time() - began))
    return rows


def _row(question: Question, outcome: Outcome, cpu_s: float) -> dict[str, Any]:
    return {
        "wav": question.name,
        "said": question.text,
        "heard": outcome.heard,
        "reply": outcome.reply,
        "voice_to_voice_s": None if outcome.cut else outcome.voice_to_voice_s,
        "cut": outcome.cut,
        "kept": outcome.kept,
        "dropped": outcome.dropped,
        "cached_tokens": outcome.cached_tokens,
        "prompt_tokens": outcome.prompt_tokens,
        "whole": outcome.whole,
        "cpu_s": round(cpu_s, 3),
        "stages": outcome.stages,
    }


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    known = sorted(row["voice_to_voice_s"] for row in rows if row["voice_to_voice_s"] is not None)
    if not known:
        raise AssistantError("none of the questions was answered; `assistant doctor` may say why.")
    cut = sum(row["cut"] for row in rows)
    read = sum(row["prompt_tokens"] for row in rows)
    return {
        "median_s": round(statistics.median(known), 3),
        "p90_s": round(percentile(known, 0.9), 3),
        "turns": len(rows),
        "missed": len(rows) - len(known) - cut,
        "kept": sum(row["kept"] for row in rows),
        "dropped": sum(row["dropped"] for row in rows),
        "cut_rate": round(cut / len(rows), 3),
        "cached_share": round(sum(row["cached_tokens"] for row in rows) / read, 3) if read else 0.0,
        "cpu_s_per_turn": round(statistics.mean(row["cpu_s"] for row in rows), 2),
        "each": rows,
    }


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return the nearest-rank percentile of an ascending list; `part` is .9 for the 90th."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
