"""The mouth of text mode: what was written counts as heard."""

import threading
from collections.abc import Callable

from assistant.events import NEVER, Key


class Mute:
    """Has the verbs of `assistant.mouth.speaker.Speaker`, but makes no sound.

    `on_end(key, heard)` is called when a reply is complete or was cancelled.
    """

    def __init__(self, on_end: Callable[[Key, str], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()  # text comes from the mind's thread, cancel from the loop
        self._written: dict[Key, list[str]] = {}
        self._dead = self._held = NEVER
        self._over = False  # the held reply is complete

    def hold(self, key: Key) -> None:
        """What comes for `key` is secret until `release`."""
        with self._lock:
            self._held, self._over = key, False

    def release(self, key: Key) -> None:
        """The reply `key` is no secret any more."""
        with self._lock:
            over = self._over and key == self._held
            self._held = NEVER
        if over:
            self.end(key)

    def text(self, key: Key, piece: str) -> None:
        """A piece of the reply, as it comes."""
        with self._lock:
            if key > self._dead:
                self._written.setdefault(key, []).append(piece)

    def end(self, key: Key) -> None:
        """The reply is complete."""
        with self._lock:
            if key <= self._dead:
                return
            if key == self._held:
                self._over = True
                return
            heard = "".join(self._written.pop(key, []))
        self._on_end(key, heard)

    def say(self, key: Key, text: str) -> None:
        """Show a whole text."""
        self.text(key, text)
        self.end(key)

    def fill(self, key: Key, text: str) -> None:
        """Who reads does not wonder whether they were heard."""

    def cancel(self, key: Key) -> None:
        """Work for `key` and all before it is dead; what was written until now was read."""
        with self._lock:
            self._dead = max(self._dead, key)
            dead = [written for written in sorted(self._written) if written <= key]
            ends = [(written, "".join(self._written.pop(written))) for written in dead]
            held = self._held
        for written, heard in ends:
            if written != held:
                self._on_end(written, heard)

    def stop(self) -> bool:
        """Nothing runs."""
        return True
