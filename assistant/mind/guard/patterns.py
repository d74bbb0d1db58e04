"""What a topic sounds like: (a|b) choices, [a] may be missing, <rule> stands elsewhere, * a gap.

A pattern is looked for anywhere in a clean text (`assistant.mind.guard.written`); `^` is the text's
beginning and `$` its end.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assistant.mind.guard.written import clean

GAPS = {"en": r"(?:\b *\w+){0,4}?", "zh": r".{0,6}?"}
"""What `*` stands for: up to four words, or up to six characters."""
DEEPEST = 20
"""Brackets and rules within each other; a pattern that a person writes has three."""
_SIGNS = "* ^$"
_WORD = re.compile(r"(?:[^\W_]|['\u2019])+")
_OPENING, _CLOSING = ("(", "[", "<"), (")", "]", ">")
_SPECIAL = f"()[]<>|{_SIGNS}"


class Wrong(ValueError):
    """What is wrong in a pattern."""

    def __init__(self, why: str, at: int) -> None:
        """`at` counts the characters in front of it."""
        super().__init__(why)
        self.at = at


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern."""

    source: str
    """As a regular expression."""
    needs: frozenset[str] = frozenset()
    """One of these is in each text that it matches; none: that is not known."""

    @property
    def worth(self) -> tuple[int, int]:
        """How rarely one of `needs` is found by chance."""
        return min(map(len, self.needs), default=0), -len(self.needs)


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be looked for."""

    source: str
    needs: frozenset[str]

    @functools.cached_property
    def expression(self) -> re.Pattern[str]:
        """The regular expression; made when it is first needed, for most never are."""
        return re.compile(self.source)


class Grammar:
    """Reads the patterns of one file."""

    def __init__(self, language: str, rules: Mapping[str, str]) -> None:
        """`language` is `en` or `zh`; `rules` are what stands as `<name>`."""
        self._language, self._rules = language, rules
        self._parts: dict[str, _Part] = {}
        self._patterns: dict[str, Pattern] = {}

    def pattern(self, text: str) -> Pattern:
        """Return the pattern that `text` describes, each time the same. Raises `Wrong`."""
        if text not in self._patterns:
            self._patterns[text] = self._read(text)
        return self._patterns[text]

    def _read(self, text: str) -> Pattern:
        part = _Reader(text, self._language, lambda name: self._rule(name, ())).whole()
        edge = r"\b" if self._language == "en" else ""
        if not part.needs:
            raise Wrong("there must be a word in it that has to be said", 0)
        return Pattern(f"{edge}(?:{part.source}){edge}", part.needs)

    def _rule(self, name: str, within: tuple[str, ...]) -> _Part:
        if name not in self._rules:
            known = ", ".join(sorted(self._rules)) or "none"
            raise Wrong(f"the rule `<{name}>` is not there; there is: {known}", 0)
        if name in within:
            raise Wrong(f"the rule `<{name}>` stands within itself", 0)
        if name not in self._parts:
            inner = (*within, name)
            reader = _Reader(
                self._rules[name], self._language, lambda other: self._rule(other, inner)
            )
            part = reader.whole()
            self._parts[name] = _Part(f"(?:{part.source})", part.needs)
        return self._parts[name]


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, language: str, rule: Callable[[str], _Part]) -> None:
        self._text, self._language, self._named = text, language, rule
        self._at = self._depth = 0

    def whole(self) -> _Part:
        """Return the part that the whole text is: one choice, or several."""
        try:
            parts = [self._sequence()]
            while self._text[self._at : self._at + 1] == "|":
                self._at += 1
                parts.append(self._sequence())
            if self._at < len(self._text):
                raise Wrong(f"`{self._text[self._at]}` was never opened", 0)
        except Wrong as error:
            raise Wrong(str(error), self._at) from None
        return _Part("|".join(part.source for part in parts), _any(parts))

    def _sequence(self) -> _Part:
        parts = []
        while self._at < len(self._text) and self._text[self._at] not in "|)]>":
            parts.append(self._one(self._text[self._at]))
        best = max(parts, key=lambda part: part.worth, default=_Part(""))
        return _Part("".join(part.source for part in parts), best.needs)

    def _one(self, c: str) -> _Part:
        if c in "([":
            return self._choices(")" if c == "(" else "]")
        if c == "<":
            return self._rule()
        if c in _SIGNS:
            self._at += 1
            return _Part(self._sign(c))
        return self._word()

    def _sign(self, c: str) -> str:
        if c == "*":
            return GAPS[self._language]
        if c == " ":
            return r"\b *" if self._language == "en" else ""
        return c  # the beginning or the end of the text

    def _word(self) -> _Part:
        end = self._at
        while end < len(self._text) and self._text[end] not in _SPECIAL:
            end += 1
        given = self._text[self._at : end]
        word = clean(given)
        if not word or not _WORD.fullmatch(given):
            raise Wrong(f"`{given}` is no word that can be said", 0)
        beside = self._text[: self._at][-1:], self._text[end : end + 1]
        if self._language == "en" and (beside[0] in _CLOSING or beside[1] in _OPENING):
            raise Wrong(f"`{given}` touches a bracket; write whole words, (bomb|bombs)", 0)
        self._at = end
        return _Part(re.escape(word), frozenset([word]))

    def _choices(self, closing: str) -> _Part:
        began = self._at
        self._depth += 1
        if self._depth > DEEPEST:
            raise Wrong("there are too many brackets within each other", 0)
        parts: list[_Part] = []
        while not parts or self._text[self._at] == "|":
            self._at += 1
            parts.append(self._sequence())
            if self._text[self._at : self._at + 1] not in ("|", closing):
                self._at = began
                raise Wrong(f"`{self._text[began]}` has no `{closing}`", 0)
        self._at += 1
        self._depth -= 1
        source = f"(?:{'|'.join(part.source for part in parts)})"
        return _Part(f"{source}?") if closing == "]" else _Part(source, _any(parts))

    def _rule(self) -> _Part:
        end = self._text.find(">", self._at)
        part = self._named(self._text[self._at + 1 : end] if end > 0 else "")
        self._at = end + 1
        return part


def _any(parts: Iterable[_Part]) -> frozenset[str]:
    """Return what one of several needs; nothing where one of them needs nothing."""
    needs = [part.needs for part in parts]
    return frozenset().union(*needs) if all(needs) else frozenset()
