"""In place of the language model where a device has no memory for one: another one thinks for it.

What goes out is answered there (`assistant.mind.remote`); for what may not go out, or cannot, there
is one sentence.
"""

from collections.abc import Callable, Iterator

from assistant.config import Llm
from assistant.errors import BadInput
from assistant.language import which
from assistant.mind.adapter import NONE
from assistant.mind.model import Message, Usage, never

SENTENCES = {"en": "I cannot answer that right now.", "zh": "这个我现在答不了。"}
LETTERS = 3
"""Bytes of a token, about: English has more, Chinese as many."""


class NoModel:
    """A `LanguageModel`, and a `GuestModel` beside it, that says why it cannot answer."""

    name = "none"

    def __init__(self, language: str) -> None:
        """`language` is that of the settings."""
        self._language = language

    @property
    def usage(self) -> Usage:
        """Nothing was read and nothing made."""
        return Usage(0, 0, 0, 0.0, 0.0)

    def count(self, text: str) -> int:
        """Number of tokens of `text`, about."""
        return len(text.encode(errors="replace")) // LETTERS + 1

    def warm(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool] = never,
        *,
        judged: Callable[[float], None] | None = None,
    ) -> None:
        """There is nothing to be read along; nobody judges whether a message is complete."""

    def reply(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None = None,
    ) -> Iterator[str]:
        """Yield the sentence."""
        yield SENTENCES[which(self._language, messages[-1].text)]

    def answer(
        self,
        messages: list[Message],
        settings: Llm,
        cancelled: Callable[[], bool],
        *,
        interrupted: Callable[[], bool] = never,
        grammar: str = "",
    ) -> Iterator[str]:
        """Yield the sentence."""
        yield SENTENCES[which(self._language, messages[-1].text)]

    def use_adapter(self, name: str) -> None:
        """There is nothing that an adapter could change. Raises `BadInput` for one."""
        if name not in ("", NONE):
            raise BadInput("{name}: there is no model here for an adapter.", name=name)

    def beside(self) -> "NoModel":
        """Return one for those who write."""
        return self

    def close(self) -> None:
        """There is nothing to be freed."""
