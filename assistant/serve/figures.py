"""What the assistant has counted since its start, and how the machine is: for metrics of all kinds.

`/metrics` and MQTT show the same figures.
"""

import bisect
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Literal, get_args

from assistant import machine, power, waterfall
from assistant.trace import Timeline

KEPT = 64
"""So many of the latest turns count for the median of the latencies."""
EDGES_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Upper edges of the histogram of all latencies, in s."""

Outcome = Literal["answered", "said", "stopped"]
"""A question was answered, a given sentence was spoken, or somebody ended the turn before."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Figures:
    """An observer of the daemon, see `assistant.daemon.Note`; used on its loop."""

    def __init__(
        self,
        timeline: Callable[[int], Timeline],
        clock: Callable[[], float] = time.monotonic,
        on_turn: Callable[[int, Outcome, str], None] | None = None,
    ) -> None:
        """`timeline` returns the one of a turn, `clock` monotonic s.

        ``on_turn(turn, outcome, heard)`` is told when a turn that sounded has ended, with the text
        that was audible.
        """
        self.on_turn = on_turn
        self._timeline, self._clock = timeline, clock
        self._began = clock()
        self._turns: Counter[Outcome] = Counter()
        self._failures: Counter[str] = Counter()
        self._out = 0
        self._latencies: deque[float] = deque(maxlen=KEPT)
        self._counts, self._sum = [0] * (len(EDGES_S) + 1), 0.0
        self._newest = 0
        self._sentence = -1  # the turn in which a given sentence is spoken

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        match name:
            case "ready":  # the engines were made anew, and turns are counted from the beginning
                self._newest, self._sentence = 0, -1
            case "state":
                self._newest = data["turn"]
            case "say":
                self._sentence = data["turn"]
            case "failed":
                self._failures[data["room"]] += 1
            case "sent_out":
                self._out += 1
            case "speaking_ended" if data["heard"]:
                self._ended(data["turn"], data["heard"])

    def _ended(self, turn: int, heard: str) -> None:
        # A turn that comes to its own end is the newest one until everybody has been told.
        outcome: Outcome = "said" if turn == self._sentence else "answered"
        if turn < self._newest:
            outcome = "stopped"
        self._turns[outcome] += 1
        latency = waterfall.voice_to_voice(self._timeline(turn))
        if latency is not None:
            self._latencies.append(latency)
            self._counts[bisect.bisect_left(EDGES_S, latency)] += 1
            self._sum += latency
        if self.on_turn:
            self.on_turn(turn, outcome, heard)

    def histogram(self) -> dict[str, Any]:
        """Return all latencies since the start: upper `edges` in s, `counts` up to each, `sum`."""
        return {"edges": EDGES_S, "counts": tuple(self._counts), "sum": round(self._sum, 4)}

    def told(self) -> dict[str, Any]:
        """Return the figures; what cannot be known here is None. Reads small files of the system.

        `latency_s` is from the last voiced moment of a question to the first audible one of its
        answer; `cpu_s` is what the process has used of all cores.
        """
        known = sorted(self._latencies)
        return {
            "uptime_s": round(self._clock() - self._began, 1),
            "turns": {each: self._turns[each] for each in OUTCOMES},
            "failures": dict(self._failures),
            "sent_out": self._out,
            "latency_s": round(statistics.median(known), 3) if known else None,
            "cpu_s": round(time.process_time(), 2),
            "memory_mb": _mb(machine.resident_memory()),
            "available_mb": _mb(machine.available_memory()),
            "temperature_c": power.temperature(),
        }


def _mb(number: int | None) -> float | None:
    """Return bytes as MB (10^6)."""
    return None if number is None else round(number / 1e6, 1)
