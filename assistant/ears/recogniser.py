"""What every speech recogniser looks like from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assistant.audio.frames import Pcm


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start: float
    """Seconds from the first sample fed since `Recogniser.start`."""
    end: float
    """Seconds from the first sample fed since `Recogniser.start`."""
    confidence: float
    """0 to 1; 1 where the engine does not tell."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The final text of one utterance."""

    text: str
    """As the engine writes it, stripped; empty when nothing was recognised."""
    words: tuple[Word, ...] = ()
    """Empty where the engine does not tell words apart."""


class Recogniser(Protocol):
    """Turns one utterance at a time into text.

    Used by one thread only. Loading happens in the constructor, which raises `BadInput`
    (a broken model) or `EngineMissing` (package or model not installed).
    """

    name: str
    """The engine's name as in ``asr.engine``."""
    streaming: bool
    """Whether `feed` returns partials."""

    def start(self) -> None:
        """Forget everything and begin a new utterance."""

    def feed(self, pcm: Pcm) -> str | None:
        """Take samples (any number, int16, mono, 16 kHz); return the partial if it changed."""

    def settle(self) -> str:
        """Return the text of all that was fed, as `finish` would, and go on with the utterance."""

    def finish(self) -> Transcript:
        """End the utterance and return its final text; before the next `feed` comes `start`."""

    def close(self) -> None:
        """Free the model."""


@runtime_checkable
class Weighing(Protocol):
    """A recogniser that can also tell how likely something else is than what it wrote."""

    def nearest(self, phrases: Sequence[str], skip: float = 0.0) -> tuple[str, float] | None:
        """Return the most likely of the phrases, and its log-probability in nats.

        That is, that nothing else was said since `start`, but for the first `skip` s. None where no
        phrase can be written, or nothing was heard.
        """
