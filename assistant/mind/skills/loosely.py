"""A text whose words are counted off: what they are about, and what is left over."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.mind.skills.reading import Clean, Span
from assistant.mind.skills.signs import signed
from assistant.mind.skills.skill import Slot

A_SPAN = "[\u1200-\u12ff]"


def words(text: str) -> frozenset[str]:
    """Return the words of a text, each once."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Said:
    """A text in which each span is one letter."""

    text: str
    spans: Mapping[str, Span]
    """By letter."""
    given: Callable[[str], str]
    """Returns what was given for words of the text."""
    spare: bool = False
    """Whether a word was left out that nothing is made of."""
    aside: bool = False
    """Whether a time or a number was left out with the words beside it."""

    def part(self, text: str) -> "Said":
        """Return another text of the same spans: a part of this one."""
        return replace(self, text=text)

    def signs(self) -> list[Span]:
        """Return the spans in the text, from left to right."""
        return [self.spans[each] for each in self.text if each in self.spans]

    def values(self, kind: str) -> list[Slot]:
        """Return the values of the spans that may be of that kind."""
        return [each.values[kind] for each in self.signs() if kind in each.values]

    def only(self, *kinds: str) -> dict[str, Slot] | None:
        """Return one value for each kind that is there; None: two of a kind, or another span."""
        found: dict[str, Slot] = {}
        for span in self.signs():
            kind = next((each for each in kinds if each in span.values), "")
            if not kind or kind in found:
                return None
            found[kind] = span.values[kind]
        return found

    def left(self, known: Iterable[str]) -> list[str]:
        """Return the words that are not known."""
        known = set(known)
        return [each for each in self.text.split() if each not in known and each not in self.spans]


def said(clean: Clean, spans: Sequence[Span]) -> Said:
    """Return a clean text with a letter for each of its spans."""
    whole = signed(clean, spans)

    def given(words: str) -> str:
        found = re.compile(re.escape(words).join((r"(?<![^\s])", r"(?![^\s])"))).search(whole.text)
        return whole.said(*found.span()) if found and words else words

    return Said(whole.text, whole.spans, given)
