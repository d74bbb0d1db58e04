"""Looks when something is due, and by which clocks. On the loop, beside the conversation."""

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant.events import Rang
from assistant.mind.skills import telling
from assistant.mind.skills.alarms import Alarms
from assistant.store import Store

LOOK_S = 20.0
"""How often it is looked at the clock on the wall, which may jump, in s."""


def zone() -> tzinfo:
    """Return the zone of the place, with its rules; UTC where the system does not say."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if name := os.environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, "localtime")
    return UTC


def alarms(path: Path | None) -> Alarms:
    """Return what rings, kept in the file `path`, or in memory; raises as `Store`.

    Countdowns go on while the machine is suspended.
    """
    here = zone()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = str(uuid.uuid4())  # as if the machine had been started again
    return Alarms(
        Store(path),
        lambda: datetime.now(here),
        lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        boot,
    )


async def watch(alarms: Alarms, post: Callable[[Rang], None]) -> None:
    """Post what is due, for ever."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def on_change() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(changed.set)

    alarms.on_change = on_change
    while True:
        changed.clear()
        for each in await asyncio.to_thread(alarms.due):
            post(Rang(telling.rang(each, alarms.now()), each.missed))
        left = alarms.next_in()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if left is None else min(left, LOOK_S)):
                await changed.wait()
