"""The timers of the server: they ring here, though it may have gone meanwhile. Pure."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

GRACE_S = 3.0
"""While the server is there it says when a timer is over; without a word it is over this much
later."""
MOST = 100
"""More timers are not known."""


@dataclass(slots=True)
class _Timer:
    name: str
    due: float | None
    """In the clock's s; None: it is paused."""


class Timers:
    """What is known of them, by their ids."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic s."""
        self._clock = clock
        self._timers: dict[str, _Timer] = {}
        self._rung: deque[str] = deque(maxlen=MOST)  # without a word of the server

    def __len__(self) -> int:
        """How many there are."""
        return len(self._timers)

    def start(self, id: str, seconds: float, name: str = "") -> None:
        """One runs for so many s from now."""
        if len(self._timers) < MOST or id in self._timers:
            self._timers[id] = _Timer(name, self._clock() + seconds)

    def update(self, id: str, seconds: float, active: bool) -> None:
        """One has so many s left, if it is `active`; else it is paused."""
        if timer := self._timers.get(id):
            timer.due = self._clock() + seconds if active else None

    def cancel(self, id: str) -> None:
        """One is no more."""
        self._timers.pop(id, None)

    def finish(self, id: str) -> bool:
        """One is over, the server says; return whether it has not rung yet."""
        self._timers.pop(id, None)
        return id not in self._rung

    def take_due(self, served: bool) -> list[str]:
        """Return those that are over without a word of the server, and forget them.

        `served`: the server is there.
        """
        now = self._clock() - (GRACE_S if served else 0.0)
        over = [
            id for id, timer in self._timers.items() if timer.due is not None and timer.due <= now
        ]
        for id in over:
            del self._timers[id]
        self._rung.extend(over)
        return over

    def wait_s(self, served: bool) -> float | None:
        """Return in how many s `take_due` is worth a call; None: no timer runs."""
        dues = [timer.due for timer in self._timers.values() if timer.due is not None]
        if not dues:
            return None
        return max(0.0, min(dues) + (GRACE_S if served else 0.0) - self._clock())
