"""While it thinks and speaks, and what comes after."""

from dataclasses import replace

from assistant.conversation.asking import asks
from assistant.conversation.ringing import told
from assistant.conversation.state import Decision, Phase, Rules, State
from assistant.conversation.turns import (
    attend,
    fresh_state,
    give_up,
    listen,
    new_turn,
    rest,
    ring,
    rings,
    say,
    sentences,
    tell_missed,
    think,
    trusted,
)
from assistant.events import ClauseStarted, Remember, Server, SpeakingEnded

SOUNDING = 300
"""Letters of the reply that an echo may consist of: what is sounding and some clauses before."""


def goes_on(rules: Rules, state: State) -> bool:
    """Whether somebody will be listened to after this turn, so that whoever speaks now is, too."""
    if state.then or state.due or state.ringing or state.server is Server.PAUSED:
        return False
    return rules.always or state.again or (state.spoken and rules.follow_up > 0)


def speaking(rules: Rules, state: State, event: ClauseStarted | SpeakingEnded) -> Decision:
    """Return what follows from a clause that begins to sound, or from the end of them."""
    if state.phase not in (Phase.THINKING, Phase.SPEAKING) or event.take != state.take:
        return state, ()
    if rings(state) and (state.tolls or isinstance(event, SpeakingEnded)):
        return (state, ()) if state.tolls else told(rules, state)
    if state.then and isinstance(event, SpeakingEnded):
        return think(rules, replace(state, then=""), (), state.then)
    if isinstance(event, ClauseStarted):
        alive = state.deadline if state.over else state.now + rules.patience + rules.clause
        sounding = f"{state.sounding} {event.text}"[-SOUNDING:]
        heard = trusted(state)
        state = replace(state, phase=Phase.SPEAKING, deadline=alive, sounding=sounding)
        return state, (attend(state),) if heard and not trusted(state) else ()
    if state.phase is Phase.THINKING and not event.heard:
        fresh, dead = new_turn(state, spoken=state.spoken)
        return say(rules, fresh, dead, sentences(rules, state).empty)
    return _next(rules, state, event.heard)


def _next(rules: Rules, state: State, heard: str) -> Decision:
    """A turn has ended well: ring, listen on, or rest."""
    commands = (Remember(state.turn, heard),) if heard else ()
    state = replace(state, sounding=state.sounding or heard)
    if state.due:
        return ring(rules, fresh_state(state), commands)
    if state.again:
        fresh = fresh_state(state, spoken=True, woken=True, again=True)
        return listen(rules, fresh, commands, wait=rules.no_speech, tone=True)
    if rules.always and state.spoken and not state.tells and state.server is not Server.PAUSED:
        fresh = fresh_state(state, spoken=True)
        if fresh.missed:  # nobody wakes it, and whoever has just been answered is there
            return say(rules, *tell_missed(fresh, commands))
    if state.spoken and rules.follow_up > 0 and state.server is not Server.PAUSED:
        wait = rules.follow_up
        if asks(heard):
            wait = max(wait, rules.question_follow_up)
        fresh = replace(fresh_state(state, spoken=True), reply=heard, level=state.level)
        return listen(rules, fresh, commands, wait=wait)
    return rest(rules, state, commands)


def stop(rules: Rules, state: State) -> Decision:
    """Silence whatever sounds or rings, and rest."""
    if state.phase is Phase.ASLEEP:
        return state, ()
    if rings(state):
        state = replace(state, due=(), rings_until=None)
    return give_up(rules, state, "cancel")
