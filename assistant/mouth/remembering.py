"""A voice that remembers how it said short texts: openings and fixed sentences sound at once."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from assistant.mouth.synthesiser import Sound, Synthesiser

SHORT = 60
"""Characters of the longest text that is kept: first clauses are no longer."""
ROOM = 8 << 20
"""Bytes of sound that are kept (3 min at 22,050 Hz); what was not used longest goes first."""


class Remembering:
    """A `Synthesiser` in front of another one; used by one thread, as that is."""

    def __init__(self, voice: Synthesiser) -> None:
        self.voice = voice
        """The one that it asks."""
        self.name, self.rate = voice.name, voice.rate
        # With the name of who said it, for another voice may stand in for a while, and how fast.
        self._kept: OrderedDict[tuple[str, float, str], list[Sound]] = OrderedDict()
        self._bytes = 0

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text`, made now or before; see `Synthesiser`."""
        key = (self.voice.name, self.voice.speed, text)
        if key in self._kept:
            self._kept.move_to_end(key)
            yield from self._kept[key]
            return
        sounds: list[Sound] = []
        for sound in self.voice.synthesise(text, cancelled):
            sounds.append(sound)
            yield sound
        if len(text) <= SHORT and not cancelled() and self.voice.name == key[0]:
            self._keep(key, sounds)

    def close(self) -> None:
        """Free the voice and what was kept."""
        self._kept.clear()
        self.voice.close()

    def _keep(self, key: tuple[str, float, str], sounds: list[Sound]) -> None:
        self._kept[key] = sounds
        self._bytes += _size(sounds)
        while self._bytes > ROOM:
            self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(sounds: list[Sound]) -> int:
    return sum(sound.pcm.nbytes for sound in sounds)
