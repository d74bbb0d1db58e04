"""Two voices as one: each says what is in its language."""

import re
from collections.abc import Callable, Iterator

from assistant.language import HAN, of
from assistant.mouth.rated import rated
from assistant.mouth.synthesiser import Sound, Synthesiser

_RUN = re.compile(rf"[{HAN}](?:[{HAN}]|[^\w])*|[^{HAN}]+")


def runs(text: str, language: str) -> list[tuple[int, str, str]]:
    """Cut `text` where its script changes: (characters before it, run, language), all of it.

    What has no letters goes with what stands before; a text of nothing else is in `language`.
    """
    found: list[tuple[int, str, str]] = []
    for match in _RUN.finditer(text):
        start, run, tongue = match.start(), match.group(), of(match.group(), "")
        if found and tongue in ("", found[-1][2]):
            start, before, tongue = found.pop()
            run = before + run
        elif found and not found[-1][2]:  # what stands before the first letter
            start, before, _ = found.pop()
            run = before + run
        found.append((start, run, tongue))
    return [(start, run, tongue or language) for start, run, tongue in found]


class BilingualSynthesiser:
    """A `Synthesiser`; used by one thread.

    The second voice is loaded when it is first wanted, and gives its sound at the first one's rate.
    """

    def __init__(
        self, voice: Synthesiser, language: str, make_other: Callable[[], Synthesiser]
    ) -> None:
        """`voice` speaks `language`, what `make_other()` returns all others."""
        self._voice, self._language, self._make_other = voice, language, make_other
        self._other: Synthesiser | None = None
        self.rate = voice.rate
        self.speed = 1.0

    @property
    def name(self) -> str:
        """The name of the first one."""
        return self._voice.name

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as it comes; see `Synthesiser`."""
        samples = 0
        for start, run, language in runs(text, self._language):
            before, known = samples, start == 0
            for sound in self._said(run, language, cancelled):
                words = tuple((start + chars, before + at) for chars, at in sound.words)
                if not known and not words:  # so much is known of an engine that tells nothing
                    words = ((start, before),)
                lips = tuple((before + at, shape) for at, shape in sound.lips)
                yield Sound(sound.pcm, words, lips)
                samples, known = samples + len(sound.pcm), True
            if cancelled():
                return

    def close(self) -> None:
        """Free both."""
        self._voice.close()
        if self._other:
            self._other.close()

    def _said(self, run: str, language: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield one voice's sound at the rate of both."""
        if language == self._language:
            self._voice.speed = self.speed
            yield from self._voice.synthesise(run, cancelled)
            return
        if self._other is None:
            self._other = self._make_other()
        self._other.speed = self.speed
        yield from rated(self._other, run, cancelled, self.rate)
