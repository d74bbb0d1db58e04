"""One connection to the server: uvicorn's, with limits on those who only hold it."""

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""The headers of a request are here within so long after its first byte, or the connection."""
IDLE_S = 15.0
"""A connection between two requests is kept for so long."""
STALLED_S = 30.0
"""A client that takes nothing of its answer for so long is let go."""
HEADER_BYTES = 16 * 1024
"""Longest headers in bytes."""
FULL = json.dumps({"error": "too many connections; try again in a moment."}).encode()


class Connection(H11Protocol):
    """Refuses a connection from the `limit_concurrency`th at once, and ends one that stalls.

    uvicorn answers none of them any more when there are so many; so there never are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or tell it that there are too many."""
        full = self.limit_concurrency and len(self.connections) + 1 >= self.limit_concurrency
        super().connection_made(transport)
        if full:
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
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; headers must end in time."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._expect_headers()
        elif self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        super().pause_writing()
        self._reading_due = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it does again."""
        super().resume_writing()
        if self._reading_due:
            self._reading_due.cancel()

    def _expect_headers(self) -> None:
        if not self._headers_due:
            self._headers_due = self.loop.call_later(HEADERS_S, self.transport.abort)

    def _cancel(self) -> None:
        for timer in (self._headers_due, self._reading_due):
            if timer:
                timer.cancel()
