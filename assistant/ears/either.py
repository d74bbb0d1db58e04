"""A recogniser on another host, and the one that is installed here when that does not answer."""

import logging
from collections.abc import Callable, Sequence

from assistant.audio.frames import Pcm
from assistant.ears.recogniser import Recogniser, Transcript, Weighing
from assistant.ears.wyoming import WyomingRecogniser
from assistant.wyoming.errors import Lost
from assistant.wyoming.pauses import Pauses

log = logging.getLogger(__name__)


class EitherRecogniser:
    """A `Recogniser`. Nothing of an utterance is lost when it changes hands; used by one thread.

    After that the far one is left alone for a while. The local one is loaded when it is first
    wanted: whoever hears with another host has little memory.
    """

    name = "wyoming"
    streaming = True

    def __init__(
        self, far: WyomingRecogniser, make_local: Callable[[], Recogniser], pauses: Pauses
    ) -> None:
        self._far, self._make_local, self._pauses = far, make_local, pauses
        self._local: Recogniser | None = None
        self._now: Recogniser = far

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        self._far.start()
        self._now = self._far if self._pauses.over else self._here()

    def feed(self, pcm: Pcm) -> str | None:
        """Take samples (any number, int16, mono, 16 kHz); return the partial if it changed."""
        try:
            return self._now.feed(pcm)
        except Lost as error:
            return self._take_over(error)

    def settle(self) -> str:
        """Return the text of all that was fed, and go on with the utterance."""
        try:
            text = self._now.settle()
        except Lost as error:
            self._take_over(error)
            return self._now.settle()
        if self._now is self._far:
            self._pauses.succeeded()
        return text

    def finish(self) -> Transcript:
        """End the utterance and return its text."""
        if self._now is self._far:
            self.settle()
        return self._now.finish()

    def nearest(self, phrases: Sequence[str], skip: float = 0.0) -> tuple[str, float] | None:
        """See `Weighing`. The far one is not asked: it only writes what it hears."""
        now = self._now
        return now.nearest(phrases, skip) if isinstance(now, Weighing) else None

    def close(self) -> None:
        """End the connection and free the local model."""
        self._far.close()
        if self._local:
            self._local.close()

    def _here(self) -> Recogniser:
        """Return the local one, for a new utterance."""
        if self._local is None:
            self._local = self._make_local()
        self._local.start()
        return self._local

    def _take_over(self, error: Lost) -> str | None:
        """Hear here what was said until now; return the partial."""
        self._pauses.failed()
        self._now = local = self._here()
        log.warning("speech recognition: %s %s hears instead.", error, local.name)
        partial = None
        for pcm in self._far.sound:
            partial = local.feed(pcm) or partial
        return partial
