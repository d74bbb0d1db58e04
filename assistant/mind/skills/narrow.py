"""Leaves out the sentences that a text cannot be, before hassil tries them one by one.

A sentence without free words is made of known ones: a text that has another word, or a span of
another kind, is not that sentence. This is quick to see, and most sentences go by it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hassil import Intents
    from hassil.expression import Expression, Sentence
    from hassil.intents import IntentData

_WORD = re.compile(r"[^\W\u1200-\u12ff]+")
_LETTER = re.compile(r"[^\W\u1200-\u12ff]")
_GLUED = re.compile(r"\w[\[(<{]|[\])>}]\w")
"""Words that are put together of pieces: "timer[s]"."""


@dataclass(frozen=True, slots=True)
class _Template:
    """One sentence, and what it is made of."""

    intent: str
    data: "IntentData"
    sentence: "Sentence"
    words: frozenset[str] | None
    """None: any."""
    kinds: frozenset[str]


class Narrow:
    """All sentences of a book; gives back those that a text may be."""

    def __init__(self, intents: "Intents") -> None:
        self._intents = intents
        self._piece = _LETTER if intents.settings.ignore_whitespace else _WORD
        self._templates = [
            _Template(name, data, sentence, *self._made_of(sentence))
            for name, intent in intents.intents.items()
            for data in intent.data
            for sentence in data.sentences
        ]

    def to(self, text: str, spans: Iterable[Iterable[str]]) -> "Intents":
        """Return the sentences that `text` may be; `spans` are the kinds that each span may be."""
        from hassil.intents import Intent

        words = frozenset(self._piece.findall(text.casefold()))
        kinds = [frozenset(each) for each in spans]
        kept: dict[str, dict[int, IntentData]] = {}
        sentences: dict[int, list[Sentence]] = {}
        for each in self._templates:
            if each.words is not None and not (
                words <= each.words and all(kind & each.kinds for kind in kinds)
            ):
                continue
            block = id(each.data)
            if block not in sentences:
                kept.setdefault(each.intent, {})[block] = replace(each.data)
                # What hassil would read out of its texts anew, at each request.
                kept[each.intent][block].__dict__["sentences"] = sentences[block] = []
            sentences[block].append(each.sentence)
        narrowed = {name: Intent(name, list(blocks.values())) for name, blocks in kept.items()}
        return replace(self._intents, intents=narrowed)

    def _made_of(self, sentence: "Sentence") -> tuple[frozenset[str] | None, frozenset[str]]:
        from hassil.expression import ListReference, TextChunk
        from hassil.intents import TextSlotList

        words, kinds = set[str](), set[str]()
        glued = self._piece is _WORD and _GLUED.search(sentence.text or "") is not None
        for each in self._pieces(sentence.expression, 0):
            if isinstance(each, TextChunk):
                words.update(self._piece.findall(each.text.casefold()))
            elif isinstance(each, ListReference):
                known = self._intents.slot_lists.get(each.list_name)
                if isinstance(known, TextSlotList):
                    for value in known.values:
                        for piece in self._pieces(value.text_in, 0):
                            if isinstance(piece, TextChunk):
                                words.update(self._piece.findall(piece.text.casefold()))
                elif known is not None:
                    glued = True  # a wildcard takes any words
                kinds.add(each.list_name)
            else:
                glued = True
        return None if glued else frozenset(words), frozenset(kinds)

    def _pieces(self, expression: "Expression", depth: int) -> "Iterator[Expression | None]":
        """Yield the texts and lists of a sentence; None for what is not known, or is glued."""
        from hassil.expression import Group, RuleReference

        if isinstance(expression, Group):
            for each in expression.items:
                yield from self._pieces(each, depth + 1)
        elif isinstance(expression, RuleReference):
            rule = self._intents.expansion_rules.get(expression.rule_name)
            if (
                rule is None
                or depth > 40
                or (self._piece is _WORD and _GLUED.search(rule.text or ""))
            ):
                yield None
            else:
                yield from self._pieces(rule.expression, depth + 1)
        else:
            yield expression
