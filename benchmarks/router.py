"""Makes assistant/mind/remote/router.json from router-training.jsonl: two logistic regressions.

    .venv/bin/python benchmarks/router.py           shows how well they do by cross-validation
    .venv/bin/python benchmarks/router.py --write   makes the file

The strengths of the regularisation, and the odds from which the words alone decide (`sure`), come
from cross-validation. The held-out set (assistant/data/router-held-out.jsonl) plays no part in
this: `assistant bench router` measures it.
"""

import argparse
import base64
import json
from pathlib import Path

import numpy as np

from assistant.bench.router import read
from assistant.mind.remote.router import BUCKETS, WEIGHTS, WORD_SHARE, Embedding, marks

TRAINING = Path(__file__).parent / "router-training.jsonl"
STRENGTHS = (0.003, 0.01, 0.03, 0.1)
FOLDS = 10
ROUNDS = 50
WRONG = 0.015
"""Of those that the words alone decide so many may be wrong; about as many are by the meaning."""


def fit(x, y, strength):
    """Return weights and bias of an L2-regularised logistic regression.

    By Newton's method in the space of the requests, of which there are fewer than weights.
    """
    near = (x @ x.T + 1.0) / strength
    odds, a = np.zeros(len(y)), np.zeros(len(y))
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-odds))
        root = np.sqrt(np.maximum(p * (1 - p), 1e-9))
        b = root**2 * odds + (y - p)
        curve = np.eye(len(y)) + root[:, None] * near * root
        a = b - root * np.linalg.solve(curve, root * (near @ b))
        before, odds = odds, near @ a
        if np.abs(odds - before).max() < 1e-6:
            break
    return x.T @ a / strength, a.sum() / strength


def judged(x, y, strength):
    """Return the odds that each gets from those that were fitted without it."""
    order = np.random.default_rng(0).permutation(len(x))
    odds = np.empty(len(x))
    for part in np.array_split(order, FOLDS):
        rest = np.setdiff1d(order, part)
        weights, bias = fit(x[rest], y[rest], strength)
        odds[part] = x[part] @ weights + bias
    return odds


def right(odds, y):
    """Return the share that is told right."""
    return ((odds > 0) == (y > 0)).mean()


def best(name, x, y):
    """Return the best strength and the odds of its cross-validation."""
    odds = {strength: judged(x, y, strength) for strength in STRENGTHS}
    for strength, each in odds.items():
        print(f"{name}, L2 {strength:5.3f}: {right(each, y):.2%} right of {len(x)} ({FOLDS} folds)")
    strength = max(odds, key=lambda each: right(odds[each], y))
    return strength, odds[strength]


def surest(odds, y):
    """Return the least odds of which, and of all above, no more than `WRONG` are wrong."""
    order = np.argsort(-np.abs(odds))
    wrong = np.cumsum((odds > 0)[order] != (y > 0)[order]) / np.arange(1, len(y) + 1)
    return float(np.abs(odds)[order[np.flatnonzero(wrong <= WRONG)[-1]]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    requests = read(TRAINING)
    y = np.array([each.label == "complex" for each in requests], float)
    words = np.zeros((len(requests), BUCKETS), np.float32)
    for row, each in zip(words, requests, strict=True):
        found = marks(each.text)
        np.add.at(row, found, len(found) ** -0.5)
    embedding = Embedding()
    meaning = np.array([embedding(each.text) for each in requests], np.float64)
    words_strength, words_odds = best("words", words, y)
    meaning_strength, meaning_odds = best("meaning", meaning, y)
    sure = surest(words_odds, y)
    alone = np.abs(words_odds) >= sure
    odds = np.where(alone, words_odds, meaning_odds + WORD_SHARE * words_odds)
    print(f"words alone from odds of {sure:.2f}: {alone.mean():.0%}; in all {right(odds, y):.2%}")
    if write:
        weights, bias = fit(words, y, words_strength)
        scale = float(np.abs(weights).max()) / 127
        table = np.rint(weights / scale).astype(np.int8)
        weights, meaning_bias = fit(meaning, y, meaning_strength)
        kept = {
            "words": base64.b85encode(table.tobytes()).decode(),  # (BUCKETS,) int8
            "words_scale": scale,
            "words_bias": round(float(bias), 4),
            "sure": round(sure, 4),
            "meaning": [round(float(w), 4) for w in weights],
            "meaning_bias": round(float(meaning_bias), 4),
        }
        WEIGHTS.write_text(json.dumps(kept) + "\n")
        print(f"written: {WEIGHTS} (L2 {words_strength} and {meaning_strength})")


if __name__ == "__main__":
    main()
