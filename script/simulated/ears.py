"""Ears: what people say, as voice activity, partial and final texts of the turn that listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.conversation.overheard import halts
from assistant.events import (
    CarryOn,
    Command,
    Failed,
    Finish,
    Heard,
    Listen,
    Overhear,
    Partial,
    Rest,
    Settle,
    Settled,
    Sounded,
    SpeechEnded,
    SpeechStarted,
    StopHeard,
    Watch,
)

if TYPE_CHECKING:
    from simulated.house import House

NOTICES_S = 0.12
PARTIAL_S = 0.35
WORD_S = 0.3


class Ears:
    """`mode` and `turn` are what they were told last."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mode, self.turn = "rest", 0
        self.deaf_until = 0.0
        """The microphone is gone until then."""
        self.troubles: list[str] = []
        """Of the next final texts: fails, hangs, late, garbage."""
        self._said: list[str] = []  # of the utterance, what is over
        self._saying: list[str] = []  # what is being said, word by word
        self._began: float | None = None  # of what sounds
        self._first: float | None = None  # of the utterance's first sound
        self._noticed = False
        self._speech_s = 0.0
        self._number = 0

    # --- what people do ---------------------------------------------------------------------

    def speak(self, words: list[str], level: float) -> None:
        """Somebody begins to say this; one voice at a time."""
        self._number += 1
        self._began, self._saying, self._level = self.house.clock.now, [], level
        self._noticed = False
        clock, number = self.house.clock, self._number
        clock.after(NOTICES_S, self._notice, number)
        for at, word in enumerate(words, 1):
            clock.after(at * WORD_S, self._word, number, word)
        clock.after(len(words) * WORD_S + 0.05, self._pause, number)

    @property
    def busy(self) -> bool:
        """Whether somebody is speaking."""
        return self._began is not None

    def _hears(self) -> bool:
        awake = self.mode in ("listen", "overhear")
        return awake and self.house.clock.now >= self.deaf_until

    def _notice(self, number: int) -> None:
        if number != self._number or self._began is None or self._noticed:
            return
        if self._hears():
            self._noticed = True
            self._first = self._began if self._first is None else self._first
            echo = None if self.mode == "listen" else self._level + self.house.rng.random() * 30
            event = SpeechStarted(self.turn, self._began, self._level, echo)
            self.house.post(event)
        else:
            self.house.clock.after(0.1, self._notice, number)

    def _word(self, number: int, word: str) -> None:
        if number != self._number or self._began is None:
            return
        self._saying.append(word)
        if self._noticed and self._hears() and self.house.rng.random() < 0.7:
            self.house.post(Partial(self.turn, self._text()))
        stops = halts(" ".join(self._saying), self.house.rules.stop_words)
        if self.mode == "watch" and stops and self.house.clock.now >= self.deaf_until:
            self.house.post(StopHeard(word))

    def _pause(self, number: int) -> None:
        if number != self._number or self._began is None:
            return
        ended = self.house.clock.now
        self._said += self._saying if self._noticed else []
        self._speech_s += ended - self._began
        self._saying, self._began = [], None
        if self._noticed and self._hears():
            self.house.clock.after(0.1, self.house.post, SpeechEnded(self.turn, ended))
            if self.house.rng.random() < 0.3:
                complete = self.house.rng.random()
                self.house.clock.after(0.15, self.house.post, Sounded(self.turn, ended, complete))

    def _text(self) -> str:
        return " ".join([*self._said, *self._saying])

    # --- what they are told -------------------------------------------------------------------

    def obey(self, command: Command) -> None:
        """Do what the decider wants."""
        match command:
            case Listen(turn):
                self._anew("listen", turn)
            case Rest():
                self._anew("rest", self.turn)
            case Watch(turn):
                if (self.mode, self.turn) != ("watch", turn):
                    self._anew("watch", turn)
            case Overhear(turn):
                self._anew("overhear", turn)
            case CarryOn(turn, _):
                self.mode, self.turn = "listen", turn
            case Settle(turn):
                delay = 0.05 + self.house.rng.random() * 0.5
                self.house.clock.after(delay, self._settle, turn)
            case Finish(turn):
                self._finish(turn)

    def cancel(self, turn: int) -> None:
        """Nothing of the turn is wanted any more."""

    def _anew(self, mode: str, turn: int) -> None:
        self.mode, self.turn = mode, turn
        self._said, self._first, self._speech_s = [], None, 0.0
        if self._began is not None:  # who is speaking already is noticed anew
            self._saying, self._noticed = [], False
            self.house.clock.after(NOTICES_S, self._notice, self._number)

    def _settle(self, turn: int) -> None:
        if turn == self.turn and self.mode in ("listen", "overhear"):
            self.house.post(Settled(turn, self._text()))

    def _finish(self, turn: int) -> None:
        rng = self.house.rng
        text, speech_s = self._text(), self._speech_s
        delay = 0.02 + rng.random() * 0.8
        match self.troubles.pop() if self.troubles else "":
            case "hangs":
                return
            case "fails":
                self.house.clock.after(delay, self.house.post, Failed(turn, "ears", "broken"))
                return
            case "late":
                delay = 10.0 + rng.random() * 10.0
            case "garbage":
                text = rng.choice(("", "  ", "嗯", "Thank you for watching.", "stop", "\x00�"))
        heard = Heard(turn, text, speech_s, -20.0)
        self.house.clock.after(delay, self.house.post, heard)
