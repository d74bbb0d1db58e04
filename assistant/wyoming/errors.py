"""What can go wrong with a service on another host."""

from typing import Literal

from assistant.errors import AssistantError

Fault = Literal["unreachable", "failed", "malformed", "cut", "slow", "endless"]
"""No such host or nobody listens; an error of its own; not this protocol; the connection ended in
the middle; too long without a word; too much."""


class Lost(AssistantError):
    """The other host did not do what was asked."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault: Fault = fault
