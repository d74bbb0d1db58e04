"""A stream that gives nothing but zeros: a microphone that is muted, or one that has died silently.

Any microphone hisses. So one that has been heard and then gives zeros only is opened again; if it
is muted, that does not help, and it is tried ever more rarely.
"""

from assistant.audio.frames import Frame

FIRST_S, LONGEST_S = 10.0, 600.0
"""Seconds of zeros after which it is tried first, and the most; twice as many each time."""


class Zeros:
    """Used by one thread at a time."""

    def __init__(self) -> None:
        self._heard = False
        self._since: float | None = None
        self._wait = FIRST_S

    def dead(self, frame: Frame) -> bool:
        """Take a frame as the device gave it; return whether it should be opened again now."""
        if frame.pcm.any():
            self._heard, self._since, self._wait = True, None, FIRST_S
            return False
        if self._since is None:
            self._since = frame.time
        if not self._heard or frame.end - self._since < self._wait:
            return False
        self._since, self._wait = frame.end, min(2 * self._wait, LONGEST_S)
        return True
