"""One connection to a service on another host; nothing here waits longer than it was told."""

import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from wyoming.event import Event

from assistant.wyoming import wire
from assistant.wyoming.address import Address
from assistant.wyoming.errors import Lost

if TYPE_CHECKING:
    from wyoming.event import Eventable

CONNECT_S = 2.0
"""For the name and the connection: what is in the same house answers within milliseconds."""
LOOK_S = 0.02
"""How often it is looked whether nobody waits any more, in s."""
SIZE = 64 * 1024
"""Bytes that are read at a time."""


def never() -> bool:
    """Nobody cancels."""
    return False


class Connection:
    """Used by one thread."""

    def __init__(self, address: Address, timeout_s: float = CONNECT_S) -> None:
        """Connect. Raises `Lost`."""
        self.address = address
        self._link = _connect(address, timeout_s)
        self._reader = wire.Reader()
        self._ready: deque[Event] = deque()
        self._ended = False

    def send(self, *events: "Eventable", timeout_s: float) -> None:
        """Send events, one after the other. Raises `Lost`, also when nobody takes them in time."""
        data = b"".join(wire.to_bytes(each.event()) for each in events)
        try:
            self._link.settimeout(timeout_s)
            self._link.sendall(data)
        except TimeoutError as error:
            raise self._slow() from error
        except OSError as error:
            raise self._cut() from error

    def receive(self, timeout_s: float, cancelled: Callable[[], bool] = never) -> Event | None:
        """Return the next event, or None when it was cancelled. Raises `Lost`."""
        ends = time.monotonic() + timeout_s
        while not cancelled():
            if self._ready:
                return self._first()
            if self._ended:
                raise self._cut()
            if (left := ends - time.monotonic()) <= 0:
                raise self._slow()
            self._read(min(left, LOOK_S))
        return None

    def arrived(self) -> list[Event]:
        """Return the events that are there, without waiting. Raises `Lost`."""
        if not self._ended:
            self._read(0.0)  # once: who floods must not keep us here
        if self._ended and not self._ready:
            raise self._cut()
        return [self._first() for _ in range(len(self._ready))]

    def close(self) -> None:
        """End it."""
        self._link.close()

    def _first(self) -> Event:
        event = self._ready.popleft()
        if event.type == "error":
            said = " ".join(str(event.data.get("text", "")).split())[:200]
            raise Lost("failed", f"{self.address} failed: {said or 'it does not say why'}.")
        return event

    def _read(self, timeout_s: float) -> None:
        """Take what comes within `timeout_s` s."""
        try:
            self._link.settimeout(timeout_s)
            data = self._link.recv(SIZE)
        except (TimeoutError, BlockingIOError):
            return
        except OSError as error:
            raise self._cut() from error
        self._ended = not data
        self._ready.extend(self._reader.feed(data))

    def _cut(self) -> Lost:
        return Lost("cut", f"the connection to {self.address} broke off.")

    def _slow(self) -> Lost:
        return Lost("slow", f"{self.address} does not answer in time.")


def _connect(address: Address, timeout_s: float) -> socket.socket:
    """Connect on a thread of its own: looking up a name knows no time limit."""
    done: queue.SimpleQueue[socket.socket | Exception] = queue.SimpleQueue()
    late = threading.Event()

    def run() -> None:
        try:
            link = socket.create_connection((address.host, address.port), timeout_s)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError) as error:  # a name that can be none
            done.put(error)
            return
        if late.is_set():
            link.close()
        else:
            done.put(link)

    threading.Thread(target=run, name="connect", daemon=True).start()
    try:
        came = done.get(timeout=timeout_s)
    except queue.Empty:
        late.set()
        raise Lost("unreachable", f"{address} cannot be reached within {timeout_s:g} s.") from None
    if isinstance(came, Exception):
        why = getattr(came, "strerror", None) or str(came)
        raise Lost("unreachable", f"{address} cannot be reached: {why}.") from came
    return came
