"""Who is told what goes on: every event, command and piece of text, but nothing of a secret take.

What is begun in secret is told once it is released, and never when it is dropped.
"""

import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Any

from assistant.conversation import State
from assistant.events import Event, Heard, Key, Tick

Note = Callable[[str, dict[str, Any]], None]
"""``note(name, data)``: an observer, called on the loop for everything that happens."""

DROPPED = 128
"""Takes that were dropped last, whose last words may still come."""


def visible(state: State) -> dict[str, Any]:
    """Return what others are told of the state: phase, turn, and whether the question went out."""
    return {"phase": str(state.phase), "turn": state.turn, "out": state.out}


class Observers:
    """Those of one daemon; used on its loop."""

    def __init__(self, notes: list[Note]) -> None:
        """`notes` may change at any time, and belong to whoever made them."""
        self.secret: Key | None = None
        """The take that nobody may see yet."""
        self._notes = notes
        self._kept_back: list[tuple[str, dict[str, Any]]] = []  # what is to be told of it
        self._dropped: deque[Key] = deque(maxlen=DROPPED)

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Tell all of them."""
        for note in tuple(self._notes):
            note(name, data)

    def tell_of(self, event: Event, state: State) -> None:
        """Tell what has happened, and led to `state`: of all that was heard, how it goes on."""
        if isinstance(event, Heard) and event.turn == state.turn and state.first:
            event = dataclasses.replace(event, text=f"{state.first} {event.text}")
        if not isinstance(event, Tick):
            self.show(_snake(type(event).__name__), dataclasses.asdict(event))

    def show(self, name: str, data: dict[str, Any]) -> None:
        """Tell it, of a secret take only once it is released, of a dropped one never."""
        key = Key(data.get("turn", 0), data.get("take", 0))
        if name == "failed" or (key != self.secret and key not in self._dropped):
            self.note(name, data)
        elif key == self.secret:
            self._kept_back.append((name, data))

    def release(self) -> None:
        """The secret take is the answer: tell what was kept back."""
        self.secret, kept = None, self._kept_back
        self._kept_back = []
        for name, data in kept:
            self.note(name, data)

    def forget(self) -> None:
        """The secret take, if there is one, is dropped."""
        if self.secret:
            self._dropped.append(self.secret)
        self.secret = None
        self._kept_back.clear()


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
