"""One connection to the server: uvicorn's, with limits on those who only hold it."""

import asyncio
import contextlib
import json
import math
import ssl
from collections.abc import Collection
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from assistant.serve.web.buckets import group

HEADERS_S = 10.0
"""The headers of a request are here within so long after its first byte, or the connection."""
IDLE_S = 15.0
"""A connection between two requests is kept for so long."""
STALLED_S = 30.0
"""A client that takes nothing of its answer for so long is let go."""
HEADER_BYTES = 16 * 1024
"""Longest headers in bytes."""
SHARE = 0.75
"""So much of all connections one address may have: who holds them is alone in what it does."""
GOODBYE_S = 1.0
"""The end of an encrypted connection is waited for so long."""
FULL = json.dumps({"error": "too many connections; try again in a moment."}).encode()


class Stalling(asyncio.Protocol):
    """Beside one of uvicorn's protocols: ends a connection whose client takes nothing any more."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _reading_due: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_no_more()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        super().pause_writing()
        self._reading_due = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it does again."""
        super().resume_writing()
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        if self._reading_due:
            self._reading_due.cancel()


class Connection(Stalling, H11Protocol):
    """Refuses a connection from the `limit_concurrency`th at once, and ends one that stalls.

    uvicorn answers none of them any more when there are so many; so there never are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.who = ""
        """Whom it is counted for."""
        self._headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or tell it that there are too many."""
        self.who = who(transport)
        full = is_full(self.connections, self.who, self.limit_concurrency)
        super().connection_made(transport)
        if full:
            self.connections.discard(self)  # or a crowd that is sent away fills it in one moment
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
                b"retry-after: 3\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(FULL), FULL)
            )
            transport.close()
        else:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._headers_due:
            self._headers_due.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; headers must end in time."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._expect_headers()
        elif self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None

    def _expect_headers(self) -> None:
        if not self._headers_due:
            self._headers_due = self.loop.call_later(HEADERS_S, self.transport.abort)


class Encrypted(asyncio.Protocol):
    """A connection that has to speak TLS first: it counts from its first packet on, and has to be
    as quick as one with headers. asyncio's own way would let any number wait here for a minute.
    """

    def __init__(self, context: ssl.SSLContext, **given: Any) -> None:
        """`given` is what uvicorn gives to a `Connection`."""
        self._context = context
        self._given = given
        self._connections: set[Any] = given["server_state"].connections
        self._read: list[bytes] = []
        """What came right behind the handshake."""
        self._gone = False
        self.transport: asyncio.Transport
        self.who = ""
        """Whom it is counted for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with TLS, where there is room."""
        self.transport, self.who = transport, who(transport)
        transport.pause_reading()
        if is_full(self._connections, self.who, self._given["config"].limit_concurrency):
            transport.abort()  # a sentence would cost a handshake
            return
        self._connections.add(self)
        tasks: set[asyncio.Task[None]] = self._given["server_state"].tasks
        task = asyncio.get_running_loop().create_task(self._greet())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def data_received(self, data: bytes) -> None:
        """Keep what is for the `Connection` that comes."""
        self._read.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self._gone = True

    def shutdown(self) -> None:
        """End it; the server ends."""
        self.transport.abort()

    async def _greet(self) -> None:
        secured: asyncio.Transport | None = None
        try:
            with contextlib.suppress(OSError):  # no TLS, too slow, or gone: nobody to tell
                secured = await asyncio.get_running_loop().start_tls(
                    self.transport,
                    self,
                    self._context,
                    server_side=True,
                    ssl_handshake_timeout=HEADERS_S,
                    ssl_shutdown_timeout=GOODBYE_S,
                )
        finally:
            self._connections.discard(self)
        if secured is None or self._gone:
            self.transport.abort()
            return
        inner = Connection(**self._given)
        inner.connection_made(secured)
        secured.set_protocol(inner)
        for data in self._read:
            inner.data_received(data)


def who(transport: asyncio.BaseTransport) -> str:
    """Return whom a connection is counted for."""
    peer = transport.get_extra_info("peername")
    return group(str(peer[0])) if isinstance(peer, tuple) and peer else ""


def is_full(connections: Collection[Any], address: str, limit: int | None) -> bool:
    """Whether there is no room for one more below `limit`, in all or for its address."""
    if limit is None:
        return False
    of_it = sum(getattr(each, "who", None) == address for each in connections)
    return len(connections) + 1 >= limit or of_it >= math.ceil(SHARE * (limit - 1))
