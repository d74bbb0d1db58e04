"""When a service that failed is asked again; until then what is installed here does its work."""

import time
from collections.abc import Callable

FIRST_S, LONGEST_S = 5.0, 120.0
"""How long it is left alone: twice as long after each failure in a row."""


class Pauses:
    """What is known of one service."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic s."""
        self._clock = clock
        self._pause_s = FIRST_S
        self._until = float("-inf")

    @property
    def over(self) -> bool:
        """Whether it may be asked."""
        return self._clock() >= self._until

    def failed(self) -> None:
        """It failed: leave it alone for a while."""
        self._until = self._clock() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_S)

    def succeeded(self) -> None:
        """It is well."""
        self._pause_s = FIRST_S
