"""A text in its clean form, which knows where it came from."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A clean text, and for each of its characters its place in what was given."""

    text: str
    source: str
    places: tuple[int, ...]

    def said(self, start: int, end: int) -> str:
        """Return what was given for the clean characters from `start` to `end`."""
        if start >= end:
            return ""
        return self.source[self.places[start] : self.places[end - 1] + 1]

    def part(self, start: int, end: int) -> "Written":
        """Return the clean characters from `start` to `end`."""
        return Written(self.text[start:end], self.source, self.places[start:end])

    def core(self, pattern: re.Pattern[str]) -> "Written":
        """Return what is in the group `core` of a pattern that fits all of it; else all of it."""
        fits = pattern.fullmatch(self.text)
        return self.part(*fits.span("core")) if fits else self

    def without(self, start: int, end: int) -> "Written":
        """Leave out the clean characters from `start` to `end`."""
        places = self.places[:start] + self.places[end:]
        return Written(self.text[:start] + self.text[end:], self.source, places)

    def put(self, start: int, end: int, said: str) -> "Written":
        """Return `said`, which stands for the clean characters from `start` to `end`."""
        first, last = self.places[start], self.places[end - 1]
        return Written(said, self.source, (first, *[last] * (len(said) - 1))[: len(said)])

    def __add__(self, other: "Written") -> "Written":
        """Return this text and another one of the same source behind it."""
        return Written(self.text + other.text, self.source, self.places + other.places)

    def replaced(self, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]) -> "Written":
        """Write `new` for every match; what stands there came from where the match did."""
        text, places, at = "", tuple[int, ...](), 0
        for match in pattern.finditer(self.text):
            said = self.put(*match.span(), new(match))
            text += self.text[at : match.start()] + said.text
            places += self.places[at : match.start()] + said.places
            at = match.end()
        return Written(text + self.text[at:], self.source, places + self.places[at:])
