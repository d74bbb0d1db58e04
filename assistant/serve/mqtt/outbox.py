"""What waits to be published: of each state the newest only, of events a few. Pure."""

import threading
from collections import deque
from dataclasses import dataclass

MOST_EVENTS = 100
"""While there is no connection, the oldest of more is dropped."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be published."""

    topic: str
    payload: bytes
    retain: bool = False
    """It is a state: the broker keeps the newest and shows it to who comes later."""
    correlation: bytes | None = None
    """What an answer carries so that its question is found."""


class Outbox:
    """Any thread may put, one takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, Message] = {}
        self._due: dict[str, None] = {}  # topics, in the order in which they changed
        self._events: deque[Message] = deque(maxlen=MOST_EVENTS)
        self.dropped = 0
        """Events that were too old when there was a connection."""

    def __len__(self) -> int:
        """How many wait."""
        return len(self._due) + len(self._events)

    def put(self, message: Message) -> bool:
        """Add one; return whether there is anything new to be published."""
        with self._lock:
            if message.retain:
                if self._states.get(message.topic) == message:
                    return False
                self._states[message.topic] = message
                self._due[message.topic] = None
            else:
                self._add(message)
            return True

    def renew(self) -> None:
        """All states are to be published again: the broker may have lost them."""
        with self._lock:
            self._due = dict.fromkeys(self._states)

    def take(self) -> Message | None:
        """Return the next one, states first; None: there is none."""
        with self._lock:
            if self._due:
                topic = next(iter(self._due))
                del self._due[topic]
                return self._states[topic]
            return self._events.popleft() if self._events else None

    def give_back(self, message: Message) -> None:
        """It was taken and has not arrived; of a state the newest will do."""
        with self._lock:
            if message.retain:
                self._due.setdefault(message.topic)
            elif len(self._events) < MOST_EVENTS:
                self._events.appendleft(message)
            else:
                self.dropped += 1

    def _add(self, message: Message) -> None:
        self.dropped += len(self._events) == MOST_EVENTS
        self._events.append(message)
