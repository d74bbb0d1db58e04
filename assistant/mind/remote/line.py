"""Hangs up on a server as soon as nobody waits for it, whatever the thread that reads is doing.

A server that is overloaded answers late, and those who gave up would still stand in its queue: it
would work for them and come late to everybody else.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

LOOK_S = 0.05
"""How often it looks whether somebody still waits, in s."""
OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
"""What httpx tells (its `trace` extension) when there is a connection; the last one is used."""


class Line:
    """The connection of one request, a context manager around it."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        """`cancelled()` tells, on a thread of its own, that nobody waits any more."""
        self._cancelled = cancelled
        self._socket: socket.socket | None = None
        self._ended = threading.Event()

    def trace(self, name: str, info: dict[str, Any]) -> None:
        """Learn of the connection; for httpx."""
        if name in OPENED:
            self._socket = info["return_value"].get_extra_info("socket")

    def __enter__(self) -> "Line":
        threading.Thread(target=self._watch, name="remote line", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            if self._cancelled() and self._socket:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    # That of TLS would wait for the thread that reads, or take away what it uses.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                return
