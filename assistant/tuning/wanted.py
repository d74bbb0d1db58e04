"""How much each token of a known vocabulary is wanted in conversation, English and Chinese.

assistant/data/tokens-en-zh.gz holds a level for each word of Qwen2.5's vocabulary, made by
benchmarks/wanted_tokens.py. It fits every model that has this vocabulary and no other.
"""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path

from assistant.tuning.vocab import NORMAL, Vocabulary

SHIPPED = Path(__file__).parent.parent / "data" / "tokens-en-zh.gz"
STEPS = 2
"""Levels for a factor of two in frequency."""


@dataclass(frozen=True)
class Wanted:
    """A level for each token of the kind `NORMAL`, by id."""

    fingerprint: str
    """Of the vocabulary (`Vocabulary.fingerprint`)."""
    levels: bytes
    """0: not wanted; a level higher by `STEPS`: wanted twice as often."""

    @classmethod
    def of(cls, vocabulary: Vocabulary, counts: Sequence[float]) -> "Wanted":
        """Make a list out of counts, one for each token."""
        normal = _normal(vocabulary)
        most = max(counts[number] for number in normal)
        levels = bytes(
            max(1, 255 + round(STEPS * log2(counts[n] / most))) if counts[n] > 0 else 0
            for n in normal
        )
        return cls(vocabulary.fingerprint, levels)

    @classmethod
    def unpack(cls, data: bytes) -> "Wanted":
        """Take apart what `packed` has made."""
        fingerprint, _, levels = data.partition(b"\n")
        return cls(fingerprint.decode(), levels)

    def packed(self) -> bytes:
        """Return the list as bytes, to be compressed."""
        return self.fingerprint.encode() + b"\n" + self.levels

    @property
    def digest(self) -> str:
        """SHA-256 of the list."""
        return hashlib.sha256(self.packed()).hexdigest()

    def order(self, vocabulary: Vocabulary) -> list[int]:
        """Return the ids that are wanted at all, the most wanted first."""
        ranked = sorted(
            (-level, number)
            for level, number in zip(self.levels, _normal(vocabulary), strict=True)
            if level
        )
        return [number for _, number in ranked]


def shipped() -> Wanted:
    """Return the list that comes with the assistant."""
    return Wanted.unpack(gzip.decompress(SHIPPED.read_bytes()))


def _normal(vocabulary: Vocabulary) -> list[int]:
    return [number for number, kind in enumerate(vocabulary.kinds) if kind == NORMAL]
