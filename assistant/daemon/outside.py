"""A server that answers for this device, as the daemon sees it."""

from typing import TYPE_CHECKING, Protocol

from assistant.events import Key

if TYPE_CHECKING:
    from assistant.audio.frames import Frame


class Outside(Protocol):
    """Is quick, and never raises.

    It reports by events: `ServerChanged`, `Understood`, `Declined`, `SoundOffered`.
    """

    def hear(self, frame: "Frame") -> None:
        """Take what is heard, whether it is wanted or not; from the microphone's thread."""

    def send(self, turn: int, phrase: str) -> None:
        """What is heard from now on is a question; see `assistant.events.Send`."""

    def finish(self, turn: int) -> None:
        """The question of `turn` is over."""

    def leave(self, turn: int) -> None:
        """Nothing is to be done for `turn` any more, and nothing of it to be heard."""

    def play(self, key: Key) -> None:
        """Give the player what was offered for the turn, as the answer `key`."""
