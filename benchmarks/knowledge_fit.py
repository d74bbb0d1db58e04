"""Fits the odds that a passage answers a question (assistant/mind/knowledge/finding.py).

A logistic regression over what is known of the best passage, from the development half of
benchmarks/knowledge/questions.jsonl; then how many questions are taken at which threshold, and how
many have their passage in the first two, for both halves. Takes ten seconds.

    .venv/bin/python benchmarks/knowledge_fit.py
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from assistant.mind.knowledge.adding import Adder
from assistant.mind.knowledge.finding import Finder
from assistant.mind.knowledge.meaning import E5
from assistant.mind.knowledge.store import Store

HERE = Path(__file__).parent / "knowledge"
WRONG = 3.0
"""How much an answer to what the documents do not say weighs; there are a third as many."""


def fit(x: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return bias and weights, by plain gradient descent."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[np.ones(len(x)), (x - mean) / spread]
    weights, each = np.zeros(z.shape[1]), np.where(right, 1.0, WRONG)
    for _ in range(4000):
        error = each * (1 / (1 + np.exp(-z @ weights)) - right)
        weights -= 0.5 * (z.T @ error / each.sum() + 0.3 / len(x) * np.r_[0, weights[1:]])
    slopes = weights[1:] / spread
    return np.r_[weights[0] - (slopes * mean).sum(), slopes]


def main() -> None:
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        meaning, store = E5(), Store(Path(folder) / "knowledge.sqlite")
        for outcome in Adder(store, meaning, 10**7).add(HERE / "documents"):
            assert outcome.state == "added", outcome
        finder = Finder(store, meaning)
        found = [finder.find(each["text"], 2) for each in questions]
        store.close()
    features = np.array([each[0].features for each in found])
    right = np.array([each["answerable"] for each in questions])
    first = np.array([each["split"] == "development" for each in questions])
    for name, half in (("development", first), ("test", ~first)):
        hits = [
            any(each["passage"] in f"{f.row.heading}\n{f.row.text}\n{f.row.answer}" for f in best)
            for each, best, wanted in zip(questions, found, half & right, strict=True)
            if wanted
        ]
        print(f"{name}: passage in the first two {np.mean(hits):.3f} of {len(hits)}")
    weights = fit(features[first], right[first])
    print("FIT =", tuple(np.round(weights, 2).tolist()))
    fits = 1 / (1 + np.exp(-(weights[0] + features @ weights[1:])))
    print("threshold  answerable taken (dev, test)  unanswerable refused (dev, test)")
    for at in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        shares = [(fits[half & right] >= at).mean() for half in (first, ~first)]
        shares += [(fits[half & ~right] < at).mean() for half in (first, ~first)]
        print(f"{at:9.1f}", *(f"{share:8.2f}" for share in shares))


if __name__ == "__main__":
    main()
