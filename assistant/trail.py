"""What is left of a process that ended without a word: crashed in native code, or was killed.

While it runs, what goes on stands in a small file beside the control socket, which lies in memory
(/run) and not on the card; it is written at each change of the phase, and outlives the process but
not the machine. A proper end removes it. So whoever starts and finds one knows that something was
cut off, and whether somebody waits for an answer.
"""

import contextlib
import faulthandler
import json
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from assistant.conversation import Phase, State
from assistant.events import Event, Rang, Returned

log = logging.getLogger(__name__)

LATE_S = 120.0
"""Nobody waits any more for the answer of a turn that began so long ago."""
STEADY_S = 600.0
"""Whoever has run for so long is not in a row with the ends before."""
FREE_STARTS = 2
"""Ends in a row after which it starts again at once."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 60.0
"""How long it waits before it starts after more of them: twice as long each time."""
ROOMS = ("mind", "ears", "mouth")
TELLING = ("state", "speech_started", "rang", "language_held")
"""Notes after which there may be something new to write down."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a process has left; written as JSON."""

    began: float = 0.0
    """When it began, s since the boot of the machine."""
    at: float = 0.0
    """When this was written, s since the boot."""
    phase: str = Phase.ASLEEP
    cut: bool = False
    """Somebody spoke, waited for an answer or heard it."""
    spoken: bool = False
    """By voice."""
    language: str = ""
    due: tuple[str, ...] = ()
    """Sentences of what rang, or was about to."""
    missed: tuple[str, ...] = ()
    """Sentences of what rang in vain, and was to be told."""
    failed: bool = False
    """It could not go on, and has said why."""
    ends: int = 0
    """Processes in a row, before it, that ended otherwise than they were told to."""
    blamed: dict[str, int] = field(default_factory=dict)
    """Rooms (`mind`, `ears`, `mouth`) that crashed it and those before, and how often."""


def parse(text: str) -> Left | None:
    """Return what stands in the file; None for what is none of ours, or is damaged."""
    try:
        told = json.loads(text)
        blamed = {room: int(told["blamed"][room]) for room in ROOMS if room in told["blamed"]}
        return Left(
            began=float(told["began"]),
            at=float(told["at"]),
            phase=str(told["phase"]),
            cut=told["cut"] is True,
            spoken=told["spoken"] is True,
            language=str(told["language"]),
            due=tuple(map(str, told["due"])),
            missed=tuple(map(str, told["missed"])),
            failed=told["failed"] is True,
            ends=int(told["ends"]),
            blamed=blamed,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def events(left: Left, now: float) -> tuple[Event, ...]:
    """Return what is to be done about what was `left`, `now` s after the machine's boot."""
    if now < left.at:  # the machine was started again since then
        return ()
    missed = tuple(Rang(text, missed=True) for text in left.missed)
    due = tuple(Rang(text) for text in left.due)
    if not left.cut or now - left.at > LATE_S:
        return (*missed, *due)
    return (*missed, Returned(left.spoken, left.language), *due)


def blame(dump: str, phase: str) -> str:
    """Return the room that crashed, by what faulthandler wrote; empty: it cannot be told.

    Where a thread of the C library's own crashed, it was working for whoever had something to do.
    """
    found = re.search(r"^Current thread.*\n((?:[ \t]+.*\n?)*)", dump, re.MULTILINE)
    if not found:
        return ""
    for room in ROOMS:
        if f"/assistant/{room}/" in found[1]:
            return room
    if "<no Python frame>" in found[1]:
        at_work = {Phase.THINKING: "mind", Phase.LISTENING: "ears", Phase.SPEAKING: "mouth"}
        return {str(each): room for each, room in at_work.items()}.get(phase, "")
    return ""


def after(left: Left, dump: str, now: float) -> tuple[int, dict[str, int]]:
    """Return how many ended by themselves in a row now, and the rooms that crashed them."""
    steady = now < left.at or now - left.began >= STEADY_S
    ends = 1 if steady else left.ends + 1
    blamed = {} if steady else dict(left.blamed)
    if room := blame(dump, left.phase):
        blamed[room] = blamed.get(room, 0) + 1
    return ends, blamed


def pause(ends: int) -> float:
    """Return how many s to wait before the start after so many ends in a row."""
    if ends <= FREE_STARTS:
        return 0.0
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(ends - FREE_STARTS - 1, 10))


def since_boot() -> float:
    """Return s since the boot, those in which the machine was suspended included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Trail:
    """The files of one process; on its loop. What cannot be written is not kept: no error."""

    def __init__(
        self,
        path: Path,
        state: Callable[[], tuple[State, str]],
        clock: Callable[[], float] = since_boot,
    ) -> None:
        """`path` with the suffixes .trail and .crash; ``state()`` is the state and the language.

        `clock` gives s since the boot.
        """
        self._trail, self._crash = path.with_suffix(".trail"), path.with_suffix(".crash")
        self._state, self._clock = state, clock
        self._file: int | None = None
        self._dump: TextIO | None = None
        self._began = clock()
        self.ends = 0
        """How many processes in a row, before this one, ended otherwise than they were told to."""
        self.blamed: dict[str, int] = {}
        """The rooms that crashed them, and how often."""

    def begin(self) -> tuple[Event, ...]:
        """Return what the process before has left to be done, and begin to write.

        From here on a crash in native code is written down, too.
        """
        left, dump = self._found()
        todo: tuple[Event, ...] = ()
        if left:
            now = self._clock()
            self.ends, self.blamed = after(left, dump, now)
            todo = events(left, now)
            if not left.failed:
                _tell(dump, blame(dump, left.phase))
        with contextlib.suppress(OSError):
            self._dump = self._crash.open("w", encoding="utf-8")
            faulthandler.enable(self._dump)
            mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._file = os.open(self._trail, mode, 0o600)
        self._write()
        return todo

    def note(self, name: str, _: dict[str, Any]) -> None:
        """Write down what goes on; see `assistant.daemon.Note`."""
        if name in TELLING:
            self._write()

    def _write(self, failed: bool = False) -> None:
        if self._file is None:
            return
        now, (state, language) = self._clock(), self._state()
        told = Left(
            began=self._began,
            at=now,
            phase=state.phase,
            cut=_cut(state) and not failed,
            spoken=state.spoken,
            language=language,
            due=state.due,
            missed=state.missed,
            failed=failed,
            ends=self.ends,
            blamed=self.blamed,
        )
        line = json.dumps(asdict(told), ensure_ascii=False).encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            os.pwrite(self._file, line, 0)  # in one go: a crash comes before it or after it
            os.ftruncate(self._file, len(line))

    def end(self, failed: bool = False) -> None:
        """It is a proper end, or it has `failed` and says why."""
        if self._file is not None:
            if failed:
                self._write(failed=True)
            else:
                self._trail.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None
        if self._dump:
            faulthandler.disable()
            self._dump.close()
            self._dump = None
            self._crash.unlink(missing_ok=True)

    def _found(self) -> tuple[Left | None, str]:
        try:
            left = parse(self._trail.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None, ""
        with contextlib.suppress(OSError):
            return left, self._crash.read_text(encoding="utf-8", errors="replace")
        return left, ""


def _cut(state: State) -> bool:
    """Whether somebody would miss the turn; what only rings comes again by itself."""
    if state.phase is Phase.LISTENING:
        return state.began is not None
    return state.phase is not Phase.ASLEEP and not state.ringing


def _tell(dump: str, room: str) -> None:
    """Write to the log where it happened, as far as that is known."""
    if not dump.strip():
        log.error("the process before this one ended without a word: killed, or out of memory?")
        return
    where = room or "unknown"
    log.error("the process before this one crashed in native code (%s); it was here:", where)
    for line in dump.splitlines():
        if line.strip():
            log.error("  %s", line.rstrip())
