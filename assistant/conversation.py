"""The one who decides: ``decide(rules, state, event, now) -> (state, commands)``.

A pure function without threads, clocks, engines or I/O. A turn goes
ASLEEP -> LISTENING -> THINKING -> SPEAKING and from there to the next LISTENING or to ASLEEP.
The caller keeps the state, executes the commands, and sends `Tick` when `State.deadline` has come.

While somebody speaks, the mind reads along (`Prepare`) and estimates whether the request is whole.
Where it may be, and at each pause, the answer is begun in secret (`Think(secret=True)`); a whole
request makes the silence that ends the turn short. When it has ended and the final words are those
that are being answered, the secret take is released; other words drop it.

Where a server answers for this device, the question goes to it (`Send`) while the own ears listen
and read along. Nothing is begun in secret then; but whenever the server declines, is gone or gives
no sign, the device answers by itself, from the words that its own ears have.
"""

import math
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.events import (
    Asked,
    Cancel,
    ClauseStarted,
    Command,
    Declined,
    Dismissed,
    Drop,
    Earcon,
    Event,
    Failed,
    Finish,
    Heard,
    Judged,
    LanguageHeld,
    Listen,
    Partial,
    Play,
    PowerChanged,
    Prepare,
    Rang,
    Recall,
    Release,
    Remember,
    ReplyEnded,
    Rest,
    Say,
    SayRequested,
    Send,
    SentOut,
    Server,
    ServerChanged,
    Settle,
    Settled,
    SoundOffered,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    Understood,
    WakeDetected,
    Watch,
)
from assistant.language import among
from assistant.wording import said

MINUTE = 60.0
RING_S = 2.0
"""From the beginning of a ring's tones until the sentence between them, in s."""


class Phase(StrEnum):
    """What the assistant is doing, as users see it."""

    ASLEEP = "asleep"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Elsewhere(StrEnum):
    """Whether the server answers a turn."""

    NO = "no"
    SENT = "sent"
    """It is told what is said."""
    HEEDED = "heeded"
    """It has understood the question, and may have done already what was asked."""
    DECLINED = "declined"
    """It will not; the device does."""


AWAY = (Elsewhere.SENT, Elsewhere.HEEDED)


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

    silence: float = 0.8
    """What ends a turn whose text is open, or not judged yet."""
    whole_silence: float = 0.2
    """What ends a turn whose text is whole by the mind's estimate."""
    whole: float = 0.5
    """Probability from which a text counts as whole."""
    open: float = 0.002
    """Probability up to which it counts as open; between the two the silence falls evenly."""
    early: float = 0.2
    """Probability from which it is answered in secret while somebody still speaks."""
    ahead: bool = True
    """Read along, and begin to answer in secret at each pause."""
    takes_a_turn: int = 6
    takes_a_minute: int = 30
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
    server_patience: float = 20.0
    """The longest time without any sign of the server that was asked."""
    ring: float = 180.0
    """The longest time that something rings which nobody stops."""
    always: bool = False
    earcon: bool = True
    out_earcon: bool = True
    """Tell by a tone that a question leaves the device."""
    stop_words: tuple[str, ...] = ("stop",)
    languages: tuple[str, ...] = ("en",)
    """What is spoken; of several the one that was spoken last, at first the first."""
    greetings: tuple[str, ...] = ()
    """What is said before it listens when it was woken, in each of them; empty: nothing."""


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
    ended: float | None = None
    """When the utterance's last speech ended; None while somebody speaks."""
    words: str = ""
    """What was recognised last, by `said`."""
    take: int = 0
    """The newest take of this turn; every older one is dead."""
    answering: str = ""
    """The words that a secret take answers now; empty: there is none."""
    judged: str = ""
    """The last words of which the mind has estimated whether they are a whole request."""
    complete: float = 0.0
    """The probability of that."""
    begun: tuple[float, ...] = ()
    """When secret takes were begun in the last minute, in any turn."""
    sparing: bool = False
    """On battery, or hot: half as many secret takes."""
    out: bool = False
    """The question has left the device."""
    server: Server = Server.NONE
    elsewhere: Elsewhere = Elsewhere.NO
    ringing: bool = False
    """An alarm sounds."""
    due: tuple[str, ...] = ()
    """What rings, or will as soon as nobody talks: a sentence each."""
    rings_until: float | None = None
    """When what rings is given up."""
    tolls: bool = False
    """Its tones sound, not its sentence."""
    missed: tuple[str, ...] = ()
    """What rang in vain, or too late: it is told once, at the next wake."""
    language: str = ""
    """Which one of several was spoken last; empty: none yet."""
    held: str = ""
    """The one of several in which everything is answered; empty: each question in its own."""


Decision = tuple[State, tuple[Command, ...]]


def decide(rules: Rules, state: State, event: Event, now: float) -> Decision:
    """Return the next state and what shall be done, in order."""
    state = replace(state, now=max(now, state.now))
    match event:
        case Started():
            return _rest(rules, state)
        case WakeDetected(phrase):
            return _wake(rules, state, phrase)
        case Asked(text):
            return _think(rules, *_new_turn(state, spoken=False), text)
        case SayRequested(text):
            return _say(rules, *_new_turn(state, spoken=False), text)
        case StopHeard() | StopRequested():
            return _stop(rules, state)
        case Dismissed():
            return replace(state, spoken=False, again=False, held=""), ()
        case LanguageHeld(language):
            return replace(state, held=language, language=language), ()
        case Tick():
            due = state.deadline is not None and state.now >= state.deadline
            return _late(rules, state) if due else (state, ())
        case PowerChanged(sparing):
            return replace(state, sparing=sparing), ()
        case ServerChanged(server):
            return _server(rules, state, server)
        case SoundOffered(0, ringing):
            return _announce(rules, state, ringing)
        case Rang():
            return _rang(rules, state, event)
        case SpeakingEnded(turn, _, heard) if turn < state.turn:
            return state, (Remember(turn, heard),) if heard else ()
        case _ if event.turn != state.turn:
            return state, ()
        case Failed():
            return _failed(rules, state, event)
        case SpeechStarted() | SpeechEnded() | Partial() | Settled() | Judged() | Heard():
            return _hearing(rules, state, event) if state.phase is Phase.LISTENING else (state, ())
        case ClauseStarted() | SpeakingEnded():
            return _speaking(rules, state, event)
        case SentOut(_, take) if take == state.take and not state.answering:
            tones = (Earcon("out"),) if rules.earcon and rules.out_earcon else ()
            return replace(state, out=True), tones
        case SentOut() | ReplyEnded():
            return state, ()
        case Understood() | SoundOffered() | Declined():
            return _answered(rules, state, event) if state.elsewhere in AWAY else (state, ())


def answered_in(rules: Rules, state: State, text: str = "") -> str:
    """Return the language in which `text` is answered; without one, what is said by itself."""
    return state.held or among(rules.languages, text, state.language or rules.languages[0])


def stops(rules: Rules, text: str) -> bool:
    """Whether `text` is nothing but a stop word."""
    return _bare(text) in {_bare(word) for word in rules.stop_words}


def needed_silence(rules: Rules, complete: float) -> float:
    """Return the s of silence that end a turn whose text is whole with probability `complete`.

    Even in the logarithm of the probability, which is what docs/latency.md's curve was drawn with.
    """
    if complete >= rules.whole:
        return rules.whole_silence
    if complete <= rules.open:
        return rules.silence
    share = math.log(complete / rules.open) / math.log(rules.whole / rules.open)
    return rules.silence + share * (rules.whole_silence - rules.silence)


def _bare(text: str) -> str:
    """Letters and digits only, in lower case: recognisers differ in points and capitals."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if c.isalnum() or c.isspace())
    return " ".join("".join(kept).casefold().split())


# --- beginnings ------------------------------------------------------------------------------


def _new_turn(state: State, *, spoken: bool, woken: bool = False) -> Decision:
    """Begin another turn; the one before is dead."""
    dead = (Cancel(state.turn),) if state.phase is not Phase.ASLEEP else ()
    return _fresh(state, spoken=spoken, woken=woken), dead


def _fresh(
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
        server=state.server,
        due=state.due,
        rings_until=state.rings_until,
        missed=state.missed,
        language=state.language,
        held=state.held,
    )


def _wake(rules: Rules, state: State, phrase: str) -> Decision:
    if state.ringing or (state.server is Server.PAUSED and state.phase is not Phase.ASLEEP):
        return _stop(rules, state)
    if state.server is Server.PAUSED:
        return state, (Earcon("sleep"),) if rules.earcon else ()
    slept = state.phase is Phase.ASLEEP
    state, commands = _new_turn(state, spoken=True, woken=True)
    if state.missed:
        told = " ".join(state.missed)
        return _say(rules, replace(state, missed=(), again=True), commands, told)
    if state.server is Server.READY:
        state, sent = _send(state, phrase)
        commands = (*commands, *sent)
    elif slept and (greeting := _greeting(rules, state)):
        return _say(rules, replace(state, again=True), commands, greeting)
    return _listen(rules, state, commands, wait=rules.no_speech, tone=True)


def _greeting(rules: Rules, state: State) -> str:
    greetings = dict(zip(rules.languages, rules.greetings, strict=False))
    return greetings.get(answered_in(rules, state), "")


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
    if state.due:
        return _ring(rules, _fresh(state), commands)
    if rules.always and state.server is not Server.PAUSED:
        return _listen(rules, _fresh(state, spoken=True), commands, wait=rules.no_speech)
    return _fresh(state), (*commands, Rest())


def _think(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    state = _answering(rules, _spoken(rules, state, text), Phase.THINKING, state.take + 1)
    return state, (*commands, Watch(state.turn), Think(state.turn, state.take, text))


def _spoken(rules: Rules, state: State, text: str) -> State:
    """The question is in a language; what is said by itself from now on is in that one, too."""
    if len(rules.languages) == 1:
        return state
    return replace(state, language=answered_in(rules, state, text))


def _sentences(rules: Rules, state: State) -> Sentences:
    return SENTENCES[answered_in(rules, state)]


def _say(rules: Rules, state: State, commands: tuple[Command, ...], text: str) -> Decision:
    state = _answering(rules, state, Phase.SPEAKING, state.take + 1)
    state = replace(state, deadline=state.now + rules.patience + rules.clause)
    return state, (*commands, Watch(state.turn), Say(state.turn, state.take, text))


def _answering(rules: Rules, state: State, phase: Phase, take: int) -> State:
    """Return the state in which that take is the answer."""
    return replace(
        state,
        phase=phase,
        deadline=state.now + rules.patience,
        finishing=False,
        take=take,
        answering="",
    )


# --- listening -------------------------------------------------------------------------------


def _hearing(
    rules: Rules,
    state: State,
    event: SpeechStarted | SpeechEnded | Partial | Settled | Judged | Heard,
) -> Decision:
    match event:
        case Heard():
            return _heard(rules, state, event)
        case _ if state.finishing:
            return state, ()
        case SpeechStarted(_, at):
            fresh = state.began is None and state.elsewhere is Elsewhere.NO
            sends = fresh and state.server is Server.READY
            state, sent = _send(state, "") if sends else (state, ())
            began = at if state.began is None else state.began
            return replace(state, began=began, ended=None, deadline=began + rules.max_speech), sent
        case SpeechEnded(_, at) if state.began is not None:
            settle = (Settle(state.turn),) if rules.ahead else ()
            return _patient(rules, replace(state, ended=min(at, state.now))), settle
        case Partial(_, text) if rules.ahead:
            return _partial(rules, state, said(text))
        case Settled(_, text) if rules.ahead and state.ended is not None:
            state, dropped = _recognised(rules, state, said(text))
            return _begin(rules, state, dropped)
        case Judged(_, text, complete) if rules.ahead and text == state.words:
            return _judged(rules, state, complete)
    return state, ()


def _patient(rules: Rules, state: State) -> State:
    """Set how long the pause must be to be the end; while somebody speaks there is none."""
    if state.ended is None or state.began is None:
        return state
    known = state.words and state.words == state.judged
    silence = needed_silence(rules, state.complete if known else 0.0)
    return replace(state, deadline=min(state.ended + silence, state.began + rules.max_speech))


def _recognised(rules: Rules, state: State, words: str) -> Decision:
    """These are the words until now; an answer to other ones is in vain."""
    state = replace(state, words=words)
    return (state, ()) if words == state.answering else _drop(rules, state, "other words")


def _partial(rules: Rules, state: State, words: str) -> Decision:
    """More was recognised: the mind reads along."""
    if words == state.words:
        return state, ()
    state, dropped = _recognised(rules, state, words)
    return state, (*dropped, Prepare(state.turn, words)) if words else dropped


def _judged(rules: Rules, state: State, complete: float) -> Decision:
    """The mind has read the newest words."""
    state = _patient(rules, replace(state, judged=state.words, complete=complete))
    return _begin(rules, state, ()) if complete >= rules.early else (state, ())


def _begin(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """Begin a secret take of the newest words, unless too much was wasted already."""
    if not state.words or state.words == state.answering or stops(rules, state.words):
        return state, commands
    if state.elsewhere in AWAY:
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


def _drop(rules: Rules, state: State, why: str) -> Decision:
    """The secret take, if there is one, answers the wrong words."""
    if not state.answering:
        return state, ()
    dropped = Drop(state.turn, state.take, why)
    return _patient(rules, replace(state, answering="")), (dropped,)


def _heard(rules: Rules, state: State, event: Heard) -> Decision:
    """The utterance has its text; is it a question?"""
    if stops(rules, event.text):
        return _give_up(rules, state)
    words = said(event.text)
    weak = event.speech_s < rules.min_speech or event.level < rules.min_level
    if weak or not words:
        if not state.woken or state.again:
            return _give_up(rules, state)
        state, dropped = _drop(rules, state, "nothing was said")
        state, recalled = _recall(state)
        commands = (*dropped, *recalled)
        return _say(rules, replace(state, again=True), commands, _sentences(rules, state).missed)
    if words == state.answering:
        state = _answering(rules, _spoken(rules, state, words), Phase.THINKING, state.take)
        return state, (Watch(state.turn), Release(state.turn, state.take))
    if state.elsewhere in AWAY:
        return _wait(rules, state, words)
    state, dropped = _drop(rules, state, "other words at the end")
    tones = (Earcon("done"),) if rules.earcon else ()
    return _think(rules, state, (*dropped, *tones), words)


def _give_up(rules: Rules, state: State) -> Decision:
    """End the listening without an answer; audible unless it was never noticed.

    Who speaks next may be somebody else, with another language.
    """
    if state.spoken and not rules.always:
        state = replace(state, held="")
    tones = (Earcon("sleep"),) if rules.earcon and not rules.always else ()
    return _rest(rules, state, (Cancel(state.turn), *tones))


# --- a server that answers -------------------------------------------------------------------


def _server(rules: Rules, state: State, server: Server) -> Decision:
    """The server came, went, or wants silence; only then one that always listens does not."""
    turned = state.server is not server and Server.PAUSED in (state.server, server)
    state = replace(state, server=server)
    if rules.always and turned and (state.phase is Phase.ASLEEP or _idle(state)):
        return _rest(rules, state, (Cancel(state.turn),))
    return state, ()


def _idle(state: State) -> bool:
    """It listens, but nobody called it, and nobody speaks."""
    return state.phase is Phase.LISTENING and state.began is None and not state.woken


def _send(state: State, phrase: str) -> Decision:
    """Let the server hear what is said in this turn."""
    state = replace(state, elsewhere=Elsewhere.SENT, out=True)
    return state, (Send(state.turn, phrase),)


def _recall(state: State) -> Decision:
    """Take the turn back from the server, if it has it."""
    if state.elsewhere not in AWAY:
        return state, ()
    return replace(state, elsewhere=Elsewhere.DECLINED), (Recall(state.turn),)


def _wait(rules: Rules, state: State, words: str) -> Decision:
    """The question is over; a sign of the server is waited for."""
    state = _answering(rules, state, Phase.THINKING, state.take + 1)
    tones = (Earcon("done"),) if rules.earcon else ()
    return _hope(rules, state, words), (*tones, Watch(state.turn))


def _hope(rules: Rules, state: State, words: str) -> State:
    return replace(state, words=words, deadline=state.now + rules.server_patience)


def _answered(rules: Rules, state: State, event: Understood | SoundOffered | Declined) -> Decision:
    """The server says what becomes of the question."""
    match event:
        case Declined(_, quiet):
            return _declined(rules, state, quiet)
        case SoundOffered() if state.phase in (Phase.LISTENING, Phase.THINKING):
            return _play(rules, state, ())
        case Understood(_, text) if words := said(text):
            state = replace(state, elsewhere=Elsewhere.HEEDED)
            if state.phase is Phase.LISTENING:  # it was sure of the end sooner
                return _wait(rules, state, words)
            return (_hope(rules, state, words) if state.phase is Phase.THINKING else state), ()
        case Understood() if state.phase is Phase.THINKING:
            return _hope(rules, state, state.words), ()
    return state, ()


def _announce(rules: Rules, state: State, ringing: bool) -> Decision:
    """There is something to be heard that nobody asked for; no talk is interrupted by it."""
    if state.phase is not Phase.ASLEEP and not _idle(state):
        return state, ()
    state, dead = _new_turn(state, spoken=False)
    return _play(rules, replace(state, ringing=ringing), dead)


def _play(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    state = _answering(rules, state, Phase.SPEAKING, state.take + 1)
    state = replace(state, deadline=state.now + rules.patience + rules.clause)
    return state, (*commands, Watch(state.turn), Play(state.turn, state.take))


def _declined(rules: Rules, state: State, quiet: bool) -> Decision:
    """The server does not answer: the device does, from where it stands."""
    state, recalled = _recall(state)
    if quiet:
        return _rest(rules, state, (Cancel(state.turn),))
    if state.phase is Phase.LISTENING:  # the own ears hear it out
        return state, recalled
    if state.phase is Phase.THINKING and state.words:
        return _think(rules, state, recalled, state.words)
    return _apologise(rules, state, _sentences(rules, state).failed)


# --- what rings ------------------------------------------------------------------------------


def _rang(rules: Rules, state: State, event: Rang) -> Decision:
    """Something is due; no talk is interrupted by it."""
    if event.missed:
        return replace(state, missed=(*state.missed, event.text)), ()
    state = replace(state, due=(*state.due, event.text))
    if state.phase is not Phase.ASLEEP and not _idle(state):
        return state, ()
    return _ring(rules, *_new_turn(state, spoken=False))


def _ring(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """Begin to ring, or go on after a talk, in this turn."""
    until = state.now + rules.ring if state.rings_until is None else state.rings_until
    state = replace(state, phase=Phase.SPEAKING, ringing=True, rings_until=until)
    state, tones = _toll(state)
    return state, (*commands, Watch(state.turn), *tones)


def _toll(state: State) -> Decision:
    return replace(state, tolls=True, deadline=state.now + RING_S), (Earcon("ring"),)


def _tell(rules: Rules, state: State) -> Decision:
    """Say what is due, between the tones."""
    alive = state.now + rules.patience + rules.clause
    state = replace(state, tolls=False, take=state.take + 1, deadline=alive)
    return state, (Say(state.turn, state.take, " ".join(state.due)),)


def _told(rules: Rules, state: State) -> Decision:
    """The sentence was said; nobody has stopped it yet."""
    if state.rings_until is not None and state.now < state.rings_until:
        return _toll(state)
    return _rest(rules, _in_vain(state), (Cancel(state.turn),))


def _in_vain(state: State) -> State:
    """What rings was not heard; it is told when somebody comes."""
    if not _rings(state):
        return state
    missed = (*state.missed, *state.due)
    return replace(state, due=(), rings_until=None, missed=missed)


def _rings(state: State) -> bool:
    """Something of the device's own rings."""
    return state.ringing and state.rings_until is not None


# --- thinking and speaking -------------------------------------------------------------------


def _speaking(rules: Rules, state: State, event: ClauseStarted | SpeakingEnded) -> Decision:
    if state.phase not in (Phase.THINKING, Phase.SPEAKING) or event.take != state.take:
        return state, ()
    if _rings(state) and (state.tolls or isinstance(event, SpeakingEnded)):
        return (state, ()) if state.tolls else _told(rules, state)
    if isinstance(event, ClauseStarted):
        alive = state.now + rules.patience + rules.clause
        return replace(state, phase=Phase.SPEAKING, deadline=alive), ()
    if state.phase is Phase.THINKING and not event.heard:
        fresh, dead = _new_turn(state, spoken=state.spoken)
        return _say(rules, fresh, dead, _sentences(rules, state).empty)
    return _next(rules, state, (Remember(state.turn, event.heard),) if event.heard else ())


def _next(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    """A turn has ended well: ring, listen on, or rest."""
    if state.due:
        return _ring(rules, _fresh(state), commands)
    if state.again:
        fresh = _fresh(state, spoken=True, woken=True, again=True)
        return _listen(rules, fresh, commands, wait=rules.no_speech, tone=True)
    if state.spoken and rules.follow_up > 0 and state.server is not Server.PAUSED:
        return _listen(rules, _fresh(state, spoken=True), commands, wait=rules.follow_up)
    return _rest(rules, state, commands)


def _stop(rules: Rules, state: State) -> Decision:
    if state.phase is Phase.ASLEEP:
        return state, ()
    if _rings(state):
        state = replace(state, due=(), rings_until=None)
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
        if state.elsewhere in AWAY:  # the server may have heard it all the same
            return _wait(rules, state, state.words)
        return _apologise(rules, state, _sentences(rules, state).failed)
    if state.phase is Phase.THINKING and state.elsewhere is Elsewhere.SENT:
        return _declined(rules, state, quiet=False)
    if state.phase is Phase.THINKING:
        return _apologise(rules, state, _sentences(rules, state).slow)
    if state.phase is Phase.SPEAKING and state.tolls:
        return _tell(rules, state)
    if state.phase is Phase.SPEAKING:  # the loudspeaker is gone: there is no use in saying so
        return _rest(rules, _in_vain(state), (Cancel(state.turn),))
    return replace(state, deadline=None), ()


def _failed(rules: Rules, state: State, event: Failed) -> Decision:
    if state.phase is Phase.ASLEEP or (event.take and event.take != state.take):
        return state, ()
    if state.answering and event.take:  # nobody has heard of it; the question is asked again
        return _drop(rules, state, f"{event.room} failed")
    if event.room == "ears" and state.phase is not Phase.LISTENING:
        return state, ()  # only a stop word went unheard; the reply goes on
    if event.room in ("ears", "mind") and state.elsewhere in AWAY:
        return state, ()  # the server hears and thinks
    if event.room in ("mouth", "loudspeaker", "microphone"):
        return _rest(rules, _in_vain(state), (Cancel(state.turn),))
    return _apologise(rules, state, _sentences(rules, state).failed)


def _apologise(rules: Rules, state: State, sentence: str) -> Decision:
    """Say what went wrong, in a turn of its own, and then rest."""
    tones = (Earcon("error"),) if rules.earcon else ()
    fresh, dead = _new_turn(state, spoken=False)
    return _say(rules, fresh, (*dead, *tones), sentence)
