"""The web process: binds, serves until it is told to end, and says what is in its way."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.serve.web import token
from assistant.serve.web.access import LOOPBACK, Rules, is_loopback, plain
from assistant.serve.web.app import Limits, build
from assistant.serve.web.connection import HEADER_BYTES, IDLE_S, Connection
from assistant.serve.web.house import House
from assistant.serve.web.link import Link

BACKLOG = 128
"""Connections that wait to be taken."""
GRACE_S = 2
"""Answers that are on their way get so long when the server ends."""


@dataclass(frozen=True)
class Bound:
    """A socket with an address, on which nobody listens yet."""

    socket: socket.socket
    address: str
    port: int

    @property
    def url(self) -> str:
        """The address of the page, for a browser on a machine that can reach it."""
        host = _own_address(self.socket.family) if _is_any(self.address) else self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


class Server(uvicorn.Server):
    """uvicorn's, ended by `stop` or a signal, promptly, and without a word."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing
        self.interrupted = False
        """Whether Ctrl-C ended it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all streams, then the rest."""
        self._closing.set()
        await super().shutdown(sockets)

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
        ready(bound.url)
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
    """Return the server of a socket. Raises `BadInput` where it needs a token and has none."""
    web, closing = config.web, asyncio.Event()
    hosts = LOOPBACK | {plain(web.host), plain(bound.address), *map(plain, web.hosts)}
    secret = token.load_or_make(config.web_token_path) if needs_token(config, bound) else ""
    app = build(
        House(Link(config.socket_path)),
        Rules(frozenset(hosts), secret),
        Limits(body=web.body_limit, rate=web.rate),
        closing,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # not what strangers send
    return Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=Connection,
            ws="none",
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
    )


def needs_token(config: Config, bound: Bound) -> bool:
    """Whether others than this machine's users may come in: by its address, or by a proxy."""
    web = config.web
    return bool(not is_loopback(bound.address) or web.hosts or web.token_file)


def bind(host: str, port: int) -> Bound:
    """Return a socket of an address; port 0 is any free one.

    Raises `BadInput` for an address that is none of this machine, `AssistantError` for a port that
    cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise BadInput(f"web.host is {host!r}; allowed: an address of this machine.") from None
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)  # two that bind are told apart only here
    except OSError as error:
        bound.close()
        raise _unbound(host, port, error) from error
    return Bound(bound, *bound.getsockname()[:2])


def page_url(config: Config) -> str:
    """Return the page's address as the settings have it, whether it is served or not."""
    with socket.socket(socket.AF_INET6 if ":" in config.web.host else socket.AF_INET) as unused:
        return Bound(unused, config.web.host, config.web.port).url


def _unbound(host: str, port: int, error: OSError) -> AssistantError:
    match error.errno:
        case errno.EADDRINUSE:
            return AssistantError(
                f"port {port} of {host} is in use; `--port` or web.port takes another."
            )
        case errno.EADDRNOTAVAIL:
            return BadInput(f"web.host is {host!r}; allowed: an address of this machine.")
        case errno.EACCES:
            return AssistantError(f"port {port} needs rights that you lack; take one above 1023.")
        case _:
            return AssistantError(f"{host}, port {port}: cannot be listened on: {error.strerror}.")


def _is_any(address: str) -> bool:
    return address in ("0.0.0.0", "::")


def _own_address(family: socket.AddressFamily | int) -> str:
    """Return the address by which this machine reaches others; nothing is sent."""
    far, near = ("2001:db8::1", "::1") if family == socket.AF_INET6 else ("192.0.2.1", "127.0.0.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return near
