"""A stream that gives nothing but zeros: a microphone that is muted, or one that has died silently.

Any microphone hisses. So one that has been heard and then gives zeros only is opened again. Where
the new stream does not hiss at once either, it had not died: it is muted by a switch, or lets
nothing through between words, as some conference devices do. Such a one is tried ever more rarely.
"""

from assistant.audio.frames import Frame

FIRST_S, LONGEST_S = 2.0, 600.0
"""Seconds of zeros after which it is tried first, and the most; twice as many each time in vain."""
HELPED_S = 0.5
"""Sound within so many s of a new stream comes because it was opened again."""
STEADY_S = 60.0
"""So many s of sound without a long silence: it hisses, and its next zeros are suspicious again."""


class Zeros:
    """Used by one thread at a time."""

    def __init__(self) -> None:
        self._since: float | None = None  # begin of the zeros that come now, monotonic s
        self._sound: float | None = None  # begin of the sound since the last long silence
        self._tried = self._renewed = False  # for these zeros
        self._opened: float | None = None  # begin of the stream that was opened for them
        self._wait = FIRST_S

    def renewed(self) -> None:
        """Frames are of another stream from now on."""
        self._renewed = True

    def dead(self, frame: Frame) -> bool:
        """Take a frame as the device gave it; return whether it should be opened again now."""
        if self._renewed:
            self._renewed, self._opened = False, frame.time if self._tried else None
        if frame.pcm.any():
            self._hears(frame)
            return False
        if self._since is None:
            self._since = frame.time
        if self._sound is None or frame.end - self._since < self._wait:
            return False
        self._since, self._tried = frame.end, True
        self._wait = min(2 * self._wait, LONGEST_S)
        return True

    def _hears(self, frame: Frame) -> None:
        """There is sound: what has brought it back, or does it never end?"""
        if self._opened is not None and frame.time - self._opened <= HELPED_S:
            self._wait = FIRST_S
        quiet = self._since is not None and frame.time - self._since >= FIRST_S
        if self._sound is None or quiet or self._tried:
            self._sound = frame.time
        elif frame.time - self._sound >= STEADY_S:
            self._wait = FIRST_S
        self._since = self._opened = None
        self._tried = False
