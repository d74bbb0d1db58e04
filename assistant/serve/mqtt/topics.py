"""The topics of a device, of its groups and of the whole fleet. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

EVERYBODY, GROUP = "all", "group"
"""The first is heeded by every device; below the second are the groups' own."""
CHANGE = "config/set"
"""What is published there changes settings."""
AVAILABILITY, ONLINE, OFFLINE = "availability", b"online", b"offline"
"""Where it stands whether the device is there, and the two things that stand there."""
LONGEST = 256
"""Characters of a topic that somebody wants to be answered on."""


@dataclass(frozen=True, slots=True)
class Topics:
    """What one device publishes and heeds."""

    base: str
    device: str
    groups: Sequence[str] = ()

    @property
    def root(self) -> str:
        """Where all topics of the device begin."""
        return f"{self.base}/{self.device}"

    def own(self, name: str) -> str:
        """Return a topic of the device, such as `state`."""
        return f"{self.root}/{name}"

    def subscriptions(self) -> list[str]:
        """Return what is heeded, with `+` in place of a command's name."""
        return [f"{root}/{each}" for root in self._roots() for each in ("command/+", CHANGE)]

    def order(self, topic: str) -> str:
        """Return the command's name in a topic that is heeded, or `CHANGE`."""
        if topic.endswith(f"/{CHANGE}"):
            return CHANGE
        return topic.rpartition("/")[2]

    def may_answer_on(self, topic: str) -> bool:
        """Whether an answer may be published there: never where another device would heed it."""
        return (
            0 < len(topic) <= LONGEST
            and topic.isprintable()
            and not {"+", "#"} & set(topic)
            and not topic.startswith("$")
            and (not topic.startswith(f"{self.base}/") or topic.startswith(self.own("result")))
        )

    def _roots(self) -> list[str]:
        groups = [f"{self.base}/{GROUP}/{group}" for group in self.groups]
        return [self.root, f"{self.base}/{EVERYBODY}", *groups]
