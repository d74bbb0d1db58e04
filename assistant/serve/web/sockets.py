"""WebSocket connections to the server: uvicorn's, counted and limited as all others."""

import asyncio

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from assistant.serve.web.connection import Stalling, who


class Socket(Stalling, WSProtocol):
    """Counted for its address; ends when its client takes nothing any more."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it."""
        self.who = who(transport)
        super().connection_made(transport)
