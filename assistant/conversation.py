"""The one who decides: ``decide(rules, state, event, now) -> (state, commands)``.

A pure function without threads, clocks, engines or I/O. A turn goes
ASLEEP -> LISTENING -> THINKING -> SPEAKING and from there to the next LISTENING or to ASLEEP.
The caller keeps the state, executes the commands, and sends `Tick` when `State.deadline` has come.
"""

import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.events import (
    Asked,
    Cancel,
    ClauseStarted,
    Command,
    Earcon,
    Event,
    Failed,
    Finish,
    Heard,
    Listen,
    Partial,
    Remember,
    ReplyEnded,
    Rest,
    Say,
    SayRequested,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
    Watch,
)


class Phase(StrEnum):
    """What the assistant is doing, as users see it."""

    ASLEEP = "asleep"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is said when something goes wrong."""

    missed: str = "I did not catch that."
    empty: str = "I have no answer to that."
    slow: str = "That takes too long, sorry."
    failed: str = "Sorry, something went wrong."


SENTENCES = {
    "en": Sentences(),
    "zh": Sentences("我没听清。", "这个我答不上来。", "抱歉，这要花太长时间。", "抱歉，出错了。"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on; seconds and dBFS, see docs/configuration.md."""

    silence: float = 0.6
    no_speech: float = 6.0
    follow_up: float = 6.0
    max_speech: float = 30.0
    min_speech: float = 0.2
    min_level: float = -55.0
    patience: float = 60.0
    """The longest time without any sign of life from mind or mouth."""
    clause: float = 50.0
    """The longest time that one clause may sound, in which there is no other sign of life."""
    final_patience: float = 15.0
    """The longest time that the recogniser may take for its final text."""
    always: bool = False
    earcon: bool = True
    stop_words: tuple[str, ...] = ("stop",)
    sentences: Sentences = Sentences()


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is known of the conversation."""

    phase: Phase = Phase.ASLEEP
    turn: int = 0
    """The newest turn; every older one is dead."""
    now: float = float("-inf")
    """The latest time that was seen; it never goes back."""
    deadline: float | None = None
    """When `Tick` is wanted."""
    spoken: bool = False
    """The turn came by voice, so a follow-up may too."""
    woken: bool = False
    """The turn began with a wake word: silence deserves an answer."""
    began: float | None = None
    """When the utterance's first speech began."""
    finishing: bool = False
    """The recogniser was asked for its final text."""
    again: bool = False
    """After speaking, listen once more as after waking (something was not understood)."""


Decision = tuple[State, tuple[Command, ...]]


def decide(rules: Rules, state: State, event: Event, now: float) -> Decision:
    """Return the next state and what shall be done, in order."""
    state = replace(state, now=max(now, state.now))
    match event:
        case Started():
            return _rest(rules, state)
        case WakeDetected():
            return _wake(rules, state)
        case Asked(text):
            return _think(rules, *_new_turn(state, spoken=False), text)
        case SayRequested(text):
            return _say(rules, *_new_turn(state, spoken=False), text)
        case StopHeard() | StopRequested():
            return _stop(rules, state)
        case Tick():
            due = state.deadline is not None and state.now >= state.deadline
            return _late(rules, state) if due else (state, ())
        case SpeakingEnded(turn, heard) if turn < state.turn:
            return state, (Remember(turn, heard),) if heard else ()
        case _ if event.turn != state.turn:
            return state, ()
        case Failed():
            return _failed(rules, state, event)
        case SpeechStarted() | SpeechEnded() | Heard():
            return _hearing(rules, state, event)
        case ClauseStarted() | SpeakingEnded():
            return _speaking(rules, state, event)
        case ReplyEnded() | Partial():
            return state, ()


def stops(rules: Rules, text: str) -> bool:
    """Whether `text` is nothing but a stop word."""
    return _bare(text) in {_bare(word) for word in rules.stop_words}


def _bare(text: str) -> str:
    """Letters and digits only, in lower case: recognisers differ in points and capitals."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if c.isalnum() or c.isspace())
    return " ".join("".join(kept).casefold().split())


# --- beginnings ------------------------------------------------------------------------------


def _new_turn(state: State, *, spoken: bool, woken: bool = False) -> Decision:
    """Begin another turn; the one before is dead."""
    dead = (Cancel(state.turn),) if state.phase is not Phase.ASLEEP else ()
    fresh = State(turn=state.turn + 1, now=state.now, spoken=spoken, woken=woken)
    return fresh, dead


def _wake(rules: Rules, state: State) -> Decision:
    return _listen(
        rules,
        *_new_turn(state, spoken=True, woken=True),
        wait=rules.no_speech,
        tone=True,
    )


def _listen(
    rules: Rules,
    state: State,
    commands: tuple[Command, ...],
    *,
    wait: float,
    tone: bool = False,
) -> Decision:
    """Listen for `wait` s until somebody speaks; for ever where there is no wake word."""
    deadline = None if rules.always and not state.woken else state.now + wait
    tones = (Earcon("wake"),) if tone and rules.earcon else ()
    state = replace(state, phase=Phase.LISTENING, deadline=deadline)
    return state, (*commands, *tones, Listen(state.turn))


def _rest(rules: Rules, state: State, commands: tuple[Command, ...] = ()) -> Decision:
    """Nobody speaks with us any more; the turn is dead."""
    if rules.always:
        fresh = State(turn=state.turn + 1, now=state.now, spoken=True)
        return _listen(rules, fresh, commands, wait=rules.no_speech)
    return State(turn=state.turn + 1, now=state.now), (*commands, Rest())


def _think(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    state = replace(
        state, phase=Phase.THINKING, deadline=state.now + rules.patience, finishing=False
    )
    return state, (*commands, Watch(state.turn), Think(state.turn, text))


def _say(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    alive = state.now + rules.patience + rules.clause
    state = replace(state, phase=Phase.SPEAKING, deadline=alive, finishing=False)
    return state, (*commands, Watch(state.turn), Say(state.turn, text))


# --- listening -------------------------------------------------------------------------------


def _hearing(rules: Rules, state: State, event: SpeechStarted | SpeechEnded | Heard) -> Decision:
    if state.phase is not Phase.LISTENING:
        return state, ()
    match event:
        case Heard():
            return _heard(rules, state, event)
        case SpeechStarted(_, at) if not state.finishing:
            began = at if state.began is None else state.began
            return replace(state, began=began, deadline=began + rules.max_speech), ()
        case SpeechEnded(_, at) if not state.finishing and state.began is not None:
            end = min(min(at, state.now) + rules.silence, state.began + rules.max_speech)
            return replace(state, deadline=end), ()
    return state, ()


def _heard(rules: Rules, state: State, event: Heard) -> Decision:
    """The utterance has its text; is it a question?"""
    if stops(rules, event.text):
        return _give_up(rules, state)
    weak = event.speech_s < rules.min_speech or event.level < rules.min_level
    if weak or not event.text.strip():
        if not state.woken or state.again:
            return _give_up(rules, state)
        return _say(rules, replace(state, again=True), (), rules.sentences.missed)
    tones = (Earcon("done"),) if rules.earcon else ()
    return _think(rules, state, tones, event.text)


def _give_up(rules: Rules, state: State) -> Decision:
    """End the listening without an answer; audible unless it was never noticed."""
    tones = (Earcon("sleep"),) if rules.earcon and not rules.always else ()
    return _rest(rules, state, (Cancel(state.turn), *tones))


# --- thinking and speaking -------------------------------------------------------------------


def _speaking(rules: Rules, state: State, event: ClauseStarted | SpeakingEnded) -> Decision:
    if state.phase not in (Phase.THINKING, Phase.SPEAKING):
        return state, ()
    if isinstance(event, ClauseStarted):
        alive = state.now + rules.patience + rules.clause
        return replace(state, phase=Phase.SPEAKING, deadline=alive), ()
    if state.phase is Phase.THINKING and not event.heard:
        fresh, dead = _new_turn(state, spoken=state.spoken)
        return _say(rules, fresh, dead, rules.sentences.empty)
    return _next(rules, state, (Remember(state.turn, event.heard),) if event.heard else ())


def _next(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """A turn has ended well: listen on, or rest."""
    if state.again:
        fresh = State(turn=state.turn + 1, now=state.now, spoken=True, woken=True, again=True)
        return _listen(rules, fresh, commands, wait=rules.no_speech, tone=True)
    if state.spoken and rules.follow_up > 0:
        fresh = State(turn=state.turn + 1, now=state.now, spoken=True)
        return _listen(rules, fresh, commands, wait=rules.follow_up)
    return _rest(rules, state, commands)


def _stop(rules: Rules, state: State) -> Decision:
    if state.phase is Phase.ASLEEP:
        return state, ()
    return _give_up(rules, state)


# --- what goes wrong -------------------------------------------------------------------------


def _late(rules: Rules, state: State) -> Decision:
    """The deadline of the phase has passed."""
    if state.phase is Phase.LISTENING:
        if state.began is None:
            return _give_up(rules, state)
        if not state.finishing:
            wait = state.now + rules.final_patience
            return replace(state, finishing=True, deadline=wait), (Finish(state.turn),)
        return _apologise(rules, state, rules.sentences.failed)
    if state.phase is Phase.THINKING:
        return _apologise(rules, state, rules.sentences.slow)
    if state.phase is Phase.SPEAKING:  # the loudspeaker is gone: there is no use in saying so
        return _rest(rules, state, (Cancel(state.turn),))
    return replace(state, deadline=None), ()


def _failed(rules: Rules, state: State, event: Failed) -> Decision:
    if state.phase is Phase.ASLEEP:
        return state, ()
    if event.room == "ears" and state.phase is not Phase.LISTENING:
        return state, ()  # only a stop word went unheard; the reply goes on
    if event.room in ("mouth", "loudspeaker", "microphone"):
        return _rest(rules, state, (Cancel(state.turn),))
    return _apologise(rules, state, rules.sentences.failed)


def _apologise(rules: Rules, state: State, sentence: str) -> Decision:
    """Say what went wrong, in a turn of its own, and then rest."""
    tones = (Earcon("error"),) if rules.earcon else ()
    fresh, dead = _new_turn(state, spoken=False)
    return _say(rules, fresh, (*dead, *tones), sentence)
