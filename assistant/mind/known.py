"""What may answer a question before the language model is asked: a skill, a document, a rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.mind.model import LanguageModel


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that the model need not make."""

    text: str
    """What is said at once; it may be made ready in secret, and dropped."""
    act: Callable[[], str] | None = None
    """Does what there is to be done, once, after the turn has ended; returns what is said of it."""
    whole: float | None = None
    """The probability that the question is whole; None: the model has to say it."""
    stage: str = "known"
    """What the turn's timeline calls it."""
    data: Mapping[str, object] = field(default_factory=dict)
    """What else the timeline tells."""


class Source:
    """Somebody who knows answers. From the mind's thread, but where it says so."""

    def known(self, text: str) -> Known | None:
        """Return the answer to `text`; None: it is for the next one. Never raises."""
        raise NotImplementedError

    def written(self, text: str, talk: str) -> Known | None:
        """Return as `known` does to somebody who writes, in `talk`, which is none of the device."""
        return self.known(text)

    def kept(self, heard: str) -> str:
        """Return what the model may read, in later turns, of an answer that was heard."""
        return heard

    def meet(self, model: "LanguageModel", dropped: Callable[[], bool]) -> None:
        """Called once before the first question, with the model that answers the others.

        `dropped()` tells that nobody waits any more for what is asked. Raises `AssistantError`.
        """

    def whole(self, text: str) -> float:
        """Return the probability that `text` is a whole question, as far as is known here."""
        return 0.0

    def stop(self) -> None:
        """End what runs for an answer; at once, from any thread."""

    def leave(self) -> None:
        """Wait for no answer: whoever was asked has taken leave; from any thread."""

    def end(self) -> None:
        """End what runs, for good; from any thread."""

    def close(self) -> None:
        """Free what is held; nothing is asked afterwards."""
