"""How well an engine works: when the one that stands in for it takes its place, and for how long.

Three failures in a row are no accident. The better one is tried again after a pause that doubles as
long as it goes on failing, for what was wrong (memory, a bad file, heat) may pass by itself.
"""

import threading
import time
from collections.abc import Callable

ROW = 3
"""Failures in a row after which another one takes the place."""
FIRST_S, LONGEST_S = 60.0, 3600.0
"""How long it is left alone then: twice as long after each try that fails."""


class Fitness:
    """What is known of one engine; may be used from any thread."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` gives monotonic s; ``changed()`` is called when `poor` may be another one."""
        self._clock, self._changed = clock, changed
        self._lock = threading.Lock()
        self._row = 0
        self._until = float("-inf")
        self._pause_s = FIRST_S
        self.total = 0
        """Failures since the start."""
        self.why = ""
        """What the last failure was, a sentence; empty: none since it works."""

    @property
    def resting(self) -> bool:
        """Whether the better one is left alone now."""
        return self._row >= ROW and self._clock() < self._until

    @property
    def poor(self) -> bool:
        """Whether it has failed so often that another one stands in, or is being tried again."""
        return self._row >= ROW

    @property
    def back_in_s(self) -> float:
        """In how many s the better one is tried again; 0: it works, or may be tried."""
        return max(0.0, self._until - self._clock()) if self._row >= ROW else 0.0

    def failed(self, why: str) -> None:
        """It did not do its work."""
        with self._lock:
            before, self.why = self._row, why
            self._row += 1
            self.total += 1
            if self._row >= ROW:
                self._until = self._clock() + self._pause_s
                self._pause_s = min(self._pause_s * 2, LONGEST_S)
        if before + 1 >= ROW:
            self._changed()

    def worked(self) -> None:
        """It did its work."""
        if not self._row:
            return
        with self._lock:
            before, self._row, self.why = self._row, 0, ""
            self._pause_s = FIRST_S if before < ROW else self._pause_s
        if before >= ROW:
            self._changed()

    def crashed(self, times: int, why: str) -> None:
        """It has crashed so many processes in a row before this one."""
        if times >= ROW:
            self._row = ROW - 1
            self.failed(why)
