"""How long to wait before the next attempt. Pure."""

import random
from collections.abc import Callable

FIRST_S, LONGEST_S = 1.0, 120.0
"""Doubled from the first to the longest."""
STEADY_S = 60.0
"""After a connection of so long the first attempt comes soon again."""


class Backoff:
    """Exponential, with jitter: a fleet must not come back in one moment."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        """``uniform(a, b)`` returns a random number between the two."""
        self._uniform = uniform
        self._pause_s = FIRST_S

    def next(self, lasted_s: float) -> float:
        """Return the s to wait after a connection that lasted `lasted_s`; 0: there was none."""
        if lasted_s >= STEADY_S:
            self._pause_s = FIRST_S
        pause = self._pause_s
        self._pause_s = min(pause * 2, LONGEST_S)
        return self._uniform(pause / 2, pause)
