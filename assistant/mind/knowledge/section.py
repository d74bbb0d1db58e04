"""Parts of a document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a heading."""

    heading: str
    """With those above it: `Opening hours > Holidays`; empty: none."""
    text: str
    """Paragraphs, one a line."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A frequently asked question and its answer."""

    question: str
    answer: str
