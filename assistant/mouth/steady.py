"""A voice that goes on speaking: what the better one cannot say the plainer one says, at once.

After a failure the better voice is made anew; after three in a row it is left alone for a while.
"""

import logging
from collections.abc import Callable, Iterator

import numpy as np

from assistant.errors import AssistantError
from assistant.fitness import Fitness
from assistant.mouth.blocks import sayable
from assistant.mouth.rated import rated
from assistant.mouth.synthesiser import Sound, Synthesiser
from assistant.worker import sign

log = logging.getLogger(__name__)

LOAD_S = 60.0
"""Loading from a slow card may take so long without a sign of life."""
LETTER_S = 2.0
"""No voice speaks so slowly that a letter takes longer on average."""
MOST_S = 20.0
"""Nor is what it says besides the letters (numbers written out) longer than this."""


class SteadyVoice:
    """A `Synthesiser` in front of one that may fail; on its thread.

    A text in which the better voice fails is said again from its beginning by the plainer one:
    rather a few words twice than some not at all. Without a plainer one the failure is raised.
    """

    def __init__(
        self,
        make: Callable[[], Synthesiser],
        make_plain: Callable[[], Synthesiser] | None,
        fitness: Fitness,
    ) -> None:
        """Make the voice. Raises what `make` raises, unless it rests and the plainer one works."""
        self._make, self._make_plain, self._fitness = make, make_plain, fitness
        self._voice: Synthesiser | None = None
        self._plain: Synthesiser | None = None
        self._speed = 1.0
        self.rate = (self._plainer() if self._rests else self._better()).rate

    @property
    def name(self) -> str:
        """The name of the one that spoke last."""
        voice = self._voice or self._plain
        return voice.name if voice else "none"

    @property
    def speed(self) -> float:
        """How fast both speak, see `Synthesiser`."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = speed
        for voice in (self._voice, self._plain):
            if voice:
                voice.speed = speed

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as it comes; see `Synthesiser`."""
        said = 0
        if not self._rests:
            try:
                for sound in self._checked(self._better(), text, cancelled):
                    said += len(sound.pcm)
                    yield sound
                if not cancelled():
                    self._fitness.worked()
                return
            except Exception as error:
                self._drop(error)
                if self._make_plain is None:
                    raise
                log.warning("voice: %s The plainer one speaks instead.", error)
        yield from self._checked(self._plainer(), text, cancelled, said)

    def close(self) -> None:
        """Free both."""
        for voice in (self._voice, self._plain):
            if voice:
                voice.close()
        self._voice = self._plain = None

    def renew(self) -> None:
        """A voice hangs on another thread, which nobody may touch: make new ones when needed."""
        self._voice = self._plain = None

    @property
    def _rests(self) -> bool:
        return self._make_plain is not None and self._fitness.resting

    def _better(self) -> Synthesiser:
        if self._voice is None:
            sign(LOAD_S)
            self._voice = self._make()
            self._voice.speed = self._speed
        return self._voice

    def _plainer(self) -> Synthesiser:
        if self._plain is None:
            assert self._make_plain
            sign(LOAD_S)
            self._plain = self._make_plain()
            self._plain.speed = self._speed
        return self._plain

    def _drop(self, error: Exception) -> None:
        """Free what failed."""
        self._fitness.failed(str(error) or type(error).__name__)
        voice, self._voice = self._voice, None
        if voice:
            try:
                voice.close()
            except Exception as worse:
                log.warning("the voice cannot be closed: %s", worse)

    def _checked(
        self, voice: Synthesiser, text: str, cancelled: Callable[[], bool], before: int = 0
    ) -> Iterator[Sound]:
        """Yield what `voice` says at the rate of both; raise where that is no speech."""

        def ask() -> bool:
            sign()
            return cancelled()

        most = (len(text) * LETTER_S + MOST_S) * self.rate / min(1.0, self._speed)
        made, loud = 0, False
        same = voice.rate == self.rate and not before
        sounds = voice.synthesise(text, ask) if same else rated(voice, text, ask, self.rate, before)
        for sound in sounds:
            sign()
            _check(sound)
            made += len(sound.pcm)
            loud = loud or bool(sound.pcm.any())
            if made > most:
                raise AssistantError("the voice does not come to an end.")
            yield sound
        if not loud and sayable(text) and not cancelled():
            raise AssistantError("the voice made no sound.")


def _check(sound: object) -> None:
    """Raise `AssistantError` for what cannot be played."""
    pcm = getattr(sound, "pcm", None)
    if not isinstance(pcm, np.ndarray) or pcm.dtype != np.int16 or pcm.ndim != 1:
        what = f"{type(pcm).__name__} {getattr(pcm, 'dtype', '')}".strip()
        raise AssistantError("the voice made {what} in place of sound.", what=what)
