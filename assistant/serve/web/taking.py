"""Takes connections, no faster than the machine can spare for strangers.

Whoever is refused has been read and answered before, which costs a core half a millisecond: a
thousand of them a second slow down the voice. Those beyond the pace wait where the kernel keeps
them, and cost nothing.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

from assistant.serve.web.buckets import Buckets

ALIKE, LEAST = 5, 20.0
"""So many addresses may come as fast as one may ask, and at least so many connections a second."""
PAUSE_S = 0.5
"""After a connection that could not be taken: all files are in use, perhaps."""


def pace(rate: float) -> Buckets:
    """Return the pace of connections where one address may ask `rate` times a second."""
    return Buckets(max(LEAST, ALIKE * rate), time.monotonic)


class Taking:
    """Takes connections of one listening socket; what asyncio's own server is for uvicorn."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        pace: Buckets,
    ) -> None:
        """`listening` does listen; each connection is given to a `protocol` of its own."""
        self._listening, self._protocol, self._pace = listening, protocol, pace
        listening.setblocking(False)
        self._task = asyncio.get_running_loop().create_task(self._take())

    def close(self) -> None:
        """Take no more."""
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Wait until no more are taken."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while wait_s := self._pace.take(""):
                await asyncio.sleep(wait_s)
            try:
                taken, _ = await loop.sock_accept(self._listening)
            except OSError:
                await asyncio.sleep(PAUSE_S)
                continue
            try:
                await loop.connect_accepted_socket(self._protocol, taken)
            except OSError:  # it is gone already
                taken.close()
