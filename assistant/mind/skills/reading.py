"""What a language's reader finds in a text before sentences are matched: times, spans, numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.mind.skills.skill import Slot

KINDS = ("duration", "time", "day", "repeat", "number", "percent", "place")
"""What a span of a text may be; each is a list of the same name in the sentence files.

duration  whole s
time      "HH:MM", 24 h
day       "YYYY-MM-DD", "--MM-DD", "+N" days from today ("-1": yesterday), or "mon" to "sun":
          the next one; "mon+1": the one of next week; "---DD" of a month: the next; "+1---DD" of
          next month; or a feast that moves, by its name in `feasts.FEASTS`
repeat    "daily", "weekdays", "weekends", or days as in "mon,thu"
number    int or float
percent   int or float
place     a zone of the IANA database, or "UTC"
"""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text that means something by itself, in one way or in several."""

    start: int
    end: int
    values: Mapping[str, Slot]
    """What it may be: one of `KINDS` -> its value. "seven" is a number and a time."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A request that is understood without any sentence: a calculation, or by its words alone."""

    intent: str
    slots: Mapping[str, Slot]


class Clean(Protocol):
    """A text as rules and sentences want it, which knows where it came from.

    Lower case, single spaces, no punctuation but within numbers and times, one way to write what
    recognisers write in several; no words that only fill or are polite at its ends.
    """

    @property
    def text(self) -> str:
        """The clean text."""

    def said(self, start: int, end: int) -> str:
        """Return what was given for the clean characters from `start` to `end`."""


class Reading(Protocol):
    """The reader of a language: a module with these functions, all of them pure."""

    def clean(self, source: str) -> Clean:
        """Return what was said in its clean form."""

    def spans(self, text: str) -> Sequence[Span]:
        """Return what is found in a clean text, from left to right, without overlap."""

    def exact(self, text: str) -> Exact | None:
        """Return the calculation or conversion that a whole clean text asks for."""

    def loose(self, clean: Clean, spans: Sequence[Span]) -> Exact | None:
        """Return what the words of a text ask for that is no sentence; None: nothing for sure."""

    def fits(self, slot: str, words: str) -> bool:
        """Whether the clean `words` that a wildcard took may be that slot: a name is short."""
