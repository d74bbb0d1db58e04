"""A clean Chinese text in which each span is one letter, so that patterns can name its kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.mind.skills.reading import Span
from assistant.mind.skills.skill import Slot
from assistant.mind.skills.written import Written

_SIGNS = {
    "duration": "D", "time": "T", "day": "Y", "repeat": "R", "number": "N", "percent": "P",
    "place": "Z",
}  # fmt: skip
"""The text itself is in lower case."""
_SLOTS = {
    "D": "duration_s", "T": "time", "Y": "day", "R": "repeat", "N": "value", "P": "value",
    "Z": "zone",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """The text with its letters, and where each came from."""

    text: str
    spans: Sequence[Span | None]
    """By place in `text`."""
    places: Sequence[int]
    """Where each letter begins in the clean text, and at last its end."""
    clean: Written

    def said(self, start: int, end: int) -> str:
        """Return what was given for the letters from `start` to `end`."""
        return self.clean.said(self.places[start], self.places[end]).strip()

    def slots(self, start: int = 0, end: int | None = None) -> dict[str, Slot] | None:
        """Return the values of the spans there; None: two of a kind that differ."""
        found: dict[str, Slot] = {}
        for sign, span in zip(self.text[start:end], self.spans[start:end], strict=True):
            if span is None:
                continue
            value = next(iter(span.values.values()))
            if found.setdefault(_SLOTS[sign], value) != value:
                return None
        return found


def signed(clean: Written, spans: Sequence[Span]) -> Signed:
    """Return `clean` with a letter for each of `spans`, which do not overlap."""
    text, found, places, at = "", list[Span | None](), list[int](), 0
    for span in spans:
        text += clean.text[at : span.start] + _SIGNS[next(iter(span.values))]
        found += [*[None] * (span.start - at), span]
        places += [*range(at, span.start), span.start]
        at = span.end
    text += clean.text[at:]
    found += [None] * (len(clean.text) - at)
    return Signed(text, found, [*places, *range(at, len(clean.text) + 1)], clean)
