"""What has come from the broker: which of it is heeded, and what the others are told. Pure."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from assistant.errors import BadInput
from assistant.serve.mqtt.orders import Order, named, read
from assistant.serve.mqtt.topics import CHANGE, Topics
from assistant.serve.web.buckets import Buckets

log = logging.getLogger(__name__)

REMEMBERED = 512
"""So many of the latest messages are known again."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the broker."""

    topic: str
    payload: bytes
    mid: int = 0
    """The broker's number for it; 0 for those that it does not repeat."""
    again: bool = False
    """The broker is not sure whether it was received before (DUP)."""
    retained: bool = False
    """It was published before this device connected, and kept."""
    answer_on: str = ""
    """The response topic that the client wants (MQTT 5); empty: none."""
    correlation: bytes | None = None
    """What the answer shall carry."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not done."""

    why: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Repeated:
    """It was done, or refused, before."""

    id: str


class Inbox:
    """Decides about one message after another; of one thread."""

    def __init__(self, topics: Topics, rate: float, clock: Callable[[], float]) -> None:
        """`rate` is the commands a second, `clock` gives monotonic s."""
        self._topics, self._clock = topics, clock
        self._buckets = Buckets(rate, clock)
        self._seen: OrderedDict[Hashable, None] = OrderedDict()
        self._session = 0
        self._flooded = False
        self.pause_until = float("-inf")
        """Who sends too much is read slowly: nothing need be taken before this monotonic time."""

    def new_session(self) -> None:
        """The broker has begun to count anew: its numbers mean other messages now."""
        self._session += 1

    def take(self, message: Received) -> Order | Refused | Repeated | None:
        """Return what is to be done about it; None: nothing, and nobody is told."""
        name = self._topics.order(message.topic)
        if message.retained and name != CHANGE:  # it was meant for another time
            log.info("%s: ignored, for it was retained by the broker", message.topic)
            return None
        if not message.payload and name == CHANGE:  # how a retained one is removed
            return None
        if message.mid and not self._first(self._print(message)) and message.again:
            return None
        if wait_s := self._buckets.take(""):
            return self._flood(wait_s)
        self._flooded = False
        try:
            order = read(name, message.payload)
        except BadInput as error:
            return Refused(str(error), named(message.payload))
        if order.id and not self._first((order.name, order.id)):
            return Repeated(order.id)
        return order

    def _flood(self, wait_s: float) -> Refused | None:
        """Tell of it once; what else comes too soon is not worth a message."""
        self.pause_until = self._clock() + wait_s
        if self._flooded:
            return None
        self._flooded = True
        return Refused("too many commands at once; those are not done. See mqtt.rate.")

    def _print(self, message: Received) -> Hashable:
        """Return what tells a message from others, but not from its own repetition."""
        content = hashlib.blake2b(message.topic.encode() + b"\0" + message.payload).digest()
        return self._session, message.mid, content

    def _first(self, key: Hashable) -> bool:
        """Whether it is seen for the first time."""
        known = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return not known
