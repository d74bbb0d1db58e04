"""WebSocket connections to the server: uvicorn's, counted and limited as all others."""

import asyncio

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from assistant.serve.web.connection import STALLED_S, who


class Socket(WSProtocol):
    """Ends a connection whose client takes nothing any more."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it for its address."""
        self.who = who(transport)
        self._reading_due: asyncio.TimerHandle | None = None
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._reading_due:
            self._reading_due.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        super().pause_writing()
        self._reading_due = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it does again."""
        super().resume_writing()
        if self._reading_due:
            self._reading_due.cancel()
