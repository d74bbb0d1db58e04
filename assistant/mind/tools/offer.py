"""What of a request fills the parameters of a tool: read by the language's reader, not invented."""

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from assistant.mind.skills.owner_reading import OwnerReading
from assistant.mind.skills.reading import Clean, Reading, Span
from assistant.mind.skills.skill import Request, Slot
from assistant.mind.tools.tool import Param, Tool

MOST = 40
"""Words (characters of Chinese) of a request that are looked at."""
_PIECE = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff\u1200-\u12ff\"\\\x00-\x1f]+")
_SMALLEST_SUM = 3
"""Words of a calculation at the least: two numbers, and what is done with them."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to fill a parameter."""

    said: str
    """The words of the request."""
    slots: Mapping[str, Slot]


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool that a request may mean, with what is settled and what is to be chosen."""

    tool: Tool
    settled: Mapping[str, Slot]
    choices: Mapping[str, Sequence[Option]]
    """By parameter: several that its words could be."""
    free: str = ""
    """The parameter that takes words of the request; empty: none does."""
    words: Sequence[str] = ()
    """What it may be: runs of words, each a part of the clean text."""

    @property
    def open(self) -> bool:
        """Whether there is more to be chosen than the tool itself."""
        return bool(self.choices or self.free)


class Heard:
    """A request as it is read; pure."""

    def __init__(self, text: str, language: str) -> None:
        self.text, self.language = text, language
        self._reading, numbers = _readers(language)
        self.clean: Clean = self._reading.clean(text)
        self._spans: Sequence[Span] = numbers.spans(self.clean.text)

    def offer(self, tool: Tool) -> Offer | None:
        """Return how `tool` could be called; None: something that it needs was not said."""
        settled: dict[str, Slot] = {}
        choices: dict[str, Sequence[Option]] = {}
        free = next((each.name for each in tool.params if each.free), "")
        for param in tool.params:
            if param.free:
                continue
            options = self._options(param)
            if not options and param.needed:
                return None
            if len(options) == 1:
                settled |= options[0].slots
            elif options:
                choices[param.name] = options
        kinds = {kind for param in tool.params for kind in param.kinds}
        words = tuple(self._words(kinds)) if free else ()
        if free and not any(words):
            return None
        return Offer(tool, settled, choices, free, words)

    def request(self, offer: Offer, chosen: Mapping[str, str]) -> Request | None:
        """Return the call with the words that were `chosen`; None: they do not fit."""
        slots = dict(offer.settled)
        for name, options in offer.choices.items():
            found = next((each for each in options if each.said == chosen.get(name)), None)
            if found is None:
                return None
            slots |= found.slots
        if offer.free:
            words = chosen.get(offer.free, "")
            at = self.clean.text.find(words)
            if not words or at < 0 or not self._reading.fits(offer.free, words):
                return None
            slots[offer.free] = self.clean.said(at, at + len(words)).strip()
        return Request(offer.tool.name, self.text, self.language, slots, whole=False)

    def _options(self, param: Param) -> Sequence[Option]:
        if param.sum:
            return [Option("", self._sums[param.sum])] if param.sum in self._sums else []
        found = [*self._said(param), *self._spanned(param)]
        return list(
            {
                str(sorted(each.slots.items())).replace("'", ""): each for each in reversed(found)
            }.values()
        )[::-1]

    def _said(self, param: Param) -> Iterator[Option]:
        for value, words in param.words.items():
            for each in words:
                edge = "" if self.language == "zh" else r"\b"
                if re.search(f"{edge}{re.escape(each)}{edge}", self.clean.text):
                    yield Option(each, {param.name: value})
                    break

    def _spanned(self, param: Param) -> Iterator[Option]:
        fitting = [each for each in self._spans if param.kinds.keys() & each.values.keys()]
        # "at seven for two": whatever can be nothing but a time is the time.
        sure = [each for each in fitting if param.kinds.keys() >= each.values.keys()]
        for span in sure or fitting:
            kind = next(kind for kind in param.kinds if kind in span.values)
            if param.fits(span.values[kind]):
                said = self.clean.text[span.start : span.end]
                yield Option(said, {param.kinds[kind]: span.values[kind]})

    def _words(self, kinds: set[str]) -> Iterator[str]:
        """Yield the runs of words that belong to no span of these kinds."""
        taken = [each for each in self._spans if kinds & each.values.keys()]
        run = (0, 0)
        for piece in self._pieces:
            apart = any(each.start < piece[1] and piece[0] < each.end for each in taken)
            joined = self.clean.text[run[1] : piece[0]] in ("", " ")
            if run[1] and (apart or not joined):
                yield self.clean.text[slice(*run)]
                run = (0, 0)
            if not apart:
                run = (run[0] if run[1] else piece[0], piece[1])
        if run[1]:
            yield self.clean.text[slice(*run)]

    @cached_property
    def _pieces(self) -> Sequence[tuple[int, int]]:
        return [each.span() for each in _PIECE.finditer(self.clean.text)][:MOST]

    @cached_property
    def _sums(self) -> Mapping[str, Mapping[str, Slot]]:
        """The longest part of the request that is a calculation, by its intent."""
        for length in range(len(self._pieces), _SMALLEST_SUM - 1, -1):
            for first in range(len(self._pieces) - length + 1):
                start, end = self._pieces[first][0], self._pieces[first + length - 1][1]
                if found := self._reading.exact(self.clean.text[start:end]):
                    return {found.intent: found.slots}
        return {}


def pieces(run: str) -> list[tuple[int, int]]:
    """Return where the words of a run begin and end; the characters of Chinese."""
    return [each.span() for each in _PIECE.finditer(run)]


@cache
def _readers(language: str) -> tuple[Reading, Reading]:
    """Return the reader of a language, and the one that takes every number for one."""
    reading: Reading = importlib.import_module(f"assistant.mind.skills.reading_{language}")
    return reading, OwnerReading(language, numbers=True)
