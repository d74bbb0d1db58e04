"""A mind: answers after a while, in clauses; or is slow, fails, breaks off, or never answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.events import (
    Acted,
    Dismissed,
    Failed,
    Judged,
    LanguageHeld,
    LeftAlone,
    ReplyBegan,
    ReplyEnded,
    SentOut,
)

if TYPE_CHECKING:
    from simulated.house import House
    from simulated.mouth import Key

CLAUSES = (
    "It is noon.", "Paris.", "The fox said to the crow,", "what a beautiful voice you have,",
    "and the crow let go of the cheese.", "Shall I go on?", "现在是中午。", "巴黎是法国的首都，",
    "还要我接着讲吗？", "Stop.", "A very long clause that goes on and on about nothing at all,",
)  # fmt: skip


class Mind:
    """`troubles` are the faults of the next answers, see `think`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.troubles: list[str] = []
        self.slow = 0.0
        """Additional s until the first word."""
        self._alive: set[Key] = set()
        self._secret_out: set[Key] = set()

    def prepare(self, turn: int, text: str) -> None:
        """Read along."""
        rng = self.house.rng
        complete = rng.choice((0.0, 0.05, 0.3, 0.9))
        self.house.clock.after(
            0.05 + rng.random() * 0.6, self.house.post, Judged(turn, text, complete)
        )

    def think(self, key: Key, text: str) -> None:
        """Answer, with the next trouble."""
        rng, clock = self.house.rng, self.house.clock
        self._alive.add(key)
        trouble = self.troubles.pop() if self.troubles else ""
        wait = 0.05 + rng.random() ** 2 * 3 + self.slow
        match trouble:
            case "hangs":
                return
            case "fails":
                clock.after(wait, self._fail, key)
                return
            case "empty":
                clock.after(wait, self._end, key, "")
                return
            case "out" | "alone":
                clock.after(0.02, self._tell, key, SentOut(*key))
                if trouble == "alone":
                    clock.after(wait / 2, self._tell, key, LeftAlone(*key))
            case "acts":
                clock.after(wait / 2, self._tell, key, Acted(*key))
            case "dismissed":
                clock.after(wait, self._tell, key, Dismissed())
            case "language":
                chosen = LanguageHeld(rng.choice(self.house.rules.languages))
                clock.after(wait, self._tell, key, chosen)
        clauses = [rng.choice(CLAUSES) for _ in range(rng.randint(1, 5))]
        breaks = rng.randrange(len(clauses)) if trouble == "breaks" else None
        stalls = rng.randrange(len(clauses)) if trouble == "stalls" else None
        clock.after(wait, self._word, key, clauses, 0, breaks, stalls)

    def release(self, key: Key) -> None:
        """What was begun in secret is the answer."""

    def cancel(self, key: Key) -> None:
        """Stop at the next word; what was told already is on its way."""
        self._alive = {each for each in self._alive if each > key}

    def _word(
        self, key: Key, clauses: list[str], at: int, breaks: int | None, stalls: int | None
    ) -> None:
        if key not in self._alive or at == stalls:
            return
        if at == 0:
            self.house.post(ReplyBegan(*key))
        if at == breaks:
            self._fail(key)
            return
        self.house.mouth.text(key, clauses[at])
        if at + 1 < len(clauses):
            wait = 0.1 + self.house.rng.random()
            self.house.clock.after(wait, self._word, key, clauses, at + 1, breaks, stalls)
        else:
            self._end(key, " ".join(clauses))

    def _end(self, key: Key, text: str) -> None:
        if key in self._alive:
            self._alive.discard(key)
            self.house.post(ReplyEnded(*key, text))
            self.house.mouth.end(key)

    def _fail(self, key: Key) -> None:
        if key in self._alive:
            self._alive.discard(key)
            self.house.post(Failed(key[0], "mind", "broken", key[1]))

    def _tell(self, key: Key, event: object) -> None:
        if key in self._alive:
            self.house.post(event)
