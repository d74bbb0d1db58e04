"""Keeps the connection to the broker, on a thread of its own: nothing else ever waits for it."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.serve.mqtt.backoff import Backoff
from assistant.serve.mqtt.broker import Broker
from assistant.serve.mqtt.inbox import Inbox, Received
from assistant.serve.mqtt.outbox import Message, Outbox
from assistant.serve.mqtt.session import Lost, Session
from assistant.serve.mqtt.topics import AVAILABILITY, ONLINE

log = logging.getLogger(__name__)

END_S = 2.0
"""It has so long to end; a thread that hangs in the network is left behind."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the connection is."""

    connected: bool = False
    why: str = "not connected yet"
    """Why it is not; empty where it is."""


class Connection:
    """`publish` may be called from any thread; `receive` and `changed` are, from this one."""

    def __init__(
        self,
        broker: Broker,
        inbox: Inbox,
        listens: bool,
        receive: Callable[[Received], None],
        changed: Callable[[Status], None],
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
    ) -> None:
        """`receive` takes what comes in, if it `listens`; `changed` is told how it is then."""
        self.outbox = Outbox()
        self.outbox.put(Message(broker.topics.own(AVAILABILITY), ONLINE, retain=True))
        self.status = Status()
        self._broker, self._inbox, self._listens = broker, inbox, listens
        self._receive, self._changed = receive, changed
        self._clock, self._backoff = clock, backoff or Backoff()
        self._ending = threading.Event()
        self._session: Session | None = None
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye, if there is a connection, and end."""
        self._ending.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def publish(self, message: Message) -> None:
        """Let it be published as soon as there is a connection."""
        if self.outbox.put(message):
            self._wake()

    @property
    def refused(self) -> list[str]:
        """Topics that the broker does not let this device use."""
        return sorted(self._session.refused) if self._session else []

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # it has not looked since the last thousand
            self._waker.send(b"\0")

    def _run(self) -> None:
        while not self._ending.is_set():
            self._session = session = Session(
                self._broker, self.outbox, self._inbox, self._listens, self._receive, self._clock
            )
            try:
                session.run(self._woken, self._ending.is_set, self._begun)
                return
            except Lost as error:
                why = str(error)
            except Exception as error:  # what a peer says that talks no MQTT
                log.debug("mqtt", exc_info=True)
                why = f"{self._broker.address} cannot be understood: {type(error).__name__}."
            self._tell(Status(False, why))
            began = session.accepted_at
            lasted_s = 0.0 if began is None else self._clock() - began
            self._ending.wait(self._backoff.next(lasted_s))

    def _begun(self) -> None:
        self._tell(Status(True, ""))

    def _tell(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._changed(status)
