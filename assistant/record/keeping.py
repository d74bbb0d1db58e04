"""Keeps turns while they happen, and writes those that are wanted.

A turn lasts from rest to rest: asleep, or listening to nobody. Only the newest one is held, in
memory; its sound begins `LEAD_S` before it, for that is where the wake word is.
"""

import asyncio
import contextlib
import logging
import platform
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant import __version__
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.config import Config
from assistant.conversation import Phase, Rules, State
from assistant.conversation.turns import idle
from assistant.errors import AssistantError, BadInput
from assistant.events import Command, Event
from assistant.record.recording import LONGEST_S, Entry, Recording, write

log = logging.getLogger(__name__)

LEAD_S = 2.0
TAIL_S = 1.0
"""A turn is written so long after its end: what was heard of a reply is told late at times."""
MOST_EVENTS = 4000
"""Of one turn; what comes after them is not kept. An answer of an hour has fewer."""
MOST_TURNS = 1000
FRAMES = round(LONGEST_S * RATE / FRAME_SAMPLES)


@dataclass(slots=True)
class _Turn:
    rules: Rules
    state: State
    entries: list[Entry] = field(default_factory=list)
    over: float | None = None
    """When it came to rest."""

    def behind(self, now: float, another: bool) -> bool:
        """Whether what happens now is no part of it any more; `another` one begins."""
        return self.over is not None and (another or now > self.over + TAIL_S)


class Keeper:
    """`hear` is for one thread, all else for the daemon's loop."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives s since 1970, for the files' names."""
        self.folder = config.record_dir
        self._always = config.record.keep == "always"
        self._limit = config.record.limit * 2**20
        self._about = {
            "assistant": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "language": config.language,
            "asr": config.asr.engine,
            "speech": config.speech.engine,
        }
        self._clock = clock
        self._frames: deque[Frame] = deque(maxlen=FRAMES)
        self._lock = threading.Lock()  # of the frames
        self._turn: _Turn | None = None
        self._last: Recording | None = None
        self._wanted = 0

    def hear(self, frame: Frame) -> None:
        """Take what the ears are given."""
        with self._lock:
            self._frames.append(frame)
            if self._turn is None:
                while self._frames[0].time < frame.time - LEAD_S:
                    self._frames.popleft()

    def took(
        self,
        rules: Rules,
        before: State,
        event: Event,
        now: float,
        commands: tuple[Command, ...],
        after: State,
    ) -> None:
        """Take a decision."""
        begins = at_rest(before) and not at_rest(after)
        turn = self._turn
        if turn and (turn.rules is not rules or turn.behind(now, begins)):
            self._close(turn)
            turn = None
        if turn is None and begins:
            turn = self._turn = _Turn(rules, before)
        if turn is None:
            return
        if len(turn.entries) < MOST_EVENTS:
            turn.entries.append(Entry(now, event, commands, after.deadline))
        if at_rest(after) and turn.over is None:
            turn.over = now
            asyncio.get_running_loop().call_later(TAIL_S, self._close, turn)

    def want(self, count: int) -> None:
        """Write the next `count` turns."""
        self._wanted = count

    async def last(self) -> Path:
        """Write the newest turn that is over, and return the file. Raises `AssistantError`."""
        if self._turn and self._turn.over is not None:
            self._close(self._turn)
        if self._last is None:
            raise BadInput("no turn is over yet; speak to it first.")
        try:
            return await asyncio.to_thread(self._write, self._last)
        except OSError as error:
            raise AssistantError(
                "{folder}: cannot be written: {reason}; set record.folder to another place.",
                folder=self.folder,
                reason=error.strerror,
            ) from error

    def _close(self, turn: _Turn) -> None:
        """The turn is whole; it is written if somebody wants it."""
        if self._turn is not turn:
            return
        pcm, heard_at = self._sound(turn.entries[0].at - LEAD_S)
        self._turn = None
        self._last = Recording(
            turn.rules, turn.state, tuple(turn.entries), self._about, pcm, heard_at
        )
        if self._always or self._wanted:
            self._wanted = max(0, self._wanted - 1)
            asyncio.get_running_loop().run_in_executor(None, self._try_to_write, self._last)

    def _sound(self, since: float) -> tuple[Pcm | None, float]:
        """Return what was heard since then, without holes, and when its first sample was."""
        with self._lock:
            frames = [frame for frame in self._frames if frame.time >= since]
        if not frames:
            return None, 0.0
        return placed(frames), frames[0].time

    def _try_to_write(self, recording: Recording) -> None:
        try:
            self._write(recording)
        except OSError as error:  # a full disk is no reason to fall silent
            log.warning("a turn could not be kept: %s: %s", self.folder, error.strerror)

    def _write(self, recording: Recording) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._clock()))
        path = self.folder / f"turn-{stamp}-{recording.entries[0].at:.0f}.zip"
        write(path, recording)
        make_room(self.folder, self._limit, path)
        return path


async def asked(keeper: Keeper | None, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request of the control socket asks for; raises `AssistantError` as `last`."""
    if keeper is None:
        raise BadInput(
            'turns are not kept: set record.keep = "asked" in the configuration and start the '
            "assistant again."
        )
    count = request.get("next")
    if count is None:
        return {"file": str(await keeper.last())}
    if type(count) is not int or not 1 <= count <= MOST_TURNS:
        raise BadInput("`next` is a number of turns, 1 to {most}.", most=MOST_TURNS)
    keeper.want(count)
    return {"folder": str(keeper.folder)}


def at_rest(state: State) -> bool:
    """Whether nobody talks with it: asleep, or listening to nobody."""
    return state.phase is Phase.ASLEEP or idle(state)


def placed(frames: list[Frame]) -> Pcm:
    """Return consecutive frames as one sound, with silence where some are missing.

    Stamps tremble; so a frame goes behind the one before unless more than a frame is missing.
    """
    pieces: list[Pcm] = []
    end = frames[0].time
    for frame in frames:
        missing = round((frame.time - end) * RATE)
        if missing > FRAME_SAMPLES:
            pieces.append(np.zeros(min(missing, LONGEST_S * RATE), np.int16))
            end += missing / RATE
        pieces.append(frame.pcm)
        end += len(frame.pcm) / RATE
    return np.concatenate(pieces)[: LONGEST_S * RATE]


def make_room(folder: Path, limit: int, newest: Path) -> None:
    """Remove the oldest recordings until all have `limit` bytes at the most; `newest` stays."""
    files: list[tuple[float, int, Path]] = []
    for path in folder.glob("turn-*.zip"):
        with contextlib.suppress(FileNotFoundError):  # another one was here at the same time
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = 0
    for _, size, path in sorted(files, reverse=True):
        total += size
        if total > limit and path != newest:
            path.unlink(missing_ok=True)
