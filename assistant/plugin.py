"""The whole interface of plug-ins: what a Python function needs to be a skill. See docs/plugins.md.

from assistant.plugin import Context, intent

@intent(en=["roll for {name}"], zh=["给{name}掷骰子"], free=["name"])
def roll(context: Context, name: str) -> str:
    return f"{name} rolls a four."
"""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

MARK = "__assistant_intent__"
TOOL = "__assistant_tool__"

Then = Callable[..., str | None]
"""What is called later: with the context, and with what was answered where that was asked for."""
F = TypeVar("F", bound=Callable[..., str | None])


class Context(Protocol):
    """What a plug-in may use of the assistant, while it is called."""

    @property
    def language(self) -> str:
        """`en` or `zh`: of what was said, and so of what is to be said."""

    @property
    def store(self) -> MutableMapping[str, Any]:
        """What the plug-in keeps, as JSON, also over a restart; 1 MB at the most."""

    def say(self, text: str) -> None:
        """Say `text`, before what the function returns."""

    def ask(self, question: str, then: Then) -> None:
        """Say `question` last; what is said next goes to `then(context, answer)`."""

    def confirm(self, question: str, then: Then) -> None:
        """Say `question` last; only after a yes `then(context)` is called."""

    def schedule(self, seconds: float, then: Then) -> None:
        """Call `then(context)` in so many s, up to a day; what it returns is spoken.

        It is forgotten when the assistant ends.
        """


@dataclass(frozen=True, slots=True)
class Intent:
    """Which sentences call a function."""

    en: Sequence[str]
    zh: Sequence[str]
    free: Sequence[str]
    timeout: float


def intent(
    *,
    en: Sequence[str] = (),
    zh: Sequence[str] = (),
    free: Sequence[str] = (),
    timeout: float = 5.0,
) -> Callable[[F], F]:
    """Call the function when one of these sentences is said.

    It gets the context, and the sentence's slots by name; it returns what is said, or None.
    Slots that take any words are named in `free`. After `timeout` s it is given up.
    """
    for name, given in (("en", en), ("zh", zh), ("free", free)):
        if isinstance(given, str):
            raise TypeError(f"`{name}` must be a list of texts, not one text")
    if not en and not zh:
        raise TypeError("@intent needs sentences, as `en` or `zh`")

    def mark(function: F) -> F:
        setattr(function, MARK, Intent(tuple(en), tuple(zh), tuple(free), timeout))
        return function

    return mark


def tool(description: str) -> Callable[[F], F]:
    """Describe in a sentence what the function does, for whoever chooses among them."""
    if not isinstance(description, str) or not description.strip():
        raise TypeError("@tool needs a description")

    def mark(function: F) -> F:
        setattr(function, TOOL, description.strip())
        return function

    return mark
