"""While somebody is listened to: reading along, answering in secret, and the end of the turn."""

from dataclasses import replace

from assistant.conversation.addressed import LONG_S, Said, addressed
from assistant.conversation.afar import await_server, recall, send
from assistant.conversation.endings import ending
from assistant.conversation.farewell import Farewell, farewell
from assistant.conversation.joining import joint
from assistant.conversation.overheard import halts, misheard
from assistant.conversation.state import AWAY, Decision, Elsewhere, Phase, Rules, State, stops
from assistant.conversation.turns import (
    answering,
    attend,
    drop,
    give_up,
    patient,
    say,
    sentences,
    spoken_in,
    think,
)
from assistant.events import (
    Command,
    Drop,
    Earcon,
    Heard,
    Ignore,
    Judged,
    Partial,
    Prepare,
    Release,
    Server,
    Settle,
    Settled,
    Sounded,
    SpeechEnded,
    SpeechStarted,
    Think,
)
from assistant.wording import said

MINUTE = 60.0


def hearing(
    rules: Rules,
    state: State,
    event: SpeechStarted | SpeechEnded | Partial | Settled | Judged | Sounded | Heard,
) -> Decision:
    """Return what follows from something that was heard."""
    match event:
        case Heard():
            return _heard(rules, state, event)
        case SpeechStarted(_, at) if state.finishing:
            return replace(state, resumed=at), ()
        case SpeechEnded() if state.finishing:
            return replace(state, resumed=None), ()
        case _ if state.finishing:
            return state, ()
        case SpeechStarted(_, at):
            fresh = state.began is None and state.elsewhere is Elsewhere.NO
            sends = fresh and state.server is Server.READY
            state, sent = send(state, "") if sends else (state, ())
            began = at if state.began is None else state.began
            return replace(state, began=began, ended=None, deadline=began + rules.max_speech), sent
        case SpeechEnded(_, at) if state.began is not None:
            settle = (Settle(state.turn),) if rules.ahead else ()
            return patient(rules, replace(state, ended=min(at, state.now))), settle
        case Partial(_, text) if _talks_on(rules, state, text):
            return _ignore(rules, state, text)
        case Partial(_, text) if rules.ahead:
            return _partial(rules, state, text)
        case Settled(_, text) if rules.ahead and state.ended is not None:
            state, dropped = _recognised(rules, state, text)
            return _begin(rules, state, dropped)
        case Sounded(_, at, complete):
            return patient(rules, replace(state, sounded=(at, complete))), ()
        case Judged(_, text, complete) if rules.ahead and text == state.words:
            return _judged(rules, state, complete)
    return state, ()


def _recognised(rules: Rules, state: State, text: str) -> Decision:
    """This is the text until now; an answer to other words is in vain."""
    words = joint(state.first, text)
    state = patient(rules, replace(state, words=words, ending=ending(text)))
    return (state, ()) if words == state.answering else drop(rules, state, "other words")


def _partial(rules: Rules, state: State, text: str) -> Decision:
    """More was recognised: the mind reads along."""
    words, before = joint(state.first, text), state.words
    state, dropped = _recognised(rules, state, text)
    reads = words and words != before and not state.unheard
    return state, (*dropped, Prepare(state.turn, words)) if reads else dropped


def carried_on(rules: Rules, state: State) -> Decision:
    """The beginning of the utterance is known: go on from there."""
    state = patient(rules, state)
    if state.unheard or state.finishing or not (rules.ahead and state.words):
        return state, ()
    if state.ended is None:
        return state, (Prepare(state.turn, state.words),)
    return _begin(rules, state, ())


def _judged(rules: Rules, state: State, complete: float) -> Decision:
    """The mind has read the newest words."""
    state = patient(rules, replace(state, judged=state.words, complete=complete))
    return _begin(rules, state, ()) if complete >= rules.early else (state, ())


def _begin(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """Begin a secret take of the newest words, unless too much was wasted already."""
    words = state.words
    if not words or words == state.answering or _ends_it(rules, state, words):
        return state, commands
    if _leave(state, words) or state.unheard:
        return state, commands
    if state.elsewhere in AWAY or _beside(rules, state, words):
        return state, commands
    share = 2 if state.sparing else 1
    begun = tuple(at for at in state.begun if at > state.now - MINUTE)
    state = replace(state, take=state.take + 1, begun=begun)
    if state.take > max(1, rules.takes_a_turn // share):
        return state, (*commands, Drop(state.turn, state.take, "too many in this turn"))
    if len(begun) >= rules.takes_a_minute // share:
        return state, (*commands, Drop(state.turn, state.take, "too many in a minute"))
    state = replace(state, answering=state.words, begun=(*begun, state.now))
    return state, (*commands, Think(state.turn, state.take, state.words, secret=True))


def _ends_it(rules: Rules, state: State, text: str) -> bool:
    """Whether nothing else is wanted; what has stopped a reply may be said less strictly."""
    return stops(rules, text) or (
        state.halted and (halts(text, rules.stop_words) or misheard(text, rules.stop_words))
    )


def _heard(rules: Rules, state: State, event: Heard) -> Decision:
    """The utterance has its text; is it a question?"""
    if _ends_it(rules, state, event.text):
        return give_up(rules, state, "cancel")
    if leave := _leave(state, event.text):
        return give_up(rules, state, "cancel" if leave is Farewell.CANCEL else "sleep")
    weak = event.speech_s < rules.min_speech or event.level < rules.min_level
    if weak or not said(event.text):
        if state.first:  # it was nothing: the first half is the question
            return think(rules, *drop(rules, state, "nothing was said"), state.first)
        if not state.woken or state.again:
            return give_up(rules, state)
        state, dropped = drop(rules, state, "nothing was said")
        state, recalled = recall(state)
        commands = (*dropped, *recalled)
        return say(rules, replace(state, again=True), commands, sentences(rules, state).missed)
    words = joint(state.first, event.text)
    if _beside(rules, state, event.text, event.level, event.speech_s):
        return _ignore(rules, state, event.text)
    if state.woken:
        state = replace(state, level=event.level)
    state = replace(state, words=words)
    if state.endless and state.elsewhere not in AWAY:
        return _interrupt(rules, state, words)
    if words == state.answering:
        state = answering(rules, spoken_in(rules, state, words), Phase.THINKING, state.take)
        return state, (attend(state), Release(state.turn, state.take))
    if state.elsewhere in AWAY:
        return await_server(rules, state, words)
    state, dropped = drop(rules, state, "other words at the end")
    tones = (Earcon("done"),) if rules.earcon else ()
    return think(rules, state, (*dropped, *tones), words)


def _leave(state: State, text: str) -> Farewell | None:
    """Return how they take leave; who has just called and says "good night" gets an answer."""
    leave = farewell(text)
    return None if leave is Farewell.DONE and state.woken else leave


def _beside(
    rules: Rules, state: State, text: str, level: float | None = None, speech_s: float = 0.0
) -> bool:
    """Whether this follow-up, as far as it was heard, was said to somebody else."""
    if state.woken or rules.always or not state.reply:
        return False
    quieter = 0.0 if level is None or state.level is None else state.level - level
    return addressed(Said(text, state.reply, quieter, speech_s)) < rules.addressed


def _talks_on(rules: Rules, state: State, text: str) -> bool:
    """Whether somebody has talked beside it for so long that their end need not be waited for."""
    spoken = 0.0 if state.began is None else state.now - state.began
    return bool(said(text)) and spoken > LONG_S and _beside(rules, state, text, speech_s=spoken)


def _ignore(rules: Rules, state: State, text: str) -> Decision:
    """This was said to somebody else: nobody speaks with us any more."""
    ignored = Ignore(state.turn, text)
    state, commands = give_up(rules, state)
    return state, (ignored, *commands)


def _interrupt(rules: Rules, state: State, words: str) -> Decision:
    """Whoever never stops talking is told so, and then answered."""
    state, dropped = drop(rules, state, "speech without an end")
    return say(rules, replace(state, then=words), dropped, sentences(rules, state).long)
