"""What can go wrong with a model on another machine."""

from enum import StrEnum

from assistant.errors import AssistantError


class Fault(StrEnum):
    """The kinds, as the log and the tests know them."""

    UNREACHABLE = "unreachable"
    """No such name, nobody listens, no trust (TLS), or no answer in time."""
    REFUSED = "refused"
    """The key or the request is not accepted; trying again does not help."""
    BUSY = "busy"
    """Too many requests; `retry_after_s` says when to come again."""
    FAILED = "failed"
    """The server has an error of its own."""
    MALFORMED = "malformed"
    """Something answers, but not such a server (a captive portal, for example)."""
    CUT = "cut"
    """The connection ended in the middle."""
    SLOW = "slow"
    """Too long without a word."""
    ENDLESS = "endless"
    """It goes on and on."""


class RemoteFailed(AssistantError):
    """The other machine gave no answer, or not a whole one."""

    def __init__(self, fault: Fault, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.retry_after_s = retry_after_s
        """Seconds that the server asks to wait, where it does."""
