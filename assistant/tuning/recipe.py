"""How a file for this device is made, as data: the same recipe and source give the same bytes."""

import hashlib
import json
from dataclasses import asdict, dataclass

VERSION = 1
"""To be raised when the same settings no longer give the same bytes."""


@dataclass(frozen=True)
class Recipe:
    """What becomes of a source. Types of weights are llama.cpp's names."""

    layers: str = "Q4_0"
    """Type of the layers: Q4_0 has fast kernels on every processor."""
    head: str = "Q4_0"
    """Type of the output head, read in full for every token."""
    embedding: str = "Q8_0"
    """Type of the embedding, of which a token reads one row: it costs memory and no time."""
    words: str = ""
    """SHA-256 of the list of wanted tokens; empty: the vocabulary is left alone."""
    size: int = 0
    """How many tokens stay, about."""
    version: int = VERSION

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def type_for(self, tensor: str, tied: bool) -> str:
        """Return the type for the weights of a tensor; `tied`: the embedding is the head too."""
        if tensor == "output.weight" or (tied and tensor == "token_embd.weight"):
            return self.head
        return self.embedding if tensor == "token_embd.weight" else self.layers
