"""The web process: binds, serves until it is told to end, and says what is in its way."""

import asyncio
import contextlib
import errno
import functools
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

import uvicorn

from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.serve.web import reach, tls
from assistant.serve.web.access import LOOPBACK, Rules, plain
from assistant.serve.web.app import Limits, build
from assistant.serve.web.buckets import Buckets
from assistant.serve.web.connection import HEADER_BYTES, IDLE_S, Connection, Encrypted
from assistant.serve.web.gate import Gate
from assistant.serve.web.house import House
from assistant.serve.web.link import Link
from assistant.serve.web.taking import Taking, pace
from assistant.serve.web.talk import MESSAGE_BYTES
from assistant.serve.web.token import Secret

log = logging.getLogger(__name__)

BACKLOG = 128
"""Connections that wait to be taken."""
GRACE_S = 2
"""Answers that are on their way get so long when the server ends."""
TICKS = 10
"""uvicorn's, in a second."""


@dataclass(frozen=True)
class Bound:
    """A socket with an address, on which nobody listens yet."""

    socket: socket.socket
    address: str
    port: int


class Server(uvicorn.Server):
    """uvicorn's, ended by `stop` or a signal, promptly, and without a word."""

    def __init__(
        self,
        config: uvicorn.Config,
        closing: asyncio.Event,
        gate: Gate,
        secret: Secret | None,
        pace: Buckets,
    ) -> None:
        super().__init__(config)
        self._closing = closing
        self._gate = gate
        self._secret = secret
        self._pace = pace
        self.interrupted = False
        """Whether Ctrl-C ended it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections of `sockets`, at the pace."""

        def protocol() -> asyncio.Protocol:
            kind: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
            return kind(config=self.config, server_state=self.server_state, app_state={})

        await self.lifespan.startup()
        taking = [Taking(each, protocol, self._pace) for each in sockets or ()]
        self.servers = cast("list[asyncio.Server]", taking)  # as far as uvicorn uses them
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all streams, then the rest."""
        self._closing.set()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Every second, see whether another token holds; whoever is here came by the old one."""
        if self._secret and counter % TICKS == 0 and self._secret.changed():
            self._gate.demand(self._secret.text)
            for connection in list(self.server_state.connections):
                connection.transport.abort()
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end it, where it runs in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            loop.remove_signal_handler(signal.SIGINT)

    def stop(self) -> None:
        """End it; asked twice, without waiting for anybody."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop()


def main(
    config: Config, ready: Callable[[str], None] = lambda _url: None, child: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the page's address.

    As a `child` it ends with its standard input too, which is a pipe that its parent holds.

    Raises `AssistantError` where it cannot, and `KeyboardInterrupt` after SIGINT.
    """
    bound = bind(config.web.host, config.web.port)
    try:
        server = make(config, bound)
        ready(reach.url(config, bound.address, bound.port))
        asyncio.run(_serve(server, bound, child))
    finally:
        bound.socket.close()
    if server.interrupted:
        raise KeyboardInterrupt


async def _serve(server: Server, bound: Bound, child: bool) -> None:
    if child:
        loop = asyncio.get_running_loop()

        def read() -> None:
            if not os.read(0, 1024):
                loop.remove_reader(0)
                server.stop()

        loop.add_reader(0, read)
    await server.serve([bound.socket])


def make(config: Config, bound: Bound) -> Server:
    """Return the server of a socket.

    Raises `BadInput` where it needs a token and has none, or a certificate cannot be used.
    """
    web, closing = config.web, asyncio.Event()
    hosts = LOOPBACK | {plain(web.host), plain(bound.address), *map(plain, web.hosts)}
    locked = reach.needs_token(config, bound.address)
    secret = Secret(config.web_token_path) if locked else None
    context = tls.load(web)
    protocol = functools.partial(Encrypted, context) if context else Connection
    app = build(
        House(Link(config.socket_path), config),
        Rules(frozenset(hosts), secret.text if secret else ""),
        Limits(body=web.body_limit, rate=web.rate),
        closing,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # not what strangers send
    return Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=protocol,  # type: ignore[arg-type]  # all that it does with it is call it
            ws=_sockets(),
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            limit_concurrency=web.connections + 1,
            timeout_keep_alive=int(IDLE_S),
            timeout_graceful_shutdown=GRACE_S,
            h11_max_incomplete_event_size=HEADER_BYTES,
        ),
        closing,
        app,
        secret,
        pace(web.rate),
    )


def _sockets() -> "type[asyncio.Protocol] | Literal['none']":
    """Return what speaks WebSocket; without its package nobody can talk from a browser."""
    try:
        from assistant.serve.web.sockets import Socket
    except ModuleNotFoundError as error:
        log.info("nobody can talk from a browser: %s is not installed.", error.name)
        return "none"
    return Socket


def bind(host: str, port: int) -> Bound:
    """Return a socket of an address; port 0 is any free one.

    Raises `BadInput` for an address that is none of this machine, `AssistantError` for a port that
    cannot be had.
    """
    family, address = reach.resolve(host, port)
    # With its protocol named, or asyncio leaves Nagle's algorithm on: 40 ms for each small piece.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)  # two that bind are told apart only here
    except OSError as error:
        bound.close()
        raise _unbound(host, port, error) from error
    return Bound(bound, *bound.getsockname()[:2])


def _unbound(host: str, port: int, error: OSError) -> AssistantError:
    match error.errno:
        case errno.EADDRINUSE:
            return AssistantError(
                "port {port} of {host} is in use; `--port` or web.port takes another.",
                port=port,
                host=host,
            )
        case errno.EADDRNOTAVAIL:
            return BadInput("web.host is {host!r}; allowed: an address of this machine.", host=host)
        case errno.EACCES:
            return AssistantError(
                "port {port} needs rights that you lack; take one above 1023.", port=port
            )
        case _:
            return AssistantError(
                "{host}, port {port}: cannot be listened on: {strerror}.",
                host=host,
                port=port,
                strerror=error.strerror,
            )
