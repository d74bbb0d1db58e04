"""Virtual time: what is to happen, in order, as fast as it can be computed."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any


class Clock:
    """Time stands still while something happens."""

    def __init__(self, now: float) -> None:
        """`now` in s."""
        self.now = now
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []

    def after(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Let `act` happen in so many s."""
        entry = (self.now + max(0.0, seconds), next(self._order), act, arguments)
        heapq.heappush(self._waiting, entry)

    def run(self, until: float) -> None:
        """Let everything happen that is to happen until then."""
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, act, arguments = heapq.heappop(self._waiting)
            act(*arguments)
        self.now = until
