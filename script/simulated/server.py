"""A server that answers for the device: sound, a refusal, or no sign at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.events import Declined, ServerChanged, SoundOffered, Understood
from assistant.events import Server as Standing

if TYPE_CHECKING:
    from simulated.house import House
    from simulated.mouth import Key


class Server:
    """At most one question is with it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.standing = Standing.NONE
        self._turn: int | None = None

    def becomes(self, standing: Standing) -> None:
        """It comes, goes, or wants silence."""
        if self._turn is not None and standing is not Standing.READY:
            self.house.post(Declined(self._turn, standing is Standing.PAUSED))
            self._turn = None
        self.standing = standing
        self.house.post(ServerChanged(standing))

    def send(self, turn: int) -> None:
        """It hears from now on."""
        self._turn = turn
        if self.house.rng.random() < 0.1:  # it has heard enough before the own ears have
            self.house.clock.after(1.0, self._tell, turn, Understood(turn, "what time is it"))

    def finish(self, turn: int) -> None:
        """The question is over."""
        if turn != self._turn:
            return
        rng, clock = self.house.rng, self.house.clock
        match rng.choice(("sound", "sound", "slow", "declines", "quiet", "nothing")):
            case "sound":
                clock.after(0.3, self._tell, turn, Understood(turn, ""))
                clock.after(1.0, self._tell, turn, SoundOffered(turn))
            case "slow":
                clock.after(0.3, self._tell, turn, Understood(turn, "what time is it"))
                clock.after(rng.random() * 40.0, self._tell, turn, SoundOffered(turn))
            case "declines":
                clock.after(rng.random() * 3.0, self._tell, turn, Declined(turn))
            case "quiet":
                clock.after(rng.random() * 3.0, self._tell, turn, Declined(turn, True))

    def leave(self, turn: int) -> None:
        """Nothing is to be done for the turn any more."""
        if self._turn is not None and self._turn <= turn:
            self._turn = None

    def play(self, key: Key) -> None:
        """Its sound goes to the mouth; at times it breaks off before it has begun."""
        if self.house.rng.random() < 0.1:
            self.house.clock.after(0.5, self.house.post, Declined(key[0]))
            return
        self.house.mouth.text(key, "Something from afar.")
        self.house.mouth.end(key)

    def _tell(self, turn: int, event: object) -> None:
        if turn == self._turn:
            self.house.post(event)
