"""A clean text in which each span is one letter, and where each part of it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.mind.skills.reading import Clean, Span

SIGN = 0x1200
"""The first of the letters that stand for a span: of a script that neither language has."""
MOST = 64
"""More spans than that are no request."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A text with a letter for each span."""

    clean: Clean
    text: str
    spans: Mapping[str, Span]
    """By letter."""
    places: Sequence[tuple[int, int]] = ()
    """Where each character of `text` begins and ends in the clean one."""

    def said(self, at: int, end: int) -> str:
        """Return what was given for a part of `text`, which is not empty."""
        return self.clean.said(self.places[at][0], self.places[end - 1][1]).strip()


def signed(clean: Clean, spans: Sequence[Span]) -> Signed:
    """Return a clean text with a letter for each of its first `MOST` spans."""
    text, places, signs, at = "", list[tuple[int, int]](), dict[str, Span](), 0
    for number, span in enumerate(spans[:MOST]):
        text += clean.text[at : span.start] + chr(SIGN + number)
        places += [(i, i + 1) for i in range(at, span.start)] + [(span.start, span.end)]
        signs[chr(SIGN + number)] = span
        at = span.end
    places += [(i, i + 1) for i in range(at, len(clean.text))]
    return Signed(clean, text + clean.text[at:], signs, places)
