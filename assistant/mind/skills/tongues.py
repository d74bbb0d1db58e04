"""The sentences of several languages: a text is looked for in its own first."""

from collections.abc import Callable, Mapping

from assistant.language import candidates
from assistant.mind.skills.asking import Sentences
from assistant.mind.skills.book import Explained
from assistant.mind.skills.skill import Request


class Tongues:
    """Finds the sentence of a text in the books of its languages; from one thread at a time.

    A text with words of one language alone costs one book's time.
    """

    def __init__(self, books: Mapping[str, Sentences], last: Callable[[], str]) -> None:
        """`books` are by language; `last()` is the one that was spoken last."""
        self._books, self._last = books, last

    def match(self, text: str) -> Request | None:
        """Return what `text` asks for; None: nothing."""
        for language in candidates(tuple(self._books), text, self._last()):
            if found := self._books[language].match(text):
                return found
        return None

    def explain(self, text: str, *, near: bool = True) -> Explained:
        """Return what `match` does, and why; where nothing fits, what its own language has."""
        first, *others = candidates(tuple(self._books), text, self._last())
        found = self._books[first].explain(text, near=near)
        for language in others:
            if not found.request and (other := self._books[language].explain(text)).request:
                return other
        return found
