"""Finds the passages that fit a question: by its words and by what it means, fused.

Reciprocal rank fusion was tried with the same rankings and lost: 89 % of the questions had their
passage in the first two, where the sum has 95 % (docs/knowledge.md). The best passage by words is
first among them even where it shares next to nothing.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.mind.knowledge.everyday import EVERYDAY
from assistant.mind.knowledge.meaning import Meaning, Vectors
from assistant.mind.knowledge.store import Row, Store
from assistant.mind.knowledge.words import chinese, words

WHOLE = 0.5
"""How much the meaning of a whole passage counts beside that of its nearest sentence."""
WORDS = 0.06
"""How much all of a question's words count beside its meaning."""
OTHERS = 11
"""Of so many next best passages the mean is what a question has in common with its surroundings."""
FIT = (-4.8, 33.8, 19.8, 1.75, 10.7, 0.73)
"""Of the odds that a passage answers: bias, sentence, whole, cover, above, Chinese; a logistic
regression over the development half of benchmarks/knowledge/questions.jsonl, made by
`benchmarks/knowledge_fit.py`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found."""

    row: Row
    score: float
    """What passages are ordered by: how near it is in meaning and words, 0 to .3."""
    features: tuple[float, float, float, float, float]
    """How near its nearest sentence is and the whole of it, beyond what is near to any question;
    the share of the question's words that it has, by their weight; how much better it is than the
    next ones; 1 for a Chinese question."""

    sentences: tuple[float, ...] = ()
    """How near each of its sentences is, in their order; empty where it has but one."""

    @property
    def fits(self) -> float:
        """The probability that it answers the question."""
        odds = FIT[0] + sum(a * b for a, b in zip(FIT[1:], self.features, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


class Finder:
    """Finds passages in a store; what other processes add is found at the next question."""

    def __init__(self, store: Store, meaning: Meaning) -> None:
        self._store, self._meaning = store, meaning
        self._version = (-1, -1)
        self._common = {
            language == "zh": meaning.query(texts).mean(0) for language, texts in EVERYDAY.items()
        }

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
        # Some passages are near to every question; what is common to all is taken off.
        asked = self._meaning.query([question])[0] - self._common[chinese(question)]
        near = self._vectors @ asked
        sentence = np.maximum.reduceat(near, self._first)
        whole = near[self._first]
        cover = self._cover(words(question, question=True))
        score = sentence + WHOLE * whole + WORDS * cover
        score[foreign] = -1.0
        ends = np.append(self._first[1:], len(near))
        best = np.argsort(-score, kind="stable")[: max(most, OTHERS) + 1]
        others = float(score[best[1 : OTHERS + 1]].mean()) if len(best) > 1 else 0.0
        return [
            Found(
                self._store.row(self._numbers[at]),
                float(score[at]),
                (
                    float(sentence[at]),
                    float(whole[at]),
                    float(cover[at]),
                    float(score[at]) - max(others, 0.0),
                    float(chinese(question)),
                ),
                tuple(near[self._first[at] + 1 : ends[at]].tolist()),
            )
            for at in best[:most].tolist()
            if score[at] > -1
        ]

    def _cover(self, asked: Sequence[str]) -> Vectors:
        """Return for each passage the share of the words that it has."""
        total = 0.0
        count = len(self._numbers)
        cover: defaultdict[int, float] = defaultdict(float)
        for word in dict.fromkeys(asked):
            having = self._store.having(word)
            weight = math.log(1 + (count - len(having) + 0.5) / (len(having) + 0.5))  # BM25's
            total += weight
            for number in having:
                cover[number] += weight
        share = np.zeros(count, np.float32)
        for number, weight in cover.items():
            share[self._at[number]] = weight / total
        return share

    def _refresh(self) -> None:
        if (version := self._store.version()) == self._version:
            return
        self._numbers, self._vectors, first, language = self._store.vectors()
        self._at = {number: at for at, number in enumerate(self._numbers)}
        self._first: npt.NDArray[np.int64] = np.asarray(first, np.int64)
        self._chinese: npt.NDArray[np.bool_] = np.asarray(language, np.bool_)
        self._version = version
