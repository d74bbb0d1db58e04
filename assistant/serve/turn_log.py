"""What the log tells of the conversation: a line for each turn, without the words if not wanted."""

import logging
from collections.abc import Callable
from typing import Any

from assistant import waterfall
from assistant.logs import fields
from assistant.serve.figures import Outcome
from assistant.trace import Timeline

log = logging.getLogger(__name__)
words = logging.getLogger(f"{__name__}.words")
words.setLevel(logging.INFO)  # who wants them has said so: `log.level` does not hold them back


class TurnLog:
    """An observer of the daemon, see `assistant.daemon.Note`; used on its loop."""

    def __init__(
        self, timeline: Callable[[int], Timeline], transcripts: Callable[[], bool]
    ) -> None:
        """`timeline` returns the one of a turn; ``transcripts()``: write what is said, too."""
        self._timeline, self._transcripts = timeline, transcripts

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        match name:
            case "state":
                log.debug("%s", data["phase"], extra=fields(turn=data["turn"], phase=data["phase"]))
            case "failed":
                room = data["room"]
                log.debug("%s failed", room, extra=fields(turn=data["turn"], room=room))
            case "heard" | "asked" if self._transcripts() and data["text"]:
                words.info("heard: %s", data["text"], extra=fields(turn=data.get("turn")))
            case "reply_ended" | "say" if self._transcripts():
                words.info("answered: %s", data["text"], extra=fields(turn=data["turn"]))

    def turn(self, turn: int, outcome: Outcome, heard: str) -> None:
        """A turn that sounded has ended; see `assistant.serve.figures.Figures`."""
        latency = waterfall.voice_to_voice(self._timeline(turn))
        ms = None if latency is None else round(1000 * latency)
        log.info(
            "turn %d: %s%s",
            turn,
            outcome,
            "" if ms is None else f" after {ms} ms",
            extra=fields(turn=turn, outcome=outcome, latency_ms=ms),
        )
