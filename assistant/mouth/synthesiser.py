"""What every speech synthesiser looks like from outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant.audio.frames import Pcm


@dataclass(frozen=True, slots=True)
class Sound:
    """A block of synthesised speech."""

    pcm: Pcm
    """Shape (samples,), int16, mono, at the synthesiser's `rate`."""
    words: tuple[tuple[int, int], ...] = ()
    """(characters, sample) pairs, ascending: when sample number `sample`, counted from the first
    sample of the whole text, begins to sound, the first `characters` characters of the text
    have been said. Empty where the engine does not tell; then time is shared out by length."""
    lips: tuple[tuple[int, int], ...] = ()
    """(sample, shape) pairs, ascending, with samples counted as in `words`: from there on the mouth
    has that one of `assistant.mouth.lips.SHAPES`. Empty where the engine does not tell."""


class Synthesiser(Protocol):
    """Turns text into sound, block by block.

    Used by one thread only. Loading happens in the constructor, which raises `BadInput` or
    `EngineMissing`.
    """

    rate: int
    """Sample rate in Hz of the sound."""
    speed: float
    """How fast it speaks, 1 as the settings have it; may be changed between two texts."""

    @property
    def name(self) -> str:
        """The engine's name as in ``speech.engine``, or of the one that stands in for it."""

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as early as the engine can; stop soon after `cancelled()`.

        `text` is already normalised for speech. Text without anything to say yields nothing.
        Raises `AssistantError` when the engine fails.
        """

    def close(self) -> None:
        """Free the engine."""
