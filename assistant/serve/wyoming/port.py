"""Listens on a port and gives each client its talk, within limits."""

import asyncio
import logging
import math
import socket
from collections.abc import Awaitable, Callable, Sequence

from wyoming.error import Error

from assistant.errors import AssistantError, BadInput, Busy
from assistant.serve.wyoming import gate
from assistant.serve.wyoming.peer import Peer
from assistant.wyoming.wire import clean

log = logging.getLogger(__name__)

Serve = Callable[[Peer], Awaitable[None]]
"""Talks with a client until it returns, or raises `AssistantError` or `OSError`."""

SHARE = 0.75
"""So much of all connections one address may have."""
BACKLOG = 16
KEEP = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)
"""A client whose plug was pulled is known to be gone after 25 s."""


class Port:
    """One port; `start` it in a running loop, and `stop` it."""

    def __init__(
        self, host: str, port: int, serve: Serve, *, allowed: Sequence[gate.Network], most: int
    ) -> None:
        """`most` clients at the same time, of the networks that are `allowed`; none: of all."""
        self._host, self._port, self._serve = host, port, serve
        self._allowed, self._most = allowed, most
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], str] = {}

    async def start(self) -> tuple[str, int]:
        """Listen; return the address and the port. Raises `AssistantError` when it cannot."""
        try:
            self._server = await asyncio.start_server(
                self._connected, self._host, self._port, backlog=BACKLOG, limit=64 * 1024
            )
        except socket.gaierror:
            raise BadInput(
                "wyoming.host is {host!r}; allowed: an address of this machine.", host=self._host
            ) from None
        except OSError as error:
            raise AssistantError(
                "{host}, port {port}: cannot be listened on ({error}); wyoming.host, "
                "wyoming.port and wyoming.satellite_port choose another place.",
                host=self._host,
                port=self._port,
                error=error.strerror or error,
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def stop(self) -> None:
        """Listen no more, and let all clients go."""
        if self._server:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        if not gate.may_connect(self._allowed, peer.address):
            log.info("wyoming: %s may not connect (wyoming.allow)", peer.address)
            peer.hang_up()
            return
        full = self._full(peer.address)
        task = asyncio.create_task(self._client(peer, full))
        self._clients[task] = peer.address
        task.add_done_callback(self._clients.pop)

    async def _client(self, peer: Peer, full: bool) -> None:
        try:
            if full:
                log.info("wyoming: %s: too many connections", peer.address)
                await peer.say(Error("too many connections; try again in a moment.", "busy"))
            else:
                peer.keep(KEEP)
                await self._talk(peer)
        except OSError:
            log.debug("wyoming: %s was let go", peer.address)
        except asyncio.CancelledError:  # the assistant ends
            peer.hang_up()
            raise
        finally:
            await peer.close()

    def _full(self, address: str) -> bool:
        of_it = sum(each == address for each in self._clients.values())
        return len(self._clients) >= self._most or of_it >= math.ceil(SHARE * self._most)

    async def _talk(self, peer: Peer) -> None:
        """Let both sides speak until one ends."""
        listening = asyncio.create_task(peer.listen())
        serving = asyncio.create_task(self._served(peer))
        try:
            await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, serving):
                task.cancel()
            await asyncio.gather(listening, serving, return_exceptions=True)

    async def _served(self, peer: Peer) -> None:
        try:
            await self._serve(peer)
        except AssistantError as error:
            # Clients that do not know `error` notice the end of the connection.
            await peer.say(Error(text=clean(str(error)), code=_code(error)))
        except OSError:
            log.debug("wyoming: %s was let go", peer.address)
        except Exception:
            log.exception("wyoming: %s", peer.address)


def _code(error: AssistantError) -> str:
    """Return a word for programs that says whose fault it is."""
    match error:
        case Busy():
            return "busy"
        case BadInput():
            return "input"
        case _:
            return "failed"
