"""Finds the amount of a medicine in an answer: a number, a unit, and that a medicine is meant."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from assistant.mind.guard.patterns import Grammar
from assistant.mind.guard.stream import Verdict
from assistant.mind.guard.topics import Shelf
from assistant.mind.guard.written import HAN, clean

LONGEST = 160
"""Characters from a number to what it counts; what is longer is none."""
AFTER, AFTER_COMMON = 10, 4
"""Words, or Chinese characters, after an amount in which it may be told what it is of."""
_TOKEN = re.compile(rf"[0-9]+(?:[.,/][0-9]+)*|[a-z\u00b5\u03bc]+|[{HAN}]|.", re.DOTALL)
_BETWEEN_SIGNS = frozenset(" -\u2013\u2014~*_()\u2044,")
_FRACTIONS = frozenset("\u00bc\u00bd\u00be\u2153\u2154")
_SENTENCE_END = re.compile(r"[.!?;。！？；\n]")
_WORD = re.compile(rf"[^\W{HAN}]+|[{HAN}]")


class Vocabulary:
    """The words of all languages, ready to be looked for; shared by all answers."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        def all_of(name: str) -> frozenset[str]:
            return frozenset(word for each in shelves for word in getattr(each.doses, name))

        self.vague, self.between = all_of("vague"), all_of("between")
        self.numbers = all_of("numbers") | self.vague
        self.units, self.common = all_of("units"), all_of("common_units")
        medicines = all_of("medicines")
        words = self.numbers | self.between | self.units | self.common | medicines
        self.beginnings = frozenset(word[:n] for word in words for n in range(1, len(word) + 1))
        self.first = frozenset(word[0] for word in self.numbers) | frozenset("0123456789")
        self._medicines = _any(
            word if re.match(f"[{HAN}]", word) else rf"\b{re.escape(word)}" for word in medicines
        )
        self._endings = _any(rf"\b[a-z]{{3,}}{re.escape(end)}s?\b" for end in all_of("endings"))
        self._regimen = _any(
            Grammar(each.language, {}).pattern(text).source
            for each in shelves
            for text in each.doses.regimen
        )

    def medical(self, text: str) -> bool:
        """Whether a medicine is meant in `text`."""
        return bool(self._medicines.search(text) or self._endings.search(text))

    def regimen(self, sentence: str) -> bool:
        """Whether a sentence says how a medicine is taken."""
        return self._regimen.search(clean(sentence)) is not None


def _any(sources: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(sources) or r"(?!)")


class Doses:
    """Judges the beginnings of one answer."""

    topic = "doses"

    def __init__(self, vocabulary: Vocabulary, question: str, say: str) -> None:
        self._words = vocabulary
        self._asked = vocabulary.medical(_plain(question))
        self.say = say

    def judge(self, before: str, held: str, *, last: bool) -> Verdict:
        """See `assistant.mind.guard.stream.Judge`."""
        text = _plain(held)
        if not self._begins(before, held, text) or len(held) > LONGEST:
            return Verdict.PASS
        unit = self._unit(text, last)
        if unit is None or isinstance(unit, Verdict):
            return unit or Verdict.PASS
        strong, end = unit
        if self._dose(_plain(before), text, strong, self._counted(text[:end])):
            return Verdict.STOP
        rest = text[end:]
        far = len(_WORD.findall(rest)) > (AFTER if strong else AFTER_COMMON)
        over = last or far or _SENTENCE_END.search(rest)
        return Verdict.PASS if over else Verdict.HOLD

    def _begins(self, before: str, held: str, text: str) -> bool:
        """Whether a number may begin here."""
        if held[0] in _FRACTIONS:
            return True
        if not text or text[0] not in self._words.first:
            return False
        return not (_latin(text[0]) and _latin(before[-1:].lower()))

    def _unit(self, text: str, last: bool) -> tuple[bool, int] | Verdict | None:
        """Return whether the unit after the number is one of medicines, and where it ends.

        `HOLD`: more has to be seen; None: there is no number with a unit.
        """
        first = True
        for found in _TOKEN.finditer(text):
            token, end = found[0], found.end()
            open_end = end == len(text) and not last
            if not token[0].isalnum():
                if token in "./" and open_end and text[end - 2].isdigit():
                    return Verdict.HOLD  # of a decimal, perhaps
                if token not in _BETWEEN_SIGNS:
                    return None
                continue
            if not token[0].isascii() and not first and (unit := self._han_unit(text, end - 1)):
                return unit
            if open_end and (token in self._words.beginnings or self._words.medical(token)):
                return Verdict.HOLD  # it may become another word
            if not first and token in self._words.units | self._words.common:
                return token in self._words.units, end
            number = token[0].isdigit() or token in self._words.numbers
            if token[0].isdigit() and _latin(text[: found.start()][-1:]):
                return None  # as in A4
            if not number and (first or not self._may_stand_between(token)):
                return self._han_beginning(text[found.start() :], last)
            first = False
        return None if last else Verdict.HOLD

    def _may_stand_between(self, token: str) -> bool:
        return token in self._words.between or (
            token.isascii() and token.isalpha() and self._words.medical(token)
        )

    def _han_unit(self, text: str, at: int) -> tuple[bool, int] | None:
        for length in (3, 2, 1):
            word = text[at : at + length]
            if len(word) == length and word in self._words.units | self._words.common:
                return word in self._words.units, at + length
        return None

    def _han_beginning(self, rest: str, last: bool) -> Verdict | None:
        return Verdict.HOLD if not last and rest in self._words.beginnings else None

    def _counted(self, amount: str) -> bool:
        """Whether it is told how many, and not only that there are some."""
        tokens = _TOKEN.findall(amount)
        return any(t[0].isdigit() or t in self._words.numbers - self._words.vague for t in tokens)

    def _dose(self, before: str, text: str, strong: bool, counted: bool) -> bool:
        if counted and (self._asked or self._words.medical(before + text)):
            return True
        if not strong:
            return False
        sentence = _SENTENCE_END.split(before)[-1] + text
        return self._words.regimen(sentence)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
