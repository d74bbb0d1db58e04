"""A server that answers for this device: the question goes to it while the own ears listen."""

from dataclasses import replace

from assistant.conversation.state import AWAY, Decision, Elsewhere, Phase, Rules, State
from assistant.conversation.turns import (
    answering,
    apologise,
    attend,
    idle,
    new_turn,
    rest,
    sentences,
    think,
)
from assistant.events import (
    Cancel,
    Command,
    Declined,
    Earcon,
    Play,
    Recall,
    Send,
    Server,
    SoundOffered,
    Understood,
)
from assistant.wording import said


def server_changed(rules: Rules, state: State, server: Server) -> Decision:
    """The server came, went, or wants silence; only then one that always listens does not."""
    turned = state.server is not server and Server.PAUSED in (state.server, server)
    state = replace(state, server=server)
    if rules.always and turned and (state.phase is Phase.ASLEEP or idle(state)):
        return rest(rules, state, (Cancel(state.turn),))
    return state, ()


def send(state: State, phrase: str) -> Decision:
    """Let the server hear what is said in this turn."""
    state = replace(state, elsewhere=Elsewhere.SENT, out=True)
    return state, (Send(state.turn, phrase),)


def recall(state: State) -> Decision:
    """Take the turn back from the server, if it has it."""
    if state.elsewhere not in AWAY:
        return state, ()
    return replace(state, elsewhere=Elsewhere.DECLINED), (Recall(state.turn),)


def await_server(rules: Rules, state: State, words: str) -> Decision:
    """The question is over; a sign of the server is waited for."""
    state = answering(rules, state, Phase.THINKING, state.take + 1)
    tones = (Earcon("done"),) if rules.earcon else ()
    return _hope(rules, state, words), (*tones, attend(state))


def _hope(rules: Rules, state: State, words: str) -> State:
    return replace(state, words=words, deadline=state.now + rules.server_patience)


def answered(rules: Rules, state: State, event: Understood | SoundOffered | Declined) -> Decision:
    """The server says what becomes of the question."""
    match event:
        case Declined(_, quiet):
            return declined(rules, state, quiet)
        case SoundOffered() if state.phase in (Phase.LISTENING, Phase.THINKING):
            return _play(rules, state, ())
        case Understood(_, text) if words := said(text):
            state = replace(state, elsewhere=Elsewhere.HEEDED)
            if state.phase is Phase.LISTENING:  # it was sure of the end sooner
                return await_server(rules, state, words)
            return (_hope(rules, state, words) if state.phase is Phase.THINKING else state), ()
        case Understood() if state.phase is Phase.THINKING:
            return _hope(rules, state, state.words), ()
    return state, ()


def announce(rules: Rules, state: State, ringing: bool) -> Decision:
    """There is something to be heard that nobody asked for; no talk is interrupted by it."""
    if state.phase is not Phase.ASLEEP and not idle(state):
        return state, ()
    state, dead = new_turn(state, spoken=False)
    return _play(rules, replace(state, ringing=ringing), dead)


def _play(rules: Rules, state: State, commands: tuple[Command, ...]) -> Decision:
    state = answering(rules, state, Phase.SPEAKING, state.take + 1)
    state = replace(state, deadline=state.now + rules.patience + rules.clause)
    return state, (*commands, attend(state), Play(state.turn, state.take))


def declined(rules: Rules, state: State, quiet: bool) -> Decision:
    """The server does not answer: the device does, from where it stands."""
    state, recalled = recall(state)
    if quiet:
        return rest(rules, state, (Cancel(state.turn),))
    if state.phase is Phase.LISTENING:  # the own ears hear it out
        return state, recalled
    if state.phase is Phase.THINKING and state.words:
        tones = (Earcon("offline"),) if rules.earcon else ()
        return think(rules, state, (*recalled, *tones), state.words)
    return apologise(rules, state, sentences(rules, state).failed)
