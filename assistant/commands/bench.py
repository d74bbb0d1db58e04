"""`assistant bench`: what this machine does, measured on the real chain."""

import asyncio
import math
import os
import statistics
import time
from importlib import resources
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, print_json, settings
from assistant.config import Config, dump
from assistant.errors import AssistantError, BadInput


@click.group()
def command() -> None:
    """Measure latency, memory and start-up on this machine."""


@command.command(
    epilog=example("assistant bench latency", "assistant bench latency --wavs questions --runs 3")
)
@click.option(
    "--wavs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Recorded questions (*.wav); without it, the shipped one.",
)
@click.option("--speak", type=click.Choice(["espeak", "piper"]), help="The voice that answers.")
@click.option("--runs", type=click.IntRange(1, 1000), default=3, show_default=True)
@click.option(
    "--json", "as_json", is_flag=True, help="One object: median_s, p90_s, turns, missed, each."
)
def latency(wavs: Path | None, speak: str | None, runs: int, as_json: bool) -> None:
    """Speak questions at real-time pace; time from the last voiced sample to the first audible."""
    from assistant.audio import wav

    config = settings()
    if speak:
        speech = config.speech.model_copy(update={"engine": speak})
        config = config.model_copy(update={"speech": speech})
    questions = [(path.name, wav.read(path)) for path in _recordings(wavs)] * runs
    rows, cpu_s = asyncio.run(_latency(config, questions))
    known = sorted(row["voice_to_voice_s"] for row in rows if row["voice_to_voice_s"] is not None)
    if not known:
        raise AssistantError("none of the questions was answered; `assistant doctor` may say why.")
    result = {
        "median_s": round(statistics.median(known), 3),
        "p90_s": round(_percentile(known, 0.9), 3),
        "turns": len(rows),
        "missed": len(rows) - len(known),
        "cpu_s_per_turn": round(cpu_s / len(rows), 2),
        "each": rows,
    }
    if as_json:
        print_json(result)
        return
    for row in rows:
        shown = "  -  " if row["voice_to_voice_s"] is None else f"{row['voice_to_voice_s']:5.2f}"
        click.echo(f"{shown} s  {row['wav']}: {row['heard']}")
    click.echo(
        f"median {result['median_s']:.2f} s, p90 {result['p90_s']:.2f} s over {len(rows)} turns, "
        f"{result['missed']} missed, {result['cpu_s_per_turn']:.1f} CPU s a turn"
    )


@command.command(epilog=example("assistant bench memory --turns 20"))
@click.option("--turns", type=click.IntRange(1, 10000), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object: peak_rss_mb, rss_mb, ready_s.")
def memory(turns: int, as_json: bool) -> None:
    """Memory of the whole assistant after some spoken turns, and the time until it was ready."""
    from assistant.audio import wav

    question = wav.read(_recordings(None)[0])
    result = asyncio.run(_memory(settings(), question, turns))
    if as_json:
        print_json(result)
    else:
        click.echo(
            f"{result['peak_rss_mb']} MB at the most, {result['rss_mb']} MB at the end, "
            f"ready after {result['ready_s']} s"
        )


@command.command(epilog=example("assistant bench startup --runs 5"))
@click.option("--runs", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object: ready_s, each.")
def startup(runs: int, as_json: bool) -> None:
    """Time from the start of a new process until it hears and the model is warm."""
    import subprocess
    import sys

    each = []
    code = (
        "import asyncio, sys, tomllib; from assistant.config import parse;"
        "from assistant.errors import AssistantError; from assistant.rehearsal import Rehearsal\n"
        "async def main():\n"
        "    async with Rehearsal(parse(tomllib.loads(sys.argv[1]), 'settings')):\n"
        "        print('ready', flush=True)\n"
        "try: asyncio.run(main())\n"
        "except AssistantError as error: print(error)"
    )
    command = [sys.executable, "-c", code, dump(settings())]
    for _ in range(runs):
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            if said != "ready":
                raise AssistantError(said or "the assistant could not start, and did not say why.")
            each.append(round(time.monotonic() - began, 2))
    result = {"ready_s": statistics.median(each), "each": each}
    if as_json:
        print_json(result)
    else:
        click.echo(f"ready after {result['ready_s']:.2f} s (median of {runs})")


def _recordings(folder: Path | None) -> list[Path]:
    if folder is None:
        return [Path(str(resources.files("assistant") / "data" / "question-en.wav"))]
    found = sorted(folder.glob("*.wav"))
    if not found:
        raise BadInput(f"{folder}: no *.wav file in it; give a folder with recorded questions.")
    return found


async def _latency(
    config: Config, questions: list[tuple[str, Any]]
) -> tuple[list[dict[str, Any]], float]:
    from assistant.rehearsal import Rehearsal

    rows = []
    async with Rehearsal(config) as rehearsal:
        began = time.process_time()
        for name, pcm in questions:
            outcome = await rehearsal.ask(pcm)
            rows.append(
                {
                    "wav": name,
                    "heard": outcome.heard,
                    "voice_to_voice_s": outcome.voice_to_voice_s,
                    "stages": outcome.stages,
                }
            )
        return rows, time.process_time() - began


async def _memory(config: Config, question: Any, turns: int) -> dict[str, Any]:
    from assistant.rehearsal import Rehearsal

    began = time.monotonic()
    async with Rehearsal(config) as rehearsal:
        ready = time.monotonic() - began
        for _ in range(turns):
            await rehearsal.ask(question)
        rss, peak = _rss_mb("VmRSS"), _rss_mb("VmHWM")
    return {"peak_rss_mb": peak, "rss_mb": rss, "ready_s": round(ready, 2), "turns": turns}


def _rss_mb(key: str) -> int:
    """Return a figure of /proc/self/status in MB (10^6 bytes)."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    raise AssistantError("memory can be measured on Linux only.")


def _percentile(ordered: list[float], part: float) -> float:
    """Return the nearest-rank percentile of an ascending list."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
