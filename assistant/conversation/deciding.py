"""One event after the other: which one leads where."""

from dataclasses import replace

from assistant.conversation.afar import (
    announce,
    answered,
    await_server,
    declined,
    send,
    server_changed,
)
from assistant.conversation.filling import fill, worded
from assistant.conversation.listening import carried_on, hearing
from assistant.conversation.overlapping import changed, outlived, overlapping, resumed, tired
from assistant.conversation.returning import returned
from assistant.conversation.ringing import rang, tell
from assistant.conversation.speaking import goes_on, speaking, stop
from assistant.conversation.state import AWAY, Decision, Elsewhere, Phase, Rules, State, answered_in
from assistant.conversation.turns import (
    apologise,
    attend,
    drop,
    give_up,
    in_vain,
    listen,
    new_turn,
    rest,
    rings,
    say,
    sentences,
    tell_missed,
    think,
    trusted,
)
from assistant.events import (
    Acted,
    Asked,
    Cancel,
    ClauseStarted,
    Declined,
    Dismissed,
    DuplexChanged,
    Earcon,
    Event,
    Failed,
    Finish,
    Heard,
    Judged,
    LanguageHeld,
    LeftAlone,
    Partial,
    PowerChanged,
    Rang,
    Remember,
    ReplyBegan,
    ReplyEnded,
    Returned,
    SayRequested,
    SentOut,
    Server,
    ServerChanged,
    Settled,
    Sounded,
    SoundOffered,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Tick,
    Understood,
    WakeDetected,
)


def decide(rules: Rules, state: State, event: Event, now: float) -> Decision:
    """Return the next state and what shall be done, in order."""
    state = replace(state, now=max(now, state.now))
    match event:
        case Started():
            return rest(rules, state)
        case Returned():
            return returned(rules, state, event)
        case WakeDetected(phrase):
            return _wake(rules, state, phrase)
        case Asked(text):
            return think(rules, *new_turn(state, spoken=False), text)
        case SayRequested(text):
            return say(rules, *new_turn(state, spoken=False), text)
        case StopHeard() | StopRequested():
            return stop(rules, state)
        case Dismissed():
            return replace(state, spoken=False, again=False, held=""), ()
        case LanguageHeld(language):
            return replace(state, held=language, language=language), ()
        case Tick():
            due = state.deadline is not None and state.now >= state.deadline
            return _late(rules, state) if due else (state, ())
        case PowerChanged(sparing):
            return replace(state, sparing=sparing), ()
        case DuplexChanged(usable):
            return changed(rules, state, usable)
        case ServerChanged(server):
            return server_changed(rules, state, server)
        case SoundOffered(0, ringing):
            return announce(rules, state, ringing)
        case Rang():
            return rang(rules, state, event)
        case SpeakingEnded(turn, _, heard) if turn < state.turn:
            return _remembered(rules, state, turn, heard)
        case _ if event.turn != state.turn and not _carried(state, event):
            return state, ()
        case Failed():
            return _failed(rules, state, event)
        case (
            SpeechStarted() | SpeechEnded() | Partial() | Settled() | Judged() | Sounded() | Heard()
        ):
            return _sound(rules, state, event)
        case SpeakingEnded(_, take) if state.over and take == state.take and goes_on(rules, state):
            return outlived(rules, state, state.over, event)
        case ClauseStarted() | SpeakingEnded():
            return speaking(rules, state, event)
        case Acted():
            return replace(state, acted=True), ()
        case SentOut(_, take) if take == state.take and not state.answering:
            tones = (Earcon("out"),) if rules.earcon and rules.out_earcon else ()
            return replace(state, out=True), tones
        case LeftAlone(_, take) if take == state.take:
            return state, (Earcon("offline"),) if rules.earcon and rules.out_earcon else ()
        case ReplyBegan(_, take) if take == state.take:
            return worded(rules, state), ()
        case SentOut() | LeftAlone() | ReplyBegan() | ReplyEnded():
            return state, ()
        case Understood() | SoundOffered() | Declined():
            return answered(rules, state, event) if state.elsewhere in AWAY else (state, ())


def _sound(
    rules: Rules,
    state: State,
    event: SpeechStarted | SpeechEnded | Partial | Settled | Judged | Sounded | Heard,
) -> Decision:
    """Something was heard: while it listens, or over what it does."""
    if state.phase is Phase.LISTENING:
        return resumed(rules, *hearing(rules, state, event))
    if state.phase is Phase.ASLEEP or isinstance(event, Judged | Sounded | Heard):
        return state, ()
    return overlapping(rules, state, event)


def _carried(state: State, event: Event) -> bool:
    """Whether the ears said this of the utterance before they knew that it has its own turn."""
    if not isinstance(event, SpeechStarted | SpeechEnded | Partial | Settled):
        return False
    return state.carried > 0 and event.turn == state.carried


def _remembered(rules: Rules, state: State, turn: int, heard: str) -> Decision:
    """It is known now what was heard of a reply that was cut off."""
    told = (Remember(turn, heard),) if heard and turn not in state.joined else ()
    if turn != state.carried or not state.unheard:
        return state, told
    state = replace(state, unheard=False)
    if state.phase is not Phase.LISTENING:
        return state, told
    state, begun = carried_on(rules, state)
    return state, (*told, *begun)


def _wake(rules: Rules, state: State, phrase: str) -> Decision:
    if state.ringing or (state.server is Server.PAUSED and state.phase is not Phase.ASLEEP):
        return stop(rules, state)
    if state.server is Server.PAUSED:
        return state, (Earcon("sleep"),) if rules.earcon else ()
    slept = state.phase is Phase.ASLEEP
    state, commands = new_turn(state, spoken=True, woken=True)
    if state.missed:
        return say(rules, *tell_missed(replace(state, again=True), commands))
    if state.server is Server.READY:
        state, sent = send(state, phrase)
        commands = (*commands, *sent)
    elif slept and (greeting := _greeting(rules, state)):
        return say(rules, replace(state, again=True), commands, greeting)
    return listen(rules, state, commands, wait=rules.no_speech, tone=True)


def _greeting(rules: Rules, state: State) -> str:
    greetings = dict(zip(rules.languages, rules.greetings, strict=False))
    return greetings.get(answered_in(rules, state), "")


def _late(rules: Rules, state: State) -> Decision:
    """The deadline of the phase has passed."""
    if state.over:
        return tired(rules, state, state.over)
    if state.phase is Phase.LISTENING:
        if state.began is None:
            return give_up(rules, state)
        if not state.finishing:
            wait = state.now + rules.final_patience
            endless = state.ended is None
            state = replace(
                state, finishing=True, endless=endless, decided=state.now, deadline=wait
            )
            return state, (Finish(state.turn),)
        if state.elsewhere in AWAY:  # the server may have heard it all the same
            return await_server(rules, state, state.words)
        return apologise(rules, state, sentences(rules, state).failed)
    if state.phase is Phase.THINKING and state.elsewhere is Elsewhere.SENT:
        return declined(rules, state, quiet=False)
    if state.phase is Phase.THINKING and state.filler_at is not None:
        return _fill(rules, state)
    if state.phase is Phase.THINKING:
        return apologise(rules, state, sentences(rules, state).slow)
    if state.phase is Phase.SPEAKING and state.tolls:
        return tell(rules, state)
    if state.phase is Phase.SPEAKING:  # the loudspeaker is gone: there is no use in saying so
        return rest(rules, in_vain(state), (Cancel(state.turn),))
    return replace(state, deadline=None), ()


def _fill(rules: Rules, state: State) -> Decision:
    """Say a few words; from the first of them on its own voice is in the microphone."""
    heard = trusted(state)
    state, commands = fill(rules, state)
    return state, (attend(state), *commands) if heard and not trusted(state) else commands


def _failed(rules: Rules, state: State, event: Failed) -> Decision:
    if state.phase is Phase.ASLEEP or (event.take and event.take != state.take):
        return state, ()
    if state.answering and event.take:  # nobody has heard of it; the question is asked again
        return drop(rules, state, f"{event.room} failed")
    if event.room == "ears" and state.phase is not Phase.LISTENING:
        return state, ()  # only a stop word went unheard; the reply goes on
    if event.room in ("ears", "mind") and state.elsewhere in AWAY:
        return state, ()  # the server hears and thinks
    if event.room == "microphone":
        return _deaf(rules, state)
    if event.room in ("mouth", "loudspeaker"):
        mute = event.room == "loudspeaker" or state.sorry or rings(state)
        state = in_vain(state)
        if mute:
            return rest(rules, state, (Cancel(state.turn),))
    return apologise(rules, state, sentences(rules, state).failed)


def _deaf(rules: Rules, state: State) -> Decision:
    """The microphone is away for a moment or for long: who was speaking is told so.

    An answer goes on without it, and who has said nothing yet may still do so in time.
    """
    if state.phase is not Phase.LISTENING or state.began is None:
        return state, ()
    fresh, dead = new_turn(state, spoken=True)
    return say(rules, fresh, dead, sentences(rules, state).deaf)
