"""The mouth of text mode: what was written counts as heard."""

import threading
from collections.abc import Callable


class Mute:
    """Has the verbs of `assistant.mouth.speaker.Speaker`, but makes no sound.

    `on_end(turn, heard)` is called when a reply is complete or was cancelled.
    """

    def __init__(self, on_end: Callable[[int, str], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()  # text comes from the mind's thread, cancel from the loop
        self._written: dict[int, list[str]] = {}
        self._dead = -1

    def text(self, turn: int, piece: str) -> None:
        """A piece of the reply, as it comes."""
        with self._lock:
            if turn > self._dead:
                self._written.setdefault(turn, []).append(piece)

    def end(self, turn: int) -> None:
        """The reply is complete."""
        with self._lock:
            if turn <= self._dead:
                return
            heard = "".join(self._written.pop(turn, []))
        self._on_end(turn, heard)

    def say(self, turn: int, text: str) -> None:
        """Show a whole text."""
        self.text(turn, text)
        self.end(turn)

    def cancel(self, turn: int) -> None:
        """The turn is dead; what was written until now was read."""
        with self._lock:
            self._dead = max(self._dead, turn)
            heard = "".join(self._written.pop(turn, []))
        if heard:
            self._on_end(turn, heard)

    def stop(self) -> bool:
        """Nothing runs."""
        return True
