"""What must hold in every conversation, checked after every decision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from assistant.conversation import Phase, Rules, State
from assistant.conversation.turns import idle, rings
from assistant.events import (
    Asked,
    Cancel,
    CarryOn,
    Command,
    Declined,
    Drop,
    DuplexChanged,
    Earcon,
    Event,
    Failed,
    Fill,
    Halt,
    Heard,
    Play,
    Rang,
    Release,
    Remember,
    Say,
    SayRequested,
    Server,
    ServerChanged,
    SpeakingEnded,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
)

if TYPE_CHECKING:
    from simulated.ears import Ears
    from simulated.mouth import Key, Mouth

LONGEST_WAIT_S = 400.0
"""No deadline is further away: patience, a clause and speech without an end have less."""
ANSWERING = (Phase.THINKING, Phase.SPEAKING)


class Broken(Exception):
    """A promise was broken."""


def need(holds: bool, promise: str) -> None:
    """Raise `Broken` unless it holds."""
    if not holds:
        raise Broken(promise)


class Promises:
    """Sees every event, command and state."""

    def __init__(self, rules: Rules, mouth: Mouth, ears: Ears) -> None:
        self._rules, self._mouth, self._ears = rules, mouth, ears
        self._voices: set[Key] = set()  # what may sound
        self._secret: set[Key] = set()
        self._remembered: set[int] = set()
        self._filled: set[int] = set()
        self._ducked = False
        self._event: Event = Tick()
        self._ticks = 0
        self.due: dict[str, bool] = {}
        """What rang and was neither heard nor silenced yet; whether it was to be told only."""
        self.questions = self.answered = self.rung = 0

    def before(self, before: State, event: Event) -> None:
        """An event comes."""
        self._event = event
        if isinstance(event, SpeakingEnded):
            self._voices.discard((event.turn, event.take))
            if (event.turn, event.take) == (before.turn, before.take):
                self._ducked = False  # whoever speaks next begins anew
        if isinstance(event, Rang):
            self.due[event.text] = event.missed
            self.rung += 1
        if not isinstance(event, Tick):
            self._ticks = 0

    def ticked(self, deadline: float | None, state: State) -> None:
        """A deadline has passed, or almost."""
        self._ticks += 1
        passed = deadline is not None and state.now >= deadline
        moved = state.deadline is None or deadline is None or state.deadline > deadline
        need(moved or not passed, "a deadline that has passed is not asked for again")
        need(self._ticks < 400, "the clock alone does not go on for ever")

    def obeyed(self, state: State, command: Command) -> None:
        """A command is given; `state` is the one after all of them."""
        match command:
            case Think(turn, take, text, secret):
                need(bool(text.strip()) or not secret, "nothing is answered ahead")
                self._begins(state, (turn, take), secret)
            case Say(turn, take) | Play(turn, take):
                self._begins(state, (turn, take), secret=False)
            case Release(turn, take):
                need((turn, take) in self._secret, "only what lives is released")
                self._secret.discard((turn, take))
                self._begins(state, (turn, take), secret=False)
            case Drop(turn, take):
                need((turn, take) not in self._voices, "what is heard is not dropped")
                self._secret.discard((turn, take))
            case Cancel(turn):
                self._voices = {key for key in self._voices if key[0] > turn}
                self._secret = {key for key in self._secret if key[0] > turn}
                self._ducked = False
            case Fill(turn, take):
                need(turn not in self._filled, "one filler in a turn")
                need((turn, take) in self._voices, "a filler belongs to an answer")
                self._filled.add(turn)
            case Remember(turn, heard):
                need(bool(heard.strip()), "nothing is not remembered")
                need(turn not in self._remembered, "a turn is remembered once")
                need(turn not in state.joined, "half a question is not remembered")
                self._remembered.add(turn)
            case Earcon("ring"):
                need(not self._voices, "it does not ring while it speaks")

    def _begins(self, state: State, key: Key, secret: bool) -> None:
        need(key[0] == state.turn, "a dead turn gets no voice")
        need(not self._voices, "never two voices")
        need(not self._secret, "nothing is answered beside a secret answer")
        (self._secret if secret else self._voices).add(key)

    def after(
        self, before: State, event: Event, commands: tuple[Command, ...], state: State
    ) -> None:
        """All commands were obeyed."""
        need(state.turn >= before.turn, "turns only grow")
        self._clocks(state)
        self._hears(state)
        self._sounds(state)
        self._answers(before, event, commands, state)
        self._obeys_people(before, event, state)
        self._rings(before, event, commands, state)

    def _clocks(self, state: State) -> None:
        if state.deadline is None:
            endless = self._rules.always and idle(state)
            need(state.phase is Phase.ASLEEP or endless, "it waits for something that will come")
        else:
            need(math.isfinite(state.deadline), "a deadline is a time")
            need(state.deadline - state.now < LONGEST_WAIT_S, "it does not wait for ever")

    def _hears(self, state: State) -> None:
        mode, turn = self._ears.mode, self._ears.turn
        if state.phase is Phase.ASLEEP:
            need(mode == "rest", "asleep it hears wake words only")
        elif state.phase is Phase.LISTENING:
            need((mode, turn) == ("listen", state.turn), "who is listened to is heard")
        else:
            need(mode in ("watch", "overhear"), "while it answers, stop words are heard")
            need(turn == state.turn, "it hears for the newest turn")
            silent = state.phase is Phase.THINKING and not state.sounding
            trusted = state.duplex or silent or (state.over is not None and state.over.waits)
            need(mode == "watch" or trusted, "it does not listen to itself")

    def _sounds(self, state: State) -> None:
        need(all(key[0] == state.turn for key in self._voices), "a dead turn has no voice")
        need(len(self._mouth.audible()) <= 1, "never two voices at once")
        for key in self._mouth.audible():
            need(key not in self._secret, "a secret is not heard")
        waits = self._mouth.waits == state.turn and self._voices
        need(not waits or state.over is not None, "whoever gave way goes on")

    def _answers(
        self, before: State, event: Event, commands: tuple[Command, ...], state: State
    ) -> None:
        """A question ends by an answer, a sentence, or because people or devices ended it."""
        if isinstance(event, Heard) and event.turn == before.turn and before.finishing:
            self.questions += 1
            need(state.phase is not Phase.LISTENING or state.turn != before.turn,
                 "a question that was heard is decided on")  # fmt: skip
        if before.phase is Phase.THINKING and state.phase not in ANSWERING:
            taken_over = any(isinstance(command, CarryOn | Halt) for command in commands)
            ended = isinstance(
                event,
                StopHeard | StopRequested | WakeDetected | Asked | SayRequested | SpeakingEnded,
            )
            broken = isinstance(event, Failed) and event.room not in ("mind", "ears")
            elsewhere = isinstance(event, Declined | ServerChanged | DuplexChanged)
            need(taken_over or ended or broken or elsewhere, "nobody waits in vain")
        self.answered += sum(isinstance(command, Remember) for command in commands)

    def _obeys_people(self, before: State, event: Event, state: State) -> None:
        if isinstance(event, StopHeard | StopRequested):
            rests = state.phase is Phase.ASLEEP or idle(state) or state.ringing
            need(rests, "stop is obeyed")
            need(not self._voices, "stop makes silent")
        paused = before.server is Server.PAUSED
        if isinstance(event, WakeDetected) and not before.ringing and not paused:
            greets = state.phase is Phase.SPEAKING and state.again
            need(state.phase is Phase.LISTENING or greets, "who calls is heard")
        if isinstance(event, Asked):
            need(state.phase is Phase.THINKING, "who writes is answered")

    def _rings(
        self, before: State, event: Event, commands: tuple[Command, ...], state: State
    ) -> None:
        """Whatever rang is due, missed, told, or was silenced by somebody while it rang."""
        held = (*state.due, *state.missed)
        stopped = isinstance(event, StopHeard | StopRequested | WakeDetected)
        stopped = stopped or any(isinstance(command, Halt) for command in commands)
        silenced = stopped and rings(before)
        for text in list(self.due):
            if text in held:
                continue
            if silenced or any(text in clause for clause in self._mouth.heard):
                del self.due[text]
            elif not self._being_told(text, state):
                raise Broken(f"a timer is not lost: {text}")

    def _being_told(self, text: str, state: State) -> bool:
        takes = self._mouth.takes
        return any(
            text in clause for key, take in takes.items() if key in self._voices
            for clause in take.clauses
        )  # fmt: skip
