"""How well talk to the assistant is told from talk beside it: `benchmarks/addressed.py [--fit]`.

Development and held-out sentences lie in benchmarks/addressed/. `--fit` prints weights from the
development ones, by logistic regression with an L2 penalty; `--show` prints what goes wrong there.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from assistant.conversation.addressed import Said, addressed, signs

FOLDER = Path(__file__).parent / "addressed"
KINDS = {"+": "addressed", "=": "people", "~": "television"}
PENALTY = 1.0


def read(half: str, language: str) -> list[tuple[str, str, str]]:
    """Return (kind, what the assistant has said last, text)."""
    found, reply = [], ""
    for line in (FOLDER / f"{half}-{language}.txt").read_text(encoding="utf-8").splitlines():
        mark, _, text = line.partition(" ")
        if mark == ">":
            reply = text
        elif mark in KINDS:
            found.append((KINDS[mark], reply, text))
    return found


def fit(cases: list[tuple[str, str, str]]) -> dict[str, float]:
    """Return the weights that tell them apart best."""
    rows = [signs(text, reply) for _, reply, text in cases]
    names = list(rows[0])
    x = np.array([[1.0, *(row[name] for name in names)] for row in rows])
    y = np.array([kind == "addressed" for kind, _, _ in cases], float)
    weights = np.zeros(x.shape[1])
    keep = np.array([0.0, *[PENALTY] * len(names)])
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + keep * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(keep + 1e-9)
        weights -= np.linalg.solve(hessian, gradient)
    return {name: round(float(w), 2) for name, w in zip(["always", *names], weights, strict=True)}


def table(threshold: float) -> list[dict[str, object]]:
    """Return what is answered of each kind, for each half and language."""
    rows: list[dict[str, object]] = []
    for half in ("development", "held-out"):
        for language in ("en", "zh"):
            cases = read(half, language)
            for kind in KINDS.values():
                scores = [addressed(Said(t, r)) for k, r, t in cases if k == kind]
                answered = sum(score >= threshold for score in scores)
                share = round(100 * answered / len(scores), 1)
                rows.append(
                    {
                        "half": half,
                        "language": language,
                        "kind": kind,
                        "sentences": len(scores),
                        "answered_percent": share,
                    }
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--threshold", type=float, default=0.4)
    options = parser.parse_args()
    if options.fit:
        print(json.dumps({each: fit(read("development", each)) for each in ("en", "zh")}, indent=4))
        return
    if options.show:
        for language in ("en", "zh"):
            for kind, reply, text in read("development", language):
                score = addressed(Said(text, reply))
                if (score >= options.threshold) != (kind == "addressed"):
                    print(f"{score:.2f} {kind:10} {text}   [{reply}]")
        return
    for row in table(options.threshold):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
