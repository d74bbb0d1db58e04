"""Where the last voiced sound was, by its energy alone.

A voice activity detector is late by some tens of milliseconds and by how much is its own affair.
Latency is counted from the sound itself, by the rule of `assistant.audio.edges`, frame by frame.
"""

from assistant.audio.edges import FLOOR_DBFS, RANGE_DB, WINDOW_S
from assistant.audio.frames import RATE, Frame
from assistant.ears.level import dbfs

WINDOW = int(RATE * WINDOW_S)


class Voiced:
    """Follows one utterance."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self.end: float | None = None
        """`time.monotonic` s just after the last voiced window; None: there was none."""
        self._loudest = -120.0

    def feed(self, frame: Frame) -> None:
        """Take the next frame."""
        for at in range(0, len(frame.pcm), WINDOW):
            level = dbfs(frame.pcm[at : at + WINDOW])
            self._loudest = max(self._loudest, level)
            if level > max(FLOOR_DBFS, self._loudest - RANGE_DB):
                self.end = frame.time + min(at + WINDOW, len(frame.pcm)) / RATE
