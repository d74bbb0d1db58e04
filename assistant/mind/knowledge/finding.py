"""Finds the passages that fit a question: by its words and by what it means, fused.

Reciprocal rank fusion was tried with the same rankings and lost: 89 % of the questions had their
passage in the first two, where the sum has 95 % (docs/knowledge.md). The best passage by words is
first among them even where it shares next to nothing.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.mind.knowledge.asking import Kind, lacks, wanted
from assistant.mind.knowledge.everyday import EVERYDAY
from assistant.mind.knowledge.meaning import Meaning, Vectors
from assistant.mind.knowledge.store import Row, Store
from assistant.mind.knowledge.words import chinese, joined, words

WHOLE = 0.5
"""How much the meaning of a whole passage counts beside that of its nearest sentence."""
WORDS = 0.06
"""How much all of a question's words count beside its meaning."""
RIVALS = 8
"""So many more passages are looked at for one that says something else."""
LONE = 0.05
"""The margin of a passage that no other one rivals: about the median of those that answer."""
FIT = (-35.56, 40.38, 20.39, -3.41, -0.39, 0.56, -1.56)
"""Of the odds that a passage answers: bias, then as `Signs` has them; a logistic regression over
the questions in benchmarks/knowledge that are for it, made by `benchmarks/knowledge_fit.py`."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells whether a passage answers the question."""

    near: float
    """The cosine of the question and the nearest of its sentences, or the whole of it."""
    margin: float
    """How much better its score is than that of the next one that says something else."""
    lacks: bool
    """It has nothing of the kind that is asked for: no time, where the question is "when"."""
    whether: bool
    """Yes or no is asked; such questions are near to anything about the same thing."""
    other: bool
    """What is asked for cannot be told by its form."""
    chinese: bool

    @property
    def fits(self) -> float:
        """The probability that it answers the question."""
        values = self.near, self.margin, self.lacks, self.whether, self.other, self.chinese
        odds = FIT[0] + sum(a * b for a, b in zip(FIT[1:], values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found."""

    row: Row
    score: float
    """What passages are ordered by: how near it is in meaning and words, 0 to .3."""
    about: float
    """How near it is beyond what is near to any question, -.1 to .3."""
    signs: Signs
    asks: Kind
    """What the question asks for."""
    missing: tuple[str, ...]
    """The question's words that the passage has not, in any of their forms."""
    sentences: tuple[float, ...] = ()
    """How near each of its sentences is, in their order; empty where it has but one."""

    @property
    def fits(self) -> float:
        """The probability that it answers the question."""
        return self.signs.fits


class Finder:
    """Finds passages in a store; what other processes add is found at the next question."""

    def __init__(self, store: Store, meaning: Meaning) -> None:
        self._store, self._meaning = store, meaning
        self._version = (-1, -1)
        self._common: dict[bool, Vectors] = {}
        self._usual: dict[bool, Vectors] = {}

    @property
    def passages(self) -> int:
        """How many there are to be found."""
        self._refresh()
        return len(self._numbers)

    def find(self, question: str, most: int) -> list[Found]:
        """Return the best passages in the language of the question, the best first.

        Those in the other one are found where there are no others.
        """
        self._refresh()
        if not self._numbers:
            return []
        foreign = self._chinese != chinese(question)
        if foreign.all():
            foreign[:] = False
        asked = self._meaning.query([question])[0]
        cosines = self._vectors @ asked
        # Some passages are near to every question; what is common to all is taken off.
        near = cosines - self._usually(chinese(question))
        having = {
            word: set(self._store.having(word))
            for word in dict.fromkeys(words(question, question=True))
        }
        score = np.maximum.reduceat(near, self._first) + WHOLE * near[self._first]
        score += WORDS * self._cover(having)
        score[foreign] = -1.0
        best = np.argsort(-score, kind="stable")[: most + RIVALS].tolist()
        best = [at for at in best if score[at] > -1]
        rows = [self._store.row(self._numbers[at]) for at in best]
        ends = np.append(self._first[1:], len(near))
        asks, found = wanted(question), []
        for place, (at, row) in enumerate(zip(best[:most], rows, strict=False)):
            part = slice(self._first[at], ends[at])
            rivals = zip(best[place + 1 :], rows[place + 1 :], strict=True)
            next_ = next((score[rival] for rival, other in rivals if _differ(row, other)), None)
            margin = LONE if next_ is None else float(score[at] - next_)
            found.append(
                Found(
                    row,
                    float(score[at]),
                    float(near[part].max()),
                    _signs(question, asks, row, float(cosines[part].max()), margin),
                    asks,
                    joined(word for word in having if self._numbers[at] not in having[word]),
                    tuple(near[self._first[at] + 1 : ends[at]].tolist()),
                )
            )
        return found

    def _usually(self, zh: bool) -> Vectors:
        """Return how near each vector is to any question of a language."""
        if zh not in self._common:
            self._common[zh] = self._meaning.query(EVERYDAY["zh" if zh else "en"]).mean(0)
        if zh not in self._usual:
            self._usual[zh] = self._vectors @ self._common[zh]
        return self._usual[zh]

    def _cover(self, having: Mapping[str, Collection[int]]) -> Vectors:
        """Return for each passage the share of the words that it has."""
        total = 0.0
        count = len(self._numbers)
        cover: defaultdict[int, float] = defaultdict(float)
        for numbers in having.values():
            weight = math.log(1 + (count - len(numbers) + 0.5) / (len(numbers) + 0.5))  # BM25's
            total += weight
            for number in numbers:
                cover[number] += weight
        share = np.zeros(count, np.float32)
        for number, weight in cover.items():
            share[self._at[number]] = weight / total
        return share

    def _refresh(self) -> None:
        if (version := self._store.version()) == self._version:
            return
        self._numbers, self._vectors, first, language = self._store.vectors()
        self._usual = {}
        self._at = {number: at for at, number in enumerate(self._numbers)}
        self._first: npt.NDArray[np.int64] = np.asarray(first, np.int64)
        self._chinese: npt.NDArray[np.bool_] = np.asarray(language, np.bool_)
        self._version = version


def _differ(one: Row, other: Row) -> bool:
    """Whether two passages say something else; the wordings of one question have one answer."""
    return (one.answer or one.text) != (other.answer or other.text)


def _signs(question: str, asks: Kind, row: Row, near: float, margin: float) -> Signs:
    return Signs(
        near=near,
        margin=margin,
        lacks=lacks(asks, f"{row.text} {row.answer}"),
        whether=asks == "whether",
        other=asks == "other",
        chinese=chinese(question),
    )
