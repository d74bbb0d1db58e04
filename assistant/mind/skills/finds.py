"""What is found in a text, in either language, and how two finds lie to each other. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from re import Pattern

from assistant.mind.skills.reading import Span
from assistant.mind.skills.skill import Slot


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was found: its value, and where it stands in the text."""

    value: Fraction
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A span of time, a time or a day that was read, and where it stands in the text."""

    value: str | int
    start: int
    end: int


def plain(value: Fraction) -> int | float:
    """Return a number as a slot has it."""
    return int(value) if value.denominator == 1 else float(value)


def meet(one: Span, other: Span) -> bool:
    """Whether two spans have a character in common."""
    return one.start < other.end and other.start < one.end


def apart(found: Iterable[Span]) -> list[Span]:
    """Return the spans from left to right; of two that meet the first, of two of these the longer.

    Empty ones are left out.
    """
    chosen: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if span.start < span.end and (not chosen or span.start >= chosen[-1].end):
            chosen.append(span)
    return chosen


def ranges(
    text: str,
    numbers: Callable[[str], Iterator[Number]],
    number_at: Callable[[str, int], Number | None],
    link: Pattern[str],
) -> Iterator[Span]:
    """Yield bounds of what is drawn, as one number: "one to ten" is `1-10`.

    `numbers` and `number_at` are those of a language, `link` is what stands between two bounds.
    """
    for low in numbers(text):
        between = link.match(text, low.end)
        high = number_at(text, between.end()) if between else None
        if high and low.value.denominator == high.value.denominator == 1:
            value: Slot = f"{low.value}-{high.value}"
            yield Span(low.start, high.end, {"number": value})
