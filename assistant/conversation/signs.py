"""Signs of whom a sentence is said to. Pure; see `assistant.conversation.addressed`.

What they look like in a language is in `signs_en` and `signs_zh`; which there are, and how they are
looked for, is the same in all.
"""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

Pattern = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Language:
    """What the signs look like in one language."""

    words: Callable[[str], tuple[str, ...]]
    """The words of a text, bare; in Chinese its characters."""
    between: str
    """What stands between two words."""
    ends: tuple[Pattern, Pattern]
    """What parts sentences, and what parts clauses: a question or an order is looked for in the
    last of either."""
    question: Pattern
    order: Pattern
    bare: Mapping[str, Pattern]
    """Signs that are looked for in the words, by name."""
    written: Mapping[str, Pattern]
    """Signs for which points and capitals count, by name."""
    orders_tell: bool
    """What begins as an order may be told of somebody: in Chinese 说 and 开 begin either."""
    cuts_in: Pattern
    """What people begin with who want somebody else to stop speaking."""
    short: int
    """So many words are few."""
    long: int
    """So many words are many."""
    nothing: Set[str]
    """Words that say nothing of what a sentence is about."""

    def signs(self, text: str, reply: str) -> dict[str, float]:
        """Return the signs in a `text` that was said after `reply`, by name, each 0 to 1."""
        words = self.words(text)
        bare, few = self._bare(text), len(words) <= self.short
        ends = [self._bare(cut.split(text.strip())[-1]) for cut in self.ends]
        asks = any(self.question.search(end) for end in ends)
        orders = any(self.order.search(end) for end in ends)
        found = {name: bool(each.search(bare)) for name, each in self.bare.items()}
        found |= {name: bool(each.search(text)) for name, each in self.written.items()}
        found["reply"] &= few
        found["told"] &= not asks and (self.orders_tell or not orders)
        return {
            "question": float(asks),
            "order": float(orders),
            **{name: float(there) for name, there in found.items()},
            "cried": float("!" in text or "！" in text),
            "short": float(few),
            "long": min(max(0, len(words) - self.short) / (self.long - self.short), 1.0),
            "same": self._same(words, reply),
        }

    def begins_as_who_cuts_in(self, text: str) -> bool:
        """Whether `text` begins as those do who want somebody else to stop speaking."""
        return bool(self.cuts_in.search(self._bare(text)))

    def _bare(self, text: str) -> str:
        return self.between.join(self.words(text))

    def _same(self, words: tuple[str, ...], reply: str) -> float:
        """Return which share of the words that mean something stood in the last answer."""
        mine = set(words) - self.nothing
        return len(mine.intersection(self.words(reply))) / len(mine) if mine else 0.0
