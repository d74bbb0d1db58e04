"""Who may use the cores: two thread pools on two cores are five times slower than in turn.

Measured with Qwen2.5 0.5B and Piper on two cores: a token takes 18 ms alone and 105 ms while Piper
synthesises. The first sound matters more than the next token, so the mind waits for the mouth.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.5
"""The mind goes on after this many s, whatever the mouth does."""


class Cores:
    """Lets one worker go first. Both sides may be any thread."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Within it, those who `give_way` wait."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def reset(self) -> None:
        """Nobody goes first any more: who did hangs."""
        self._free.set()

    def give_way(self) -> None:
        """Wait while somebody goes first, `PATIENCE_S` at the most."""
        self._free.wait(PATIENCE_S)
