"""Memory of the whole assistant, and how soon it is ready."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.bench.latency import Question
from assistant.config import Config, dump
from assistant.errors import AssistantError
from assistant.rehearsal import Rehearsal


def measure(config: Config, questions: Sequence[Question], turns: int) -> dict[str, Any]:
    """Return resident memory (MB, 10^6 bytes) after `turns` spoken turns, and the s until ready."""
    return asyncio.run(_turns(config, questions, turns))


async def _turns(config: Config, questions: Sequence[Question], turns: int) -> dict[str, Any]:
    began = time.monotonic()
    async with Rehearsal(config) as rehearsal:
        ready = time.monotonic() - began
        after = []
        for number in range(turns):
            await rehearsal.ask(questions[number % len(questions)].pcm)
            after.append(resident_mb("VmRSS"))
        return {
            "peak_rss_mb": resident_mb("VmHWM"),
            "rss_mb": resident_mb("VmRSS"),
            "ready_s": round(ready, 2),
            "turns": turns,
            "after_each_mb": after,
        }


def startup(config: Config, runs: int) -> dict[str, Any]:
    """Return the s from the start of a new process until it hears and the model is warm."""
    code = (
        "import asyncio, sys, tomllib; from assistant.config import parse;"
        "from assistant.errors import AssistantError; from assistant.rehearsal import Rehearsal\n"
        "async def main():\n"
        "    async with Rehearsal(parse(tomllib.loads(sys.argv[1]), 'settings')):\n"
        "        print('ready', flush=True)\n"
        "try: asyncio.run(main())\n"
        "except AssistantError as error: print(error)"
    )
    each = []
    for _ in range(runs):
        began = time.monotonic()
        command = [sys.executable, "-c", code, dump(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            if said != "ready":
                raise AssistantError(said or "the assistant could not start, and did not say why.")
            each.append(round(time.monotonic() - began, 2))
    return {"ready_s": statistics.median(each), "each": each}


def resident_mb(key: str) -> int:
    """Return `VmRSS` or `VmHWM` of this process in MB (10^6 bytes)."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    raise AssistantError("memory can be measured on Linux only.")
