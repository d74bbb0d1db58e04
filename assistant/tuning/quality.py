"""What a model loses: the bits that it needs to write down a text, for each byte of the text.

Unlike the perplexity of a token it can be compared between models that cut up a text differently.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONTEXT = 512
"""Tokens of a part of the text; a part begins without a memory of the one before."""
PART_BYTES = 1200
"""Bytes of a part: enough for a context, and few enough to fit where a byte is a token."""


@dataclass(frozen=True)
class Quality:
    """Sums over a text."""

    bits: float
    bytes: int
    tokens: int

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(self.bits + other.bits, self.bytes + other.bytes, self.tokens + other.tokens)

    @property
    def bits_per_byte(self) -> float:
        """The smaller, the better."""
        return self.bits / self.bytes


def parts(text: str, size: int = PART_BYTES) -> Iterator[str]:
    """Cut `text` into parts of at most `size` bytes, at the ends of lines where it can be."""
    part = ""
    for line in text.splitlines(keepends=True):
        while len((part + line).encode()) > size:
            if not part:
                part = line.encode()[:size].decode(errors="ignore")
                line = line[len(part) :]
            yield part
            part = ""
        part += line
    if part:
        yield part


@contextmanager
def loaded(path: Path, threads: int) -> Iterator[Any]:
    """Load a model for `measure`."""
    from llama_cpp import Llama

    model = Llama(
        str(path), n_ctx=CONTEXT, n_batch=CONTEXT, n_threads=threads, n_threads_batch=threads,
        logits_all=True, use_mmap=False, verbose=False,
    )  # fmt: skip
    try:
        yield model
    finally:
        model.close()


def measure(model: Any, texts: Sequence[str]) -> Quality:
    """Return what a model (see `loaded`) makes of the texts."""
    bits, size, count = 0.0, 0, 0
    for text in texts:
        tokens = model.tokenize(text.encode(), add_bos=False, special=False)[: CONTEXT - 1]
        model.reset()
        model.eval([model.token_eos(), *tokens])
        bits += _bits(model.scores[: len(tokens)], np.array(tokens))
        size += len(model.detokenize(tokens))
        count += len(tokens)
    return Quality(bits, size, count)


def _bits(scores: NDArray[np.float32], tokens: NDArray[np.int64]) -> float:
    """Return the bits of the tokens, where `scores` (tokens, vocabulary) led to each."""
    total = 0.0
    for at in range(0, len(tokens), 32):  # in the processor's cache
        rows = scores[at : at + 32]
        top = rows.max(axis=1)
        spread = np.log(np.exp(rows - top[:, None]).sum(axis=1, dtype=np.float64))
        chosen = rows[np.arange(len(rows)), tokens[at : at + 32]]
        total += float((top + spread - chosen).sum())
    return total / float(np.log(2))
