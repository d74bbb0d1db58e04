"""Speech over the reply: the voice gives way at once, and only then is found out what it was.

At the first sound the reply becomes soft (`Duck`): a cough or "uh-huh" is over before anything had
to be done about it, and no word is lost, for soft speech is still understood. What goes on for
`Rules.hold` makes it wait (`Pause`): now it is silent, as somebody who is interrupted is, and the
recogniser hears the user alone; still nothing is lost, since it can go on from there (`Raise`). So
silence needs no understanding, however slow the recogniser is, and a mistake costs a pause.

What is recognised decides. A stop word or speech that is meant for the assistant ends the turn, and
its words are the beginning of the next one: the ears go on with the same utterance (`CarryOn`).
"""

from dataclasses import replace

from assistant.conversation.addressed import Said, addressed
from assistant.conversation.afar import send
from assistant.conversation.asking import asks
from assistant.conversation.joining import joined, joins
from assistant.conversation.listening import carried_on
from assistant.conversation.overheard import halts, interrupts, quoted, rest_of_it
from assistant.conversation.speaking import stop
from assistant.conversation.state import AWAY, Decision, Over, Phase, Rules, State
from assistant.conversation.turns import attend, new_turn, trusted
from assistant.events import (
    CarryOn,
    Command,
    Duck,
    Halt,
    Partial,
    Pause,
    Raise,
    Remember,
    Server,
    Settle,
    Settled,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
)
from assistant.wording import said

MISLED = 6
"""How often the time until the reply waits is doubled at the most."""
SURELY = 0.6
"""Probability from which the beginning of a sentence counts as said to the assistant."""


def overlapping(
    rules: Rules, state: State, event: SpeechStarted | SpeechEnded | Partial | Settled
) -> Decision:
    """Return what follows from something that sounds while the assistant thinks or speaks."""
    match event:
        case _ if not trusted(state):
            return state, ()
        case Partial(_, text) | Settled(_, text) if _halts(rules, state, text):
            return _halt(rules, state, text)
        case SpeechStarted(_, at, level, echo) if state.over is None:
            yields = _yields(rules, state, level) and not _leaks(rules, level, echo)
            return _begun(rules, state, at, level) if yields else (state, ())
        case _ if state.over is None:
            return state, _looked_at(state, event)
        case SpeechStarted():
            over = replace(state.over, ended=None, until=state.over.began + rules.wait)
            return _due(rules, state, over), ()
        case SpeechEnded(_, at):
            until = state.now + rules.final_patience
            over = replace(state.over, ended=min(at, state.now), until=until)
            return _due(rules, state, over), (Settle(state.turn),)
        case Partial(_, text) | Settled(_, text):
            return _recognised(rules, state, text, isinstance(event, Settled))


def resumed(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """The question has its text, and somebody went on to speak before that: look at it, too."""
    at = state.resumed
    if at is None or state.phase is not Phase.THINKING:
        return state, commands
    state = replace(state, resumed=None)
    if not (trusted(state) and _yields(rules, state, None)):
        return state, commands
    state, begun = _begun(rules, state, at, None)
    return state, (*commands, *begun)


def tired(rules: Rules, state: State, over: Over) -> Decision:
    """The deadline has passed while something sounds over the reply."""
    if not over.waits and state.now < over.until:
        return _due(rules, state, replace(over, waits=True)), (Pause(state.turn),)
    # Whoever has not ended by now is taken at their word, or is a television.
    if over.ended is None and _meant(rules, state, over, over.words, ended=True):
        return _taken_over(rules, state, over)
    return lift(rules, state)


def lift(rules: Rules, state: State) -> Decision:
    """It was nothing, or cannot be told from nothing: the reply goes on as before."""
    alive = state.now + rules.patience
    alive += rules.clause if state.phase is Phase.SPEAKING else 0.0
    misled = state.misled + bool(state.over and state.over.waits)
    state = replace(state, over=None, misled=misled, filler_at=None, deadline=alive)
    return state, (Raise(state.turn), attend(state))


def changed(rules: Rules, state: State, usable: bool) -> Decision:
    """The microphone is of use while the assistant speaks, or no longer is."""
    if state.duplex is usable:
        return state, ()
    state = replace(state, duplex=usable)
    if state.over:
        return lift(rules, state)
    answering = state.phase in (Phase.THINKING, Phase.SPEAKING)
    return state, (attend(state),) if answering else ()


def outlived(rules: Rules, state: State, over: Over, event: SpeakingEnded) -> Decision:
    """The reply ended while somebody spoke: what is being said belongs to the turn that follows."""
    heard = (Remember(state.turn, event.heard),) if event.heard else ()
    return _taken_over(rules, state, over, told=heard)


def _yields(rules: Rules, state: State, level: float | None) -> bool:
    """Whether the reply gives way to what has begun to sound, and not only to a stop word."""
    if level is not None and state.level is not None and level < state.level - rules.beside_db:
        return False  # in another corner of the room
    told = bool(state.then)  # whoever never stops talking hears that sentence
    return rules.barge_in and not (state.ringing or told) and state.elsewhere not in AWAY


def _leaks(rules: Rules, level: float | None, echo: float | None) -> bool:
    """Whether it is what the echo canceller has left of the assistant's own voice."""
    return level is not None and echo is not None and level < echo - rules.leak_db


def _looked_at(
    state: State, event: SpeechStarted | SpeechEnded | Partial | Settled
) -> tuple[Command, ...]:
    """Only a stop word counts: the utterance is recognised, and forgotten."""
    match event:
        case SpeechEnded():
            return (Settle(state.turn),)
        case Settled():
            return (attend(state),)
    return ()


def _begun(rules: Rules, state: State, at: float, level: float | None) -> Decision:
    """Somebody makes a sound; before the first word of a reply there is nothing to be soft."""
    quieter_db = 0.0 if level is None or state.level is None else state.level - level
    over = Over(min(at, state.now), until=at + rules.wait, quieter_db=quieter_db)
    if state.phase is Phase.THINKING:
        return _due(rules, state, replace(over, waits=True)), (Pause(state.turn),)
    return _due(rules, state, over), (Duck(state.turn),)


def _due(rules: Rules, state: State, over: Over) -> State:
    """Return the state with the next deadline of what sounds."""
    # Where it has waited for nothing before, there is a television: the longer it goes on first.
    hold = rules.hold * 2.0 ** min(state.misled, MISLED)
    due = over.until if over.waits else min(over.began + hold, over.until)
    return replace(state, over=over, deadline=due)


def _recognised(rules: Rules, state: State, text: str, ended: bool) -> Decision:
    """This is its text until now."""
    assert state.over
    over = replace(state.over, words=said(text))
    ended = ended and over.ended is not None
    goes_on = joins(rules, state, over)
    if goes_on and rest_of_it(over.words, state.sounding, rules.backchannels, ended=ended):
        return _taken_over(rules, state, over, goes_on=True)
    if _meant(rules, state, over, text, ended):
        return _taken_over(rules, state, over)
    if ended:
        return lift(rules, state)
    return replace(state, over=over), ()


def _meant(rules: Rules, state: State, over: Over, text: str, ended: bool) -> bool:
    """Whether it is said to the assistant, and not only to go on with the turn before."""
    backchannels, interjections = rules.backchannels, rules.interjections
    if asks(state.sounding):  # "yes" is the answer then
        backchannels, interjections = (), (*backchannels, *interjections)
    until = over.ended if ended and over.ended is not None else state.now
    # What goes on may still turn out to be for somebody else.
    surely = rules.addressed if ended else max(rules.addressed, SURELY)
    said_over = Said(text, state.sounding, over.quieter_db, over=True)
    return addressed(said_over) >= surely and interrupts(
        text,
        state.sounding,
        backchannels,
        interjections,
        lasted=until - over.began,
        ended=ended,
    )


def _halts(rules: Rules, state: State, text: str) -> bool:
    return halts(text, rules.stop_words) and not quoted(text, state.sounding)


def _halt(rules: Rules, state: State, text: str) -> Decision:
    """A stop word: be silent at once, and hear whether more is said."""
    if state.over is None:  # nothing else may be said to what sounds
        state, commands = stop(rules, state)
    else:
        over = replace(state.over, words=said(text))
        state, commands = _taken_over(rules, state, over, halted=True)
    return state, (Halt(text), *commands)


def _taken_over(
    rules: Rules,
    state: State,
    over: Over,
    *,
    halted: bool = False,
    goes_on: bool = False,
    told: tuple[Command, ...] = (),
) -> Decision:
    """Begin the turn of whoever speaks with what was said over the reply until now."""
    before = state
    state, dead = new_turn(state, spoken=True)
    state = replace(
        state,
        phase=Phase.LISTENING,
        began=over.began,
        ended=over.ended,
        deadline=max(over.began + rules.max_speech, state.now),
        words="" if told else over.words,
        carried=before.turn,
        unheard=not told and before.phase is Phase.SPEAKING,
        halted=halted,
    )
    if goes_on:
        state = joined(before, state)
    commands: tuple[Command, ...] = (*told, CarryOn(state.turn, before.turn), *dead)
    if state.server is Server.READY and not goes_on:
        state, sent = send(state, "")
        commands = (*commands, *sent)
    state, begun = carried_on(rules, state)
    return state, (*commands, *begun)
