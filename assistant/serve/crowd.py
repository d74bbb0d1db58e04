"""Keeps many or greedy clients of the control socket from costing memory and time without bound."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MOST = 64
"""Connections at the same time, beside those of the web page. Each may hold two lines that come
(`LINE_LIMIT`) and one that goes, so these hold some 12 MB at the most."""


class Crowd:
    """Who is connected, and who of them is only waited for; used on one loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[asyncio.StreamWriter] = set()
        self._idle: OrderedDict[asyncio.StreamWriter, None] = OrderedDict()

    def enter(self, client: asyncio.StreamWriter) -> bool:
        """Let one in, and the one who has been silent for longest out if there are too many.

        Returns whether there is room: there is none while all others are being served.
        """
        if len(self._all) >= self._most:
            if not self._idle:
                return False
            oldest, _ = self._idle.popitem(last=False)
            self._all.discard(oldest)
            oldest.transport.abort()
        self._all.add(client)
        return True

    def idle(self, client: asyncio.StreamWriter) -> None:
        """Nothing of it is in work: it may be let out."""
        if client in self._all:
            self._idle[client] = None

    def busy(self, client: asyncio.StreamWriter) -> None:
        """It has asked for something."""
        self._idle.pop(client, None)

    def leave(self, client: asyncio.StreamWriter) -> None:
        """It has gone."""
        self._all.discard(client)
        self._idle.pop(client, None)


class Pace:
    """Has requests done one after the other, with a rest as long as each took.

    So all clients together get half of the loop's time, and the one who asks once has to wait for
    one request of every other one at the most.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic s."""
        self._clock = clock
        self._lock = asyncio.Lock()

    async def do(self, work: Callable[[], T]) -> T:
        """Do `work`, which does not wait for anything, when its turn comes; return its outcome."""
        async with self._lock:
            began = self._clock()
            outcome = work()
            await asyncio.sleep(max(0.0, self._clock() - began))
        return outcome
