"""The way of the sound from the loudspeaker to the microphone, and how it is taken out again."""

import logging
from collections.abc import Callable

import numpy as np

from assistant.audio.echo.canceller import Canceller
from assistant.audio.echo.delay import DelayFinder
from assistant.audio.echo.judge import Judge
from assistant.audio.echo.reference import Reference
from assistant.audio.echo.shift import Shift
from assistant.audio.echo.steady import SteadyClock
from assistant.audio.frames import RATE, Frame, Pcm, Source

log = logging.getLogger(__name__)

FULL_SCALE = 32768.0
MARGIN_S = 0.008
"""The echo shall begin so much later than its reference: stamps wander, no filter foresees."""
AT_ONCE_S = 0.003
"""Heard this much after its stamp a sound has been noted for certain, unless it is lost."""
LATEST_S = 0.03
"""An echo that begins later than this wastes what the filter can remember: it is aligned anew."""


class EchoPath:
    """Cleans the frames of one microphone of what one loudspeaker plays.

    What `tapped` returns is for the audio callback, `clean` for the microphone's thread.
    """

    def __init__(
        self, canceller: Canceller, tail: float, on_usable: Callable[[bool], None]
    ) -> None:
        """`tail` in s: what it knows of echo.

        ``on_usable(usable)`` is told, on the microphone's thread, when the loudspeaker can be heard
        no longer in what is cleaned, and when it can be heard again.
        """
        self._canceller, self._tail, self._on_usable = canceller, tail, on_usable
        self._shift: Shift | None = None  # while it is looked how far the echo has moved
        self._reference: Reference | None = None
        self._finder, self._judge = DelayFinder(), Judge()
        self._warned = self._found = self._renewed = False
        self._heard = SteadyClock(RATE)
        self._number = 0  # samples heard
        self.delay = -MARGIN_S
        """How much later than the stamps say a sound is heard, in s; a little less than that."""

    def play_at(self, rate: int) -> None:
        """The loudspeaker plays at `rate` Hz; before it is known nothing sounds."""
        self._reference = Reference(rate)

    @property
    def usable(self) -> bool | None:
        """Whether the loudspeaker is not heard in what is cleaned; None: it has not sounded yet."""
        return self._judge.usable

    def tapped(self, source: Source) -> Source:
        """Return `source`, of which all that it gives is known here; for the audio callback."""

        def tap(out: Pcm, audible_at: float) -> None:
            source(out, audible_at)
            if reference := self._reference:
                reference.sounded(out, audible_at)

        return tap

    def renew(self) -> None:
        """Another microphone or loudspeaker may be there now: learn anew; from any thread."""
        self._renewed = True

    def clean(self, frame: Frame) -> Frame:
        """Return `frame` without the echo; as it is while nothing can be heard."""
        if self._renewed:
            self._forget()
        far = self._far(frame)
        if far is None:
            self._judge.quiet(frame.pcm)
            return frame
        cleaned = self._canceller.cancel(frame.pcm, far)
        if self._shift:
            self._follow(self._shift, frame.pcm)
        elif (late := self._finder.feed(frame.pcm, far)) is not None:
            self._align(late)
        if (usable := self._judge.feed(frame.pcm, cleaned, far)) is not None:
            self._on_usable(usable)
        if self._judge.hopeless and not self._warned:
            self._warned = True
            log.warning(
                "the microphone hears the loudspeaker, and it cannot be taken out: while it speaks "
                "only wake and stop words are heard; docs/audio.md says what helps"
            )
        loud = float(np.sqrt(np.mean(np.square(frame.pcm, dtype=np.float32))))
        return Frame(cleaned, frame.time, loud)

    def _far(self, frame: Frame) -> Pcm | None:
        """Return what sounded at the loudspeaker while `frame` was heard; None: nothing."""
        step = self._heard.stamp(self._number, frame.time)
        begin = self._heard.time(self._number) - self.delay
        self._number += len(frame.pcm)
        end = self._heard.time(self._number) - self.delay
        if (reference := self._reference) is None:
            return None
        moved = reference.update()
        step = moved if step is None else step
        if step is not None and self._judge.usable:
            self._shift, self._canceller.learns = Shift(step), False
        if not reference.sounds(begin - self._tail):
            return None
        early = AT_ONCE_S - self.delay
        if not self._found and early > 0 and (missing := reference.missing(end)):
            late = min(early, missing)
            begin, end, self.delay = begin - late, end - late, self.delay + late
        return reference.read(begin, end, len(frame.pcm))

    def _follow(self, shift: Shift, near: Pcm) -> None:
        """A device's time has jumped: before anything is learned, see where the echo is now."""
        if (expected := self._canceller.expected) is not None:
            heard = np.divide(near, FULL_SCALE, dtype=np.float32)
            self.delay += shift.feed(heard, expected)
        if shift.over or expected is None:
            self._shift, self._canceller.learns = None, True

    def _forget(self) -> None:
        """Until it has learned again, what is cleaned cannot be trusted."""
        self._renewed = self._found = False
        self._shift, self._canceller.learns = None, True
        self._finder.reset()
        self._canceller.reset()
        usable, self._judge = self._judge.usable, Judge()
        self._heard, self._number, self.delay = SteadyClock(RATE), 0, -MARGIN_S
        if usable:
            self._on_usable(False)

    def _align(self, late: float) -> None:
        """The echo begins `late` s after its reference."""
        self._found = True
        if MARGIN_S / 2 <= late <= LATEST_S:
            return
        self.delay += late - MARGIN_S
        log.info("the loudspeaker is heard %.0f ms later than its stamps say", self.delay * 1000)
        self._finder.reset()
        self._canceller.reset()
