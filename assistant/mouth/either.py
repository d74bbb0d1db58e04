"""A voice on another host, and the one that is installed here when that does not answer."""

import logging
from collections.abc import Callable, Iterator

from assistant.mouth.rated import rated
from assistant.mouth.synthesiser import Sound, Synthesiser
from assistant.wyoming.errors import Lost
from assistant.wyoming.pauses import Pauses

log = logging.getLogger(__name__)


class EitherSynthesiser:
    """A `Synthesiser`; used by one thread.

    A text in which the far voice falls silent is said again from its beginning by the local one:
    rather a few words twice than some not at all. After that the far one is left alone for a while.
    The local one is loaded when it is first wanted.
    """

    def __init__(
        self, far: Synthesiser, make_local: Callable[[], Synthesiser], pauses: Pauses
    ) -> None:
        self._far, self._make_local, self._pauses = far, make_local, pauses
        self._local: Synthesiser | None = None
        self.rate = far.rate
        self.speed = 1.0

    @property
    def name(self) -> str:
        """The name of the one that would speak now."""
        return self._far.name if self._pauses.over or not self._local else self._local.name

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as it comes; see `Synthesiser`."""
        said = 0
        if self._pauses.over:
            try:
                for sound in self._far.synthesise(text, cancelled):
                    said += len(sound.pcm)
                    yield sound
            except Lost as error:
                self._pauses.failed()
                log.warning("voice: %s The local one speaks instead.", error)
            else:
                self._pauses.succeeded()
                return
        yield from self._spoken_here(text, cancelled, said)

    def close(self) -> None:
        """Free both."""
        self._far.close()
        if self._local:
            self._local.close()

    def _spoken_here(
        self, text: str, cancelled: Callable[[], bool], before: int
    ) -> Iterator[Sound]:
        """Yield the local voice at the far one's rate, after `before` samples of that."""
        if self._local is None:
            self._local = self._make_local()
        self._local.speed = self.speed
        yield from rated(self._local, text, cancelled, self.rate, before)
