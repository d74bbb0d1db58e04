"""Fits the odds that a passage answers a question (assistant/mind/knowledge/finding.py).

A logistic regression over the signs of the best passage, from the development half of
benchmarks/knowledge/questions.jsonl and from benchmarks/knowledge/more: four more documents in each
language, and many questions that are about what documents mention, though not that side of it. Each
question is asked once more without the passages that answer it: then the next best one is wrong.

What the thresholds are worth is found by leaving out: the questions about each document (the first
eight together) get their odds from a fit without them. The other half of questions.jsonl is not
read. Takes a minute.

    .venv/bin/python benchmarks/knowledge_fit.py
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from assistant.mind.knowledge.adding import Adder
from assistant.mind.knowledge.finding import Finder, Found
from assistant.mind.knowledge.meaning import E5, Vectors
from assistant.mind.knowledge.store import Store

HERE = Path(__file__).parent / "knowledge"
MORE = HERE / "more"
BESIDE = ("coffee-machine.html", "safety-rules.txt", "咖啡机说明书.html", "车间安全规定.txt")
"""Documents that lie beside those of `STORES`, so that there is more to find."""
STORES = (
    ("lunara-washer.html", "town-library.md", "海宁洗衣机.html", "柳园图书馆.md"),
    ("riverside-pool.md", "星河游泳馆.md"),
    ("guest-house.txt", "山里民宿须知.txt"),
)
"""Documents that lie in one store: none of them answers what another one leaves open."""
MADE = 0.5
"""How much a question weighs whose answer was taken away, beside one that somebody wrote."""
RIDGE = 3.0
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)


class Remembering:
    """The embedding, which makes no vector twice."""

    def __init__(self) -> None:
        self._meaning, self._known = E5(), dict[tuple[bool, str], Vectors]()

    def query(self, texts: Sequence[str]) -> Vectors:
        return self._all(texts, True)

    def passage(self, texts: Sequence[str]) -> Vectors:
        return self._all(texts, False)

    def _all(self, texts: Sequence[str], question: bool) -> Vectors:
        make = self._meaning.query if question else self._meaning.passage
        for each in texts:
            if (question, each) not in self._known:
                self._known[question, each] = make([each])
        return np.concatenate([self._known[question, each] for each in texts])


def holds(question: dict[str, Any], found: Found) -> bool:
    """Whether a passage is the one with the answer."""
    row = found.row
    return question["passage"] in f"{row.heading}\n{row.text}\n{row.answer}"


def asked(
    meaning: Remembering, files: Sequence[Path], questions: Sequence[dict[str, Any]], part: int
) -> list[dict[str, Any]]:
    """Return what is known of the best passage of each question, and of the best wrong one."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "knowledge.sqlite")
        adder = Adder(store, meaning, 10**7)
        for file in files:
            assert [each.state for each in adder.add(file)] == ["added"], file
        finder = Finder(store, meaning)
        for question in questions:
            there, found = question["answerable"], finder.find(question["text"], 8)
            hit = there and any(holds(question, each) for each in found[:2])
            kept = {"part": part, "language": question["language"], "hit": hit}
            results.append({**kept, "signs": found[0].signs, "there": there, "made": False})
            wrong = [each for each in found if not holds(question, each)]
            if there and wrong:
                signs = wrong[0].signs
                results.append({**kept, "signs": signs, "there": False, "made": True})
        store.close()
    return results


def fit(x: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return bias and weights, by Newton's method."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[np.ones(len(x)), (x - mean) / spread]
    ridge = RIDGE * np.diag(np.r_[1e-6, np.ones(x.shape[1])])
    weights = np.zeros(z.shape[1])
    for _ in range(25):
        share = 1 / (1 + np.exp(-z @ weights))
        slope = z.T @ (weight * (share - right)) + ridge @ weights
        curve = (z * (weight * share * (1 - share))[:, None]).T @ z + ridge
        weights -= np.linalg.solve(curve, slope)
    slopes = weights[1:] / spread
    return np.r_[weights[0] - (slopes * mean).sum(), slopes]


def main() -> None:
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    lines += (MORE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    every = [each for each in map(json.loads, lines) if each["split"] == "development"]
    meaning = Remembering()
    new = [name for names in STORES for name in names]
    results = asked(
        meaning,
        sorted((HERE / "documents").iterdir()),
        [each for each in every if each["document"] not in new],
        0,
    )
    for part, names in enumerate(STORES, 1):
        files = [MORE / "documents" / name for name in names]
        files += [HERE / "documents" / name for name in BESIDE]
        questions = [each for each in every if each["document"] in names]
        results += asked(meaning, files, questions, part)
    x = np.array([astuple(each["signs"]) for each in results], float)
    right, made, part = (
        np.array([each[key] for each in results]) for key in ("there", "made", "part")
    )
    weight = np.where(made, MADE, 1.0)
    odds = np.zeros(len(x))
    for each in sorted(set(part.tolist())):
        weights = fit(x[part != each], right[part != each], weight[part != each])
        odds[part == each] = weights[0] + x[part == each] @ weights[1:]
    print("FIT =", tuple(np.round(fit(x, right, weight), 2).tolist()))
    language = np.array([each["language"] for each in results])
    hit = np.array([each["hit"] for each in results])
    for name in ("en", "zh"):
        there = (language == name) & right
        print(f"{name}: {hit[there].mean():.3f} of {there.sum()} passages in the first two")
    margins = np.array([each["signs"].margin for each in results])
    print(f"median margin where it answers: {np.median(margins[right]):.3f}")
    print("threshold  taken en, zh    refused en, zh")
    for at in THRESHOLDS:
        taken = 1 / (1 + np.exp(-odds)) >= at
        shares = [taken[right & (language == name)].mean() for name in ("en", "zh")]
        open_ = ~right & ~made
        shares += [1 - taken[open_ & (language == name)].mean() for name in ("en", "zh")]
        print(f"{at:9.2f}", *(f"{share:8.2f}" for share in shares))


if __name__ == "__main__":
    main()
