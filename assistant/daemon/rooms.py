"""The rooms of a daemon: its mind, its mouth, and its ears, where it has any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.events import LAST_TAKE, Key
from assistant.mind.thinker import Thinker
from assistant.mouth.mute import Mute

if TYPE_CHECKING:
    from assistant.ears.listener import Listener
    from assistant.mouth.speaker import Speaker
    from assistant.worker import Hand


@dataclass(slots=True)
class Rooms:
    """Used on the daemon's loop."""

    thinker: Thinker
    speaker: "Speaker | Mute"
    listener: "Listener | None" = None
    """None: it hears nothing, or nothing yet."""

    @property
    def voice(self) -> "Speaker | None":
        """The mouth; None: what it says is text."""
        return None if isinstance(self.speaker, Mute) else self.speaker

    def hands(self) -> "list[Hand]":
        """Return the workers of all."""
        mouth = self.voice.hands() if self.voice else []
        ears = self.listener.hands() if self.listener else []
        return [*self.thinker.hands(), *mouth, *ears]

    def cancel(self, turn: int) -> None:
        """End all work for `turn` and for those before it."""
        key = Key(turn, LAST_TAKE)
        self.thinker.cancel(key)
        self.speaker.cancel(key)
        if self.listener:
            self.listener.cancel(turn)

    def ends(self) -> list[Callable[[], object]]:
        """Return what ends their threads: calls for threads, side by side."""
        ears = [self.listener.stop] if self.listener else []
        return [self.thinker.stop, self.speaker.stop, *ears]
