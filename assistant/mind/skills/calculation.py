"""A calculation in words, read from left to right; the words are each language's own."""

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from assistant.mind.skills.reckoning import Undefined, bounded

Form = Callable[[], Fraction | None]


class Calculation:
    """Reads one text; `operations` counts what there is to be worked out in it."""

    TAIL: re.Pattern[str]
    """What may follow, up to the end of the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.operations = 0

    @classmethod
    def first(cls, texts: Iterable[str]) -> Fraction | None:
        """Return the value of the first text that is a calculation from end to end; None: none is.

        Raises `Undefined` where it has no value.
        """
        for text in texts:
            try:
                value = cls(text).whole()
            except ZeroDivisionError:
                raise Undefined from None
            if value is not None:
                return value
        return None

    def forms(self) -> Sequence[Form]:
        """Return the ways in which calculations are said, the most special one first."""
        raise NotImplementedError

    def whole(self) -> Fraction | None:
        """Return the value of the text, None where it is no calculation from end to end."""
        for form in self.forms():
            self.at = self.operations = 0
            value = form()
            if value is not None and self.operations and self.TAIL.match(self.text, self.at):
                return bounded(value)
        return None

    def take(self, pattern: str) -> re.Match[str] | None:
        """Go on behind what `pattern` matches here."""
        match = re.compile(pattern).match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def done(self, value: Fraction | None) -> Fraction | None:
        """Count one operation, whose result is `value`."""
        self.operations += 1
        return value
