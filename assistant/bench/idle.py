"""What waiting for the wake word costs: the processor's time, and how often it is woken."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.rehearsal import Rehearsal

SOUND = ("microphone", "loudspeaker", "ears")
"""How the threads are called that each frame wakes; see `assistant.worker.call_thread`."""
LOOK_S, MOST_S = 2.0, 60.0
"""What starting up left to do is waited for: looked at so often, and at most so long, in s."""
QUIET = 0.01
"""Share of a core, beside the sound, from which on something is still being done."""
PROC = Path("/proc")

Thread = tuple[int, int]
"""Process and thread."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a thread has taken since it began."""

    name: str
    cpu_s: float
    wakeups: int
    """How often it had waited for something that came (voluntary context switches)."""
    sound: bool
    """It belongs to the way of the sound, from the device to the wake word."""


def own(config: Config, seconds: float) -> dict[str, Any]:
    """Return what it takes in this process, with a microphone that hears silence."""
    return asyncio.run(_own(config, seconds))


async def _own(config: Config, seconds: float) -> dict[str, Any]:
    async with Rehearsal(config):
        await _settled()
        before, began = uses(os.getpid()), time.monotonic()
        await asyncio.sleep(seconds)
        return compared(before, uses(os.getpid()), time.monotonic() - began)


async def _settled() -> None:
    """Wait until the rooms have prepared what they can, as long as that makes sense."""
    for _ in range(round(MOST_S / LOOK_S)):
        before = uses(os.getpid())
        await asyncio.sleep(LOOK_S)
        threads = compared(before, uses(os.getpid()), LOOK_S)["threads"]
        if sum(each["cpu_share"] for each in threads if not each["sound"]) < QUIET:
            return


def running(pid: int, seconds: float) -> dict[str, Any]:
    """Return what the process and all that it started take; raises `AssistantError` if none is."""
    before, began = uses(pid), time.monotonic()
    time.sleep(seconds)
    return compared(before, uses(pid), time.monotonic() - began)


def compared(
    before: Mapping[Thread, Use], after: Mapping[Thread, Use], seconds: float
) -> dict[str, Any]:
    """Return shares of one core, and wake-ups a second, of what lived all the time."""
    threads: list[dict[str, Any]] = [
        {
            "process": thread[0],
            "name": use.name,
            "cpu_share": round((use.cpu_s - before[thread].cpu_s) / seconds, 4),
            "wakeups_per_s": round((use.wakeups - before[thread].wakeups) / seconds, 1),
            "sound": use.sound,
        }
        for thread, use in after.items()
        if thread in before
    ]
    return {
        "cpu_share": round(sum(each["cpu_share"] for each in threads), 4),
        "wakeups_per_s": _wakeups(threads, sound=False),
        "sound_wakeups_per_s": _wakeups(threads, sound=True),
        "seconds": round(seconds, 1),
        "threads": [each for each in threads if each["cpu_share"] or each["wakeups_per_s"]],
    }


def _wakeups(threads: list[dict[str, Any]], *, sound: bool) -> float:
    counted: list[float] = [e["wakeups_per_s"] for e in threads if e["sound"] is sound]
    return round(sum(counted), 1)


def uses(pid: int) -> dict[Thread, Use]:
    """Return what each thread of a process and of all below it has taken.

    Raises `AssistantError` where the process is gone, or this is not Linux.
    """
    found: dict[Thread, Use] = {}
    for each in family(pid):
        tasks = PROC / str(each) / "task"
        try:
            # The other processes are those of sound devices, with all that runs in them.
            owns_device = each != pid and b"assistant.audio.owner" in _read(each, "cmdline")
            for task in sorted(tasks.iterdir()):
                found[each, int(task.name)] = _use(task, owns_device)
        except OSError:
            continue  # it has just ended
    if not found:
        raise AssistantError("nothing is known of process {pid}: /proc does not show it.", pid=pid)
    return found


def family(pid: int) -> list[int]:
    """Return the process and all that it has started."""
    found = [pid]
    for each in found:
        for task in (PROC / str(each) / "task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _read(pid: int, file: str) -> bytes:
    return (PROC / str(pid) / file).read_bytes()


def _use(task: Path, owns_device: bool) -> Use:
    # proc_pid_stat(5): the name is in brackets and may hold any; then from the state, field 3, on.
    named, fields = (task / "stat").read_text().rsplit(")", 1)
    name = named.split("(", 1)[1]
    ticks = sum(map(int, fields.split()[11:13]))  # utime and stime
    status = (task / "status").read_text().split("voluntary_ctxt_switches:", 1)[1]
    return Use(
        name,
        ticks / os.sysconf("SC_CLK_TCK"),
        int(status.split(maxsplit=1)[0]),
        owns_device or name.startswith(SOUND),
    )
