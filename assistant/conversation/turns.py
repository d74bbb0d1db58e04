"""How turns begin and end: the steps of which every decision is made."""

import math
from dataclasses import replace

from assistant.conversation.endings import Ending
from assistant.conversation.filling import waiting
from assistant.conversation.state import (
    AWAY,
    SENTENCES,
    Decision,
    Phase,
    Rules,
    Sentences,
    State,
    answered_in,
)
from assistant.events import (
    Cancel,
    Command,
    Drop,
    Earcon,
    Listen,
    Overhear,
    Rest,
    Say,
    Server,
    Think,
    Watch,
)

UNJUDGED = 2 / 3
"""Share of the longest silence that is waited for where nobody knows whether the text is whole."""
HELD = 0.5
"""A voice that sounds less likely than this to have said all is being held."""
RING_S = 2.0
"""From the beginning of a ring's tones until the sentence between them, in s."""


def new_turn(state: State, *, spoken: bool, woken: bool = False) -> Decision:
    """Begin another turn; the one before is dead."""
    dead = (Cancel(state.turn),) if state.phase is not Phase.ASLEEP else ()
    return fresh_state(state, spoken=spoken, woken=woken), dead


def fresh_state(
    state: State, *, spoken: bool = False, woken: bool = False, again: bool = False
) -> State:
    """Return the state of the next turn, asleep yet; what outlives a turn is kept."""
    return State(
        turn=state.turn + 1,
        now=state.now,
        spoken=spoken,
        woken=woken,
        again=again,
        begun=state.begun,
        sparing=state.sparing,
        duplex=state.duplex,
        server=state.server,
        due=state.due,
        rings_until=state.rings_until,
        missed=state.missed[state.tells if state.sounding else 0 :],
        language=state.language,
        held=state.held,
        joined=state.joined,
    )


def listen(
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


def rest(rules: Rules, state: State, commands: tuple[Command, ...] = ()) -> Decision:
    """Nobody speaks with us any more; the turn is dead."""
    if state.due:
        return ring(rules, fresh_state(state), commands)
    if rules.always and state.server is not Server.PAUSED:
        return listen(rules, fresh_state(state, spoken=True), commands, wait=rules.no_speech)
    return fresh_state(state), (*commands, Rest())


def think(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    """Let the mind answer `text`."""
    state = answering(rules, spoken_in(rules, state, text), Phase.THINKING, state.take + 1)
    return state, (*commands, attend(state), Think(state.turn, state.take, text))


def attend(state: State) -> Command:
    """What the ears do while the turn is being answered."""
    return Overhear(state.turn) if trusted(state) else Watch(state.turn)


def trusted(state: State) -> bool:
    """Whether what is heard now is not the assistant itself: it is silent, or its echo is.

    Before the first sound of an answer, those are looked at who may go on with their question.
    """
    asked = state.decided is not None and state.elsewhere not in AWAY
    silent = asked and state.phase is Phase.THINKING and not state.sounding
    return state.duplex or silent or (state.over is not None and state.over.waits)


def spoken_in(rules: Rules, state: State, text: str) -> State:
    """The question is in a language; what is said by itself from now on is in that one, too."""
    if len(rules.languages) == 1:
        return state
    return replace(state, language=answered_in(rules, state, text))


def sentences(rules: Rules, state: State) -> Sentences:
    """Return the fixed sentences of the language that is spoken."""
    return SENTENCES[answered_in(rules, state)]


def say(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    """Let the mouth speak a fixed sentence."""
    state = answering(rules, state, Phase.SPEAKING, state.take + 1)
    state = replace(state, deadline=state.now + rules.patience + rules.clause)
    return state, (*commands, attend(state), Say(state.turn, state.take, text))


def tell_missed(
    state: State, commands: tuple[Command, ...]
) -> tuple[State, tuple[Command, ...], str]:
    """Return what is to be said of all that nobody has heard; see `say`."""
    return replace(state, tells=len(state.missed)), commands, " ".join(state.missed)


def answering(rules: Rules, state: State, phase: Phase, take: int) -> State:
    """Return the state in which that take is the answer."""
    state = replace(state, phase=phase, finishing=False, take=take, answering="", filler_at=None)
    return waiting(rules, state)


def give_up(rules: Rules, state: State, tone: str = "sleep") -> Decision:
    """End the listening without an answer; audible, by `tone`, unless it was never noticed.

    Who speaks next may be somebody else, with another language.
    """
    if state.spoken and not rules.always:
        state = replace(state, held="")
    tones = (Earcon(tone),) if rules.earcon and not rules.always else ()
    return rest(rules, state, (Cancel(state.turn), *tones))


def apologise(rules: Rules, state: State, sentence: str) -> Decision:
    """Say what went wrong, in a turn of its own, and then rest."""
    tones = (Earcon("error"),) if rules.earcon else ()
    fresh, dead = new_turn(state, spoken=False)
    return say(rules, replace(fresh, sorry=True), (*dead, *tones), sentence)


def drop(rules: Rules, state: State, why: str) -> Decision:
    """The secret take, if there is one, answers the wrong words."""
    if not state.answering:
        return state, ()
    dropped = Drop(state.turn, state.take, why)
    return patient(rules, replace(state, answering="")), (dropped,)


def patient(rules: Rules, state: State) -> State:
    """Set how long the pause must be to be the end; while somebody speaks there is none."""
    if state.ended is None or state.began is None:
        return state
    known = state.words and state.words == state.judged
    complete = state.complete if known else None
    sounds = state.sounded[1] if state.sounded and state.sounded[0] == state.ended else None
    silence = needed_silence(rules, complete, state.ending, sounds)
    return replace(state, deadline=min(state.ended + silence, state.began + rules.max_speech))


def needed_silence(
    rules: Rules,
    complete: float | None,
    ending: Ending = Ending.PLAIN,
    sounds: float | None = None,
) -> float:
    """Return the s of silence that end a turn whose text is whole with probability `complete`.

    None: nobody has estimated that. Words that promise more wait for the longest silence, whatever
    the mind makes of them. Otherwise it falls evenly in the logarithm of the probability, but
    behind a comma not below the middle of the shortest and the longest one, and where it `sounds`
    as if more came not below `UNJUDGED` of the longest. The shape was drawn with the recordings of
    docs/latency.md.
    """
    shortest, longest = rules.min_silence, rules.max_silence
    if ending not in (Ending.PLAIN, Ending.COMMA):
        return longest
    least = math.sqrt(shortest * longest) if ending is Ending.COMMA else shortest
    if sounds is not None and sounds < HELD:
        least = max(least, UNJUDGED * longest)
    if complete is None:
        return max(least, UNJUDGED * longest)
    if complete >= rules.whole:
        return least
    if complete <= rules.open:
        return longest
    share = math.log(complete / rules.open) / math.log(rules.whole / rules.open)
    return max(least, longest + share * (shortest - longest))


def idle(state: State) -> bool:
    """It listens, but nobody called it, and nobody speaks."""
    return state.phase is Phase.LISTENING and state.began is None and not state.woken


def ring(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """Begin to ring, or go on after a talk, in this turn."""
    until = state.now + rules.ring if state.rings_until is None else state.rings_until
    state = replace(state, phase=Phase.SPEAKING, ringing=True, rings_until=until)
    state, tones = toll(state)
    return state, (*commands, attend(state), *tones)


def toll(state: State) -> Decision:
    """Sound the tones of what rings."""
    return replace(state, tolls=True, deadline=state.now + RING_S), (Earcon("ring"),)


def in_vain(state: State) -> State:
    """What rings, or was being told, was not heard; it is told when somebody comes."""
    state = replace(state, tells=0)
    if not rings(state):
        return state
    missed = (*state.missed, *state.due)
    return replace(state, due=(), rings_until=None, missed=missed)


def rings(state: State) -> bool:
    """Something of the device's own rings."""
    return state.ringing and state.rings_until is not None
