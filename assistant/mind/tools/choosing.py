"""Finds the tools that a request is near to, by what it means."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.mind.knowledge.meaning import WIDTH, Meaning, Vectors
from assistant.mind.tools.grammar import NONE
from assistant.mind.tools.tool import Catalogue, Example

log = logging.getLogger(__name__)

ALIKE, ALIKE_OTHERS = 2, 3
"""So many of the nearest examples of a tool, and of what asks for none, are compared with: one may
be near by chance."""
SHRINK = 1.0
"""How much the weights that are learned from the examples are kept small (ridge regression)."""
GATE = 0.5
"""How much it counts that a request is like any call, beside the tool that it is like. These four
are those of a search in benchmarks/tools-development.jsonl."""


@dataclass(frozen=True, slots=True)
class Near:
    """How near a request is to what is known."""

    tools: Sequence[tuple[str, float]]
    """Each tool and how near it is, the nearest first: about 0 to 2."""
    other: float
    """How near the request is to what asks for no tool, and how unlike a call."""
    examples: Sequence[tuple[str, Example]]
    """All examples with the tool that they ask for, or `NONE`; the nearest first."""


class Nearest:
    """The examples of a catalogue, as vectors; for the thread of `meaning`.

    Nearness is the cosine of the nearest examples, and what a linear regression over all examples
    says: which tool is meant, and whether one is. It is made when it is loaded, in some ms.
    """

    def __init__(self, catalogue: Catalogue, meaning: Meaning, cache: Path | None = None) -> None:
        """The vectors are kept in the folder `cache`: some hundred examples take seconds."""
        self._meaning = meaning
        self._examples = [(each.name, one) for each in catalogue.tools for one in each.examples]
        self._examples += [(NONE, Example(each)) for each in catalogue.others]
        vectors = _vectors([one.text for _, one in self._examples], meaning, cache)
        # What all sentences have in common says nothing, and it is most of the cosine.
        self._middle = vectors.mean(axis=0)
        self._vectors = self._apart(vectors)
        names = [name for name, _ in self._examples]
        self._names = [*dict.fromkeys(names)]
        self._at = {each: [i for i, name in enumerate(names) if name == each] for each in names}
        meant = np.array([[name == each for each in self._names] for name in names], np.float32)
        call = np.array([[1.0 if name != NONE else -1.0] for name in names], np.float32)
        self._weights = _ridge(self._vectors, np.hstack([meant, call]))

    def __call__(self, text: str) -> Near:
        """Return what `text` is near to."""
        return self.near(self._meaning.query([text])[0])

    def near(self, vector: Vectors) -> Near:
        """Return what a request with this vector, (384,), is near to."""
        own = self._apart(vector[None])[0]
        alike = self._vectors @ own
        *meant, call = np.append(own, 1.0) @ self._weights
        scores = {}
        for name, said in zip(self._names, meant, strict=True):
            most = ALIKE_OTHERS if name == NONE else ALIKE
            nearest = float(np.sort(alike[self._at[name]])[-most:].mean())
            scores[name] = nearest + (float(said) if name != NONE else 0.0)
        other = scores.pop(NONE, -1.0) - GATE * float(call)
        tools = sorted(scores.items(), key=lambda each: -each[1])
        return Near(tools, other, [self._examples[at] for at in np.argsort(-alike)])

    def _apart(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._middle
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        scaled: Vectors = moved / np.maximum(lengths, 1e-9)
        return scaled


def _ridge(vectors: Vectors, wanted: Vectors) -> Vectors:
    """Return the weights, (385, n), with which vectors and a 1 give what is `wanted`, (m, n)."""
    with_one = np.hstack([vectors, np.ones((len(vectors), 1), np.float32)])
    square = with_one.T @ with_one + SHRINK * np.eye(with_one.shape[1], dtype=np.float32)
    weights: Vectors = np.linalg.solve(square, with_one.T @ wanted).astype(np.float32)
    return weights


def _vectors(texts: Sequence[str], meaning: Meaning, cache: Path | None) -> Vectors:
    """Return the vectors, (n, 384), from the folder where they are kept for just these texts."""
    if cache is None:
        return meaning.query(texts)
    path = cache / f"tools-{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}.npy"
    try:
        kept: Vectors = np.load(path, allow_pickle=False)
        if kept.shape == (len(texts), WIDTH) and kept.dtype == np.float32:
            return kept
    except (OSError, ValueError, EOFError):
        pass
    made = meaning.query(texts)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        np.save(path, made)
    except OSError as error:  # it is made anew next time
        log.warning("the vectors of the examples cannot be kept: %s", error)
    return made
