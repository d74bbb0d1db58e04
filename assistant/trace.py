"""Remembers when each stage of each turn happened, on one clock.

Stages of a spoken turn, in their usual order (all `time.monotonic` s):
``wake``, ``speech_start``, ``partial``, ``prepared`` (the mind has read along), ``speech_end`` (the
sound's last voiced moment), ``vad_end`` (when the detector was sure of it), ``settled`` (the text
until then), ``think``, ``judged``, ``first_token``, ``first_clause``, ``first_sound_made``,
``turn_end`` (decided), ``heard`` (final text), ``released``, ``first_sample`` (audible),
``reply_end``, ``speaking_end``; ``dropped`` where a secret answer was begun for nothing.
What is said over a reply is in the reply's turn as ``over_speech_start``, ``over_partial`` and so
on; ``ducked``, ``paused``, ``raised`` and ``interrupted`` tell what became of it.

What belongs to an answer carries the number of its ``take``. A timeline knows which take was heard
and leaves the marks of the others out of its figures.
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
    take: int = 0
    """The take that is the answer; 0: none yet."""

    def heard(self) -> list[Mark]:
        """The marks without those of takes that were dropped."""
        return [m for m in self.marks if m.data.get("take", self.take) == self.take]

    def first(self, stage: str) -> float | None:
        """When `stage` was first reached."""
        return next((m.at for m in self.heard() if m.stage == stage), None)

    def last(self, stage: str) -> float | None:
        """When `stage` was last reached; a turn may have several pauses and partials."""
        return next((m.at for m in reversed(self.heard()) if m.stage == stage), None)

    def data(self, stage: str) -> dict[str, Any]:
        """What belongs to `stage`, when it was last reached; empty where it was not."""
        return next((m.data for m in reversed(self.heard()) if m.stage == stage), {})

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
        return {m.stage: round(m.at - zero, 3) for m in self.heard() if m.stage != origin}


class Trace:
    """The timelines of the latest turns; any thread may mark."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: OrderedDict[int, Timeline] = OrderedDict()

    def mark(self, turn: int, stage: str, at: float, **data: Any) -> None:
        """Note that `stage` of `turn` was reached at the monotonic time `at` (s)."""
        with self._lock:
            self._timeline(turn).marks.append(Mark(stage, at, data))

    def keep(self, turn: int, take: int) -> None:
        """Note which take is the answer to `turn`."""
        with self._lock:
            self._timeline(turn).take = take

    def turn(self, turn: int) -> Timeline:
        """Return a copy of a turn's timeline; empty when nothing is known of it."""
        with self._lock:
            known = self._turns.get(turn)
            return Timeline(turn, list(known.marks), known.take) if known else Timeline(turn)

    def turns(self) -> list[int]:
        """Return the ids that are known, oldest first."""
        with self._lock:
            return list(self._turns)

    def _timeline(self, turn: int) -> Timeline:
        timeline = self._turns.get(turn)
        if timeline is None:
            timeline = self._turns[turn] = Timeline(turn)
            if len(self._turns) > KEPT_TURNS:
                self._turns.popitem(last=False)
        return timeline
