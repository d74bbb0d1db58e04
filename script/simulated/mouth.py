"""A mouth: says the clauses of the newest take, one after another, and tells what was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.events import ClauseStarted, Failed, SpeakingEnded

if TYPE_CHECKING:
    from simulated.house import House

Key = tuple[int, int]
LETTERS_A_SECOND = 14.0
STEP_S = 0.1


class Take:
    """What is to be said for a key."""

    def __init__(self, held: bool) -> None:
        """`held`: not to be heard before its release."""
        self.held = held
        self.filler = ""
        self.clauses: list[str] = []
        self.all_told = False
        self.heard = ""
        self.saying = ""
        self.left = 0.0  # s of the clause that sounds
        self.begun = False


class Mouth:
    """Sound, by steps of `STEP_S`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.takes: dict[Key, Take] = {}
        self.newest: Key = (-1, 0)
        self.waits: int | None = None
        """The turn that waits where it is."""
        self.broken_until = 0.0
        """The loudspeaker is gone until then: nothing sounds, and no end is told."""
        self.fails = False
        """The synthesiser cannot make the next clause."""
        self.heard: list[str] = []
        """Every clause that has begun to sound."""

    def open(self, key: Key, *, held: bool) -> None:
        """From now on `key` may be said; what is older may not."""
        self.newest = max(self.newest, key)
        self.takes[key] = Take(held)
        self.house.clock.after(STEP_S, self._step, key)

    def release(self, key: Key) -> None:
        """It may be heard."""
        if key in self.takes:
            self.takes[key].held = False

    def text(self, key: Key, clause: str) -> None:
        """One more clause."""
        if key in self.takes:
            self.takes[key].clauses.append(clause)

    def fill(self, key: Key, text: str) -> None:
        """Say this before the answer, if that has not come."""
        if key in self.takes and not self.takes[key].begun:
            self.takes[key].filler = text

    def end(self, key: Key) -> None:
        """Nothing more comes."""
        if key in self.takes:
            self.takes[key].all_told = True

    def cancel(self, key: Key) -> None:
        """Be silent, and tell what was heard until now."""
        for each in [each for each in self.takes if each <= key]:
            self._ended(each)

    def audible(self) -> list[Key]:
        """Return whose sound is heard at this moment."""
        return [key for key, take in self.takes.items() if take.saying and not take.held]

    def _ended(self, key: Key) -> None:
        take = self.takes.pop(key)
        self.house.post(SpeakingEnded(*key, take.heard.strip()))

    def _step(self, key: Key) -> None:
        take = self.takes.get(key)
        if take is None:
            return
        clock = self.house.clock
        clock.after(STEP_S, self._step, key)
        if take.held or self.waits == key[0] or clock.now < self.broken_until:
            return
        if take.saying:
            take.left -= STEP_S
            if take.left <= 0:
                take.saying = ""
            return
        if take.filler:
            take.saying, take.left, take.filler = "filler", 0.6, ""
            return
        if take.clauses:
            self._begin(key, take)
        elif take.all_told:
            self._ended(key)

    def _begin(self, key: Key, take: Take) -> None:
        if self.fails:
            self.fails = False
            del self.takes[key]
            self.house.post(Failed(key[0], "mouth", "broken", key[1]))
            return
        take.saying = take.clauses.pop(0)
        take.left = max(0.2, len(take.saying) / LETTERS_A_SECOND)
        take.begun = True
        take.heard = f"{take.heard} {take.saying}"
        self.heard.append(take.saying)
        self.house.post(ClauseStarted(*key, take.saying))
