"""Whether the clock is right: alarms and the time of day depend on it."""

import ctypes
import datetime
import time
from collections.abc import Callable
from pathlib import Path

import assistant
from assistant.health.finding import Finding, judged
from assistant.messages import say

NOT_SYNCHRONISED = 5
"""`TIME_ERROR` of adjtimex(2)."""
TIMEX_BYTES = 512
"""More than `struct timex` has (208)."""
DAY_S = 86_400.0


def clock(
    now: Callable[[], float] = time.time, state: Callable[[], int | None] = lambda: _kernel()
) -> Finding:
    """Return what was found; `now` gives s since 1970, `state` what adjtimex(2) returns."""
    told = datetime.datetime.fromtimestamp(now()).astimezone().isoformat(" ", "minutes")
    if now() < _installed() - DAY_S:
        return judged(
            "clock",
            told,
            [
                say(
                    "That is before this program was installed: alarms will ring at wrong times. "
                    "Let the machine reach a time server once, or give it a clock with a battery."
                )
            ],
        )
    match state():
        case None:
            return judged("clock", told, [])
        case state_ if state_ == NOT_SYNCHRONISED:
            advice = say(
                "No time server keeps it right: `timedatectl set-ntp true` where there is a "
                "network, else a clock with a battery; timers are right in any case."
            )
            return judged("clock", told, [advice])
    return judged("clock", say("{told}, kept right by a time server", told=told), [])


def _installed() -> float:
    return Path(assistant.__file__).stat().st_mtime


def _kernel() -> int | None:
    """Return the kernel's state of the clock; None where it does not tell."""
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state
