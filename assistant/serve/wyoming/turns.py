"""Ears and mouth for several clients: one after the other, each for a piece of its work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from assistant.errors import Busy

T = TypeVar("T")

PATIENCE_S = 60.0
"""Longest time for which a client waits for its turn."""
RETRY_S = 0.2
"""How often it is looked whether others, such as the web page, have done with it."""


class Turns:
    """The queue for one of the two."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._queue = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody has a turn, or waits for one."""
        return self._queue > 0

    async def of(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what comes of ``work()``, when it is its turn. Raises `Busy` if that is too late.

        `work` itself may raise `Busy` while others have what it needs; then it is done again.
        """
        until = time.monotonic() + PATIENCE_S
        self._queue += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._lock.acquire()
            try:
                return await self._again(work, until)
            finally:
                self._lock.release()
        except TimeoutError:
            raise Busy(round(PATIENCE_S)) from None
        finally:
            self._queue -= 1

    async def _again(self, work: Callable[[], Awaitable[T]], until: float) -> T:
        while True:
            try:
                return await work()
            except Busy:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(RETRY_S)
