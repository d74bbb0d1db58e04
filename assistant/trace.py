"""Remembers when each stage of each turn happened, on one clock.

Stages of a spoken turn, in their usual order (all `time.monotonic` s):
``wake``, ``speech_start``, ``partial``, ``speech_end`` (the sound's edge), ``vad_end`` (when the
detector was sure of it), ``turn_end`` (decided), ``heard`` (final text), ``think``,
``first_token``, ``first_clause``, ``first_sound_made``, ``first_sample`` (audible),
``reply_end``, ``speaking_end``.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

KEPT_TURNS = 64

AUDIBLE = "first_sample"
SPEECH_END = "speech_end"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stage that was reached."""

    stage: str
    at: float
    """`time.monotonic` seconds."""
    data: dict[str, Any]
    """Figures that belong to it, such as token counts."""


@dataclass(slots=True)
class Timeline:
    """All marks of one turn, in the order in which they came."""

    turn: int
    marks: list[Mark] = field(default_factory=list)

    def first(self, stage: str) -> float | None:
        """When `stage` was first reached."""
        return next((m.at for m in self.marks if m.stage == stage), None)

    def last(self, stage: str) -> float | None:
        """When `stage` was last reached; a turn may have several pauses and partials."""
        return next((m.at for m in reversed(self.marks) if m.stage == stage), None)

    def between(self, start: str, end: str) -> float | None:
        """Seconds from the last `start` to the first `end`, or None where one is missing."""
        a, b = self.last(start), self.first(end)
        return None if a is None or b is None else b - a

    def stages(self, origin: str = SPEECH_END) -> dict[str, float]:
        """Seconds from the last `origin` to the last time of every other stage, rounded to ms.

        Where the turn has no `origin` (a typed question), the first mark stands in for it.
        """
        if not self.marks:
            return {}
        zero = self.last(origin)
        if zero is None:
            zero = self.marks[0].at
        return {m.stage: round(m.at - zero, 3) for m in self.marks if m.stage != origin}


class Trace:
    """The timelines of the latest turns; any thread may mark."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: OrderedDict[int, Timeline] = OrderedDict()

    def mark(self, turn: int, stage: str, at: float, **data: Any) -> None:
        """Note that `stage` of `turn` was reached at the monotonic time `at` (s)."""
        with self._lock:
            timeline = self._turns.get(turn)
            if timeline is None:
                timeline = self._turns[turn] = Timeline(turn)
                if len(self._turns) > KEPT_TURNS:
                    self._turns.popitem(last=False)
            timeline.marks.append(Mark(stage, at, data))

    def turn(self, turn: int) -> Timeline:
        """Return a copy of a turn's timeline; empty when nothing is known of it."""
        with self._lock:
            known = self._turns.get(turn)
            return Timeline(turn, list(known.marks) if known else [])

    def turns(self) -> list[int]:
        """Return the ids that are known, oldest first."""
        with self._lock:
            return list(self._turns)
