"""How sentences of owners are read: as the assistant's own, and every number as a number."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from assistant.mind.skills.finds import plain
from assistant.mind.skills.reading import Clean, Exact, Reading, Span

Ends = Literal["whole", "unpolished", "clean"]
"""Nothing is taken off, or what is only polite, or all that is no part of a request."""
ENDS: tuple[Ends, ...] = get_args(Ends)


class OwnerReading:
    """The reader of a language without its own requests.

    With `numbers` whatever is a number becomes one. Without, those words stay that are numbers in
    the sentences of the assistant only: 打开一下 is said by people who count nothing. `ends` tells
    what is taken off them: an owner may have written "stop now", or "help please".
    """

    def __init__(self, language: str, *, numbers: bool, ends: Ends = "clean") -> None:
        module: Any = importlib.import_module(f"assistant.mind.skills.reading_{language}")
        self._reading: Reading = module
        self._clean: Callable[[str], Clean] = getattr(module, ends)
        self._numbers = (
            importlib.import_module(f"assistant.mind.skills.numbers_{language}").numbers
            if numbers
            else None
        )

    def clean(self, source: str) -> Clean:
        """Return what was said in its clean form."""
        return self._clean(source)

    def spans(self, text: str) -> Sequence[Span]:
        """Return what is found in a clean text, from left to right, without overlap."""
        found = {(each.start, each.end): each for each in self._reading.spans(text)}
        for number in self._numbers(text) if self._numbers else ():
            place = number.start, number.end
            if known := found.get(place):
                found[place] = Span(*place, {"number": plain(number.value), **known.values})
            elif not any(start < place[1] and place[0] < end for start, end in found):
                found[place] = Span(*place, {"number": plain(number.value)})
        return [found[place] for place in sorted(found)]

    def exact(self, text: str) -> Exact | None:
        """Return None: sums are for the assistant's own book."""
        return None

    def loose(self, clean: Clean, spans: Sequence[Span]) -> Exact | None:
        """Return None: what an owner's sentence does not say is not meant for it."""
        return None

    def fits(self, slot: str, words: str) -> bool:
        """Whether the clean `words` that a wildcard took may be that slot."""
        return True
