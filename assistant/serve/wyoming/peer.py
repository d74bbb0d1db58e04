"""One connection to a client; whatever it does costs little and holds up nobody."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable

from wyoming.event import Event, Eventable
from wyoming.ping import Pong

from assistant.serve.wyoming.pace import Pace
from assistant.wyoming.errors import Lost
from assistant.wyoming.wire import Reader, clean, to_bytes

log = logging.getLogger(__name__)

PART = 256 * 1024
"""Longest data or payload of an event in bytes: 8 s of 16 kHz sound."""
BLOCK = 16 * 1024
"""Bytes that are read at a time."""
WAITING = 16
"""Events that may wait to be looked at; then the client has to wait."""
RATE, BURST = 512 * 1024, 2 * 1024 * 1024
"""Bytes a second, and at once: 16 times real time, after the first minute of sound."""
EVENT = 1024
"""An event costs as much as so many bytes."""
STALLED_S = 15.0
"""A client that takes nothing for so long is let go."""
UNSENT = 512 * 1024
"""So is one for which so many bytes wait."""
TEXT = 200
"""Longest text of a ping that is sent back, in characters."""


class Peer:
    """Used on the loop. All that is said to it raises `OSError` when it is gone or stalled."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._events: asyncio.Queue[Event] = asyncio.Queue(WAITING)
        self._pace = Pace(RATE, BURST, time.monotonic)
        self.address = str((writer.get_extra_info("peername") or ("",))[0])
        self.pinged = False
        """It has asked whether we are here, so it can be asked too."""
        self.last = time.monotonic()
        """When something came from it."""

    def keep(self, options: Iterable[tuple[int, int, int]]) -> None:
        """Set options of the socket."""
        link = self._writer.get_extra_info("socket")
        for option in options:
            link.setsockopt(*option)

    async def listen(self) -> None:
        """Take what the client says, until it goes or says what is not of this protocol."""
        reader = Reader(PART)
        with contextlib.suppress(OSError):
            try:
                while data := await self._reader.read(BLOCK):
                    self.last = time.monotonic()
                    count = 0
                    for event in reader.feed(data):
                        count += 1
                        await self._take(event)
                    await asyncio.sleep(self._pace.spend(len(data) + EVENT * count))
            except Lost as error:
                log.info("wyoming: %s: %s", self.address, error)

    async def _take(self, event: Event) -> None:
        if event.type == "ping":
            self.pinged = True
            text = event.data.get("text")
            self.post(Pong(text=clean(text[:TEXT]) if isinstance(text, str) else None))
        else:
            await self._events.put(event)

    async def hear(self, seconds: float | None) -> Event:
        """Return the next event. Raises `TimeoutError` when none comes for so many s."""
        async with asyncio.timeout(seconds):
            return await self._events.get()

    async def say(self, *said: Eventable) -> None:
        """Send events, and wait until the client takes what there is."""
        self._writer.write(b"".join(to_bytes(each.event()) for each in said))
        async with asyncio.timeout(STALLED_S):
            await self._writer.drain()

    def post(self, *said: Eventable) -> None:
        """Send events without waiting; a client that takes nothing is let go."""
        if self._writer.is_closing():
            return
        self._writer.write(b"".join(to_bytes(each.event()) for each in said))
        if self._writer.transport.get_write_buffer_size() > UNSENT:
            self.hang_up()

    def hang_up(self) -> None:
        """End it at once; what was not taken yet is lost."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """End it; what was said is still sent, if the client takes it."""
        self._writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(STALLED_S):
                await self._writer.wait_closed()
        self.hang_up()
