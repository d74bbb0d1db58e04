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


@dataclass(frozen=True, slots=True)
class Near:
    """How near a request is to what is known."""

    tools: Sequence[tuple[str, float]]
    """Each tool with the cosine of its nearest example, the nearest first."""
    other: float
    """The same for what asks for no tool."""
    examples: Sequence[tuple[str, Example]]
    """All examples with the tool that they ask for, or `NONE`; the nearest first."""


class Nearest:
    """The examples of a catalogue, as vectors; for the thread of `meaning`."""

    def __init__(self, catalogue: Catalogue, meaning: Meaning, cache: Path | None = None) -> None:
        """The vectors are kept in the folder `cache`: some hundred examples take seconds."""
        self._meaning = meaning
        self._examples = [(each.name, one) for each in catalogue.tools for one in each.examples]
        self._examples += [(NONE, Example(each)) for each in catalogue.others]
        vectors = _vectors([one.text for _, one in self._examples], meaning, cache)
        # What all sentences have in common says nothing, and it is most of the cosine.
        self._middle = vectors.mean(axis=0)
        self._vectors = self._apart(vectors)

    def __call__(self, text: str) -> Near:
        """Return what `text` is near to."""
        return self.near(self._meaning.query([text])[0])

    def near(self, vector: Vectors) -> Near:
        """Return what a request with this vector, (384,), is near to."""
        alike = self._vectors @ self._apart(vector[None])[0]
        best: dict[str, float] = {}
        order = [int(each) for each in np.argsort(-alike)]
        for at in order:
            best.setdefault(self._examples[at][0], float(alike[at]))
        other = best.pop(NONE, -1.0)
        return Near(list(best.items()), other, [self._examples[at] for at in order])

    def _apart(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._middle
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        scaled: Vectors = moved / np.maximum(lengths, 1e-9)
        return scaled


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
