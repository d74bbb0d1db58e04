"""What the conversation makes of a device that goes, and comes back."""

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

Soon = Callable[..., None]
"""``soon(act, *arguments)`` calls `act` on the loop, from any thread."""


class Comeback:
    """The `assistant.audio.engines.Watcher` of one daemon; its methods are for any thread."""

    def __init__(
        self,
        soon: Soon,
        failed: Callable[[str, str], None],
        tell: Callable[[str, dict[str, Any]], None],
        again: Callable[[str], None],
    ) -> None:
        """All but `soon` are called on the loop.

        ``failed(room, reason)`` when the turn cannot go on without it; ``again(room)`` when it is
        another stream now; ``tell(name, data)`` for who watches.
        """
        self._soon, self._failed, self._tell, self._again = soon, failed, tell, again
        self.missing: dict[str, str] = {}
        """Why a device is away, by room; to be read on the loop."""

    def device_lost(self, room: str, reason: str) -> None:
        """See `Watcher`. Without a microphone nobody is heard; an answer waits for its mouth."""
        self._soon(self._lost, room, reason)

    def device_late(self, room: str, reason: str) -> None:
        """See `Watcher`."""
        self._soon(self._failed, room, reason)

    def device_back(self, room: str) -> None:
        """See `Watcher`."""
        self._soon(self._back, room)

    def _lost(self, room: str, reason: str) -> None:
        log.warning("%s It is tried again until it is back.", reason)
        self.missing[room] = reason
        self._tell("device", {"room": room, "there": False, "message": reason})
        if room == "microphone":
            self._failed(room, reason)

    def _back(self, room: str) -> None:
        log.warning("the %s is back", room)
        self.missing.pop(room, None)
        self._again(room)
        self._tell("device", {"room": room, "there": True})
