"""How loud it is, for the observers that want to know: a face that moves its lips, or listens."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.daemon.observers import Note

if TYPE_CHECKING:
    from assistant.audio.frames import Frame, Pcm
    from assistant.mouth.lips import Ahead
    from assistant.mouth.playback import Player


class Levels:
    """The levels of one daemon, looked at only while an observer has a true attribute `levels`.

    Used on the daemon's loop, but for what is said otherwise.
    """

    def __init__(
        self,
        notes: list[Note],
        soon: Callable[..., None],
        listening: Callable[[], bool],
    ) -> None:
        """`notes` are all observers. ``soon(act, *arguments)`` calls `act` on the loop.

        ``listening()`` tells, on any thread, whether what is heard is listened to.
        """
        self.wanted = False
        self._notes, self._soon, self._listening = notes, soon, listening
        self._player: Player | None = None
        self._frames: list[Pcm] = []  # on the thread that gives the ears their frames

    def attend(self) -> None:
        """The observers are others than before."""
        self.wanted = any(getattr(note, "levels", False) for note in self._notes)
        if self._player:
            self._player.on_ahead = self._ahead if self.wanted else None

    def look_at(self, player: "Player") -> None:
        """Tell what this one plays; from any thread."""
        self._player = player
        self.attend()

    def hear(self, frame: "Frame") -> None:
        """Take what is heard, some frames at a time; on the thread that gives them."""
        from assistant.ears import level

        if not self._listening():
            self._frames.clear()
            return
        self._frames.append(frame.pcm)
        if len(self._frames) == level.STEPS:
            data = level.told(self._frames, frame.end)
            self._frames.clear()
            self._soon(self._tell, "ears", data)

    def _ahead(self, ahead: "Ahead") -> None:
        """Take what is about to sound; on the player's thread."""
        from assistant.mouth.lips import told

        def tell() -> None:
            if self._player:
                data = {"turn": ahead.key.turn, **told(ahead, self._player.rate)}
                self._tell("mouth", data)

        self._soon(tell)

    def _tell(self, source: str, data: dict[str, Any]) -> None:
        wanting = [note for note in self._notes if getattr(note, "levels", False)]
        for note in wanting:
            note("level", {"source": source, "now": round(time.monotonic(), 4), **data})
        if not wanting:  # who wanted them left while another daemon took this one's place
            self.attend()
