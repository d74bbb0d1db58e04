"""Makes assistant/mind/remote/router.json from router-training.jsonl: a logistic regression.

    .venv/bin/python benchmarks/router.py           shows how well it does by cross-validation
    .venv/bin/python benchmarks/router.py --write   makes the file

The strength of the regularisation is the one with the best cross-validation. The held-out set
(assistant/data/router-held-out.jsonl) plays no part in this: `assistant bench router` measures it.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from assistant.bench.router import read
from assistant.mind.remote.router import WEIGHTS, Embedding

TRAINING = Path(__file__).parent / "router-training.jsonl"
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FOLDS = 10
ROUNDS = 30


def fit(x, y, strength):
    """Return weights and bias of an L2-regularised logistic regression, by Newton's method."""
    x = np.hstack([x, np.ones((len(x), 1))])
    penalty = np.full(x.shape[1], strength)
    penalty[-1] = 0.0
    weights = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-(x @ weights)))
        slope = x.T @ (p - y) + penalty * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights[:-1], weights[-1]


def right(x, y, strength):
    """Return the share that is told right by those that were fitted without it."""
    order = np.random.default_rng(0).permutation(len(x))
    hits = 0
    for part in np.array_split(order, FOLDS):
        rest = np.setdiff1d(order, part)
        weights, bias = fit(x[rest], y[rest], strength)
        hits += ((x[part] @ weights + bias > 0) == (y[part] > 0)).sum()
    return hits / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    requests = read(TRAINING)
    embedding = Embedding()
    x = np.array([embedding(each.text) for each in requests], np.float64)
    y = np.array([each.label == "complex" for each in requests], float)
    scores = {strength: right(x, y, strength) for strength in STRENGTHS}
    for strength, score in scores.items():
        print(f"L2 {strength:5.2f}: {score:.2%} right of {len(x)} ({FOLDS} folds)")
    best = max(scores, key=scores.get)
    if write:
        weights, bias = fit(x, y, best)
        kept = {"weights": [round(float(w), 4) for w in weights], "bias": round(float(bias), 4)}
        WEIGHTS.write_text(json.dumps(kept) + "\n")
        print(f"written: {WEIGHTS} (L2 {best})")


if __name__ == "__main__":
    main()
