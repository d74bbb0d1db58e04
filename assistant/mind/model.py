"""What every language model looks like from outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.config import Llm


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one reply cost."""

    prompt_tokens: int
    """Tokens of the whole prompt."""
    cached_tokens: int
    """How many of them were still in the KV cache."""
    reply_tokens: int
    prefill_s: float
    """Seconds from the call to the first token."""
    total_s: float
    whole: bool = True
    """It came to its own end; False: it was cancelled, or as long as it may get."""


def never() -> bool:
    """Nobody cancels."""
    return False


class GuestModel(Protocol):
    """A language model whose answers can be interrupted; see `LlamaModel.answer`."""

    def warm(self, messages: list[Message], cancelled: Callable[[], bool] = never) -> None:
        """Prefill `messages`, so that an answer comes sooner."""

    def answer(
        self,
        messages: list[Message],
        settings: Llm,
        cancelled: Callable[[], bool],
        *,
        interrupted: Callable[[], bool] = never,
        grammar: str = "",
    ) -> Iterator[str]:
        """Yield text; an empty one when it was interrupted and wants to be asked again.

        With a `grammar` it says nothing else than that admits.
        """

    @property
    def usage(self) -> Usage:
        """Figures of the last answer."""

    def close(self) -> None:
        """Free its memory."""


class LanguageModel(Protocol):
    """Streams a reply. Used by one long-lived thread only, warm-up included."""

    @property
    def name(self) -> str:
        """What the model is called."""

    def count(self, text: str) -> int:
        """Number of tokens of `text`, without the chat template."""

    def warm(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool] = never,
        *,
        judged: Callable[[float], None] | None = None,
    ) -> None:
        """Prefill `messages`, the last of which may go on, so that a reply comes sooner.

        `judged` is told the probability that the last message is complete. Ends early when
        `cancelled()`. Raises `AssistantError` when the engine fails.
        """

    def reply(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None = None,
    ) -> Iterator[str]:
        """Yield text, never half a character, until the end or within a token of `cancelled()`.

        Where the last message is its own it writes on from there.

        `judged` is told the probability that the last message is complete, before the first text.
        Raises `AssistantError` when the engine fails.
        """

    def use_adapter(self, name: str) -> None:
        """Answer with the LoRA adapter `name`, or path, from the next call on; empty: without any.

        Raises `BadInput` for one that cannot be used; then the one before stays.
        """

    def beside(self) -> GuestModel:
        """Return a model of the same weights for others to talk with, on the same thread.

        It is closed before this one. Raises `AssistantError` when there is no memory for it.
        """

    @property
    def usage(self) -> Usage:
        """Figures of the last `reply`, complete once it is exhausted or cancelled."""

    def close(self) -> None:
        """Free the model."""
