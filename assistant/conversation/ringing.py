"""What rings until somebody stops it."""

from dataclasses import replace

from assistant.conversation.state import Decision, Phase, Rules, State
from assistant.conversation.turns import idle, in_vain, new_turn, rest, ring, toll
from assistant.events import Cancel, Rang, Say


def rang(rules: Rules, state: State, event: Rang) -> Decision:
    """Something is due; no talk is interrupted by it."""
    if event.missed:
        return replace(state, missed=(*state.missed, event.text)), ()
    state = replace(state, due=(*state.due, event.text))
    if state.phase is not Phase.ASLEEP and not idle(state):
        return state, ()
    return ring(rules, *new_turn(state, spoken=False))


def tell(rules: Rules, state: State) -> Decision:
    """Say what is due, between the tones."""
    alive = state.now + rules.patience + rules.clause
    state = replace(state, tolls=False, take=state.take + 1, deadline=alive)
    return state, (Say(state.turn, state.take, " ".join(state.due)),)


def told(rules: Rules, state: State) -> Decision:
    """The sentence was said; nobody has stopped it yet."""
    if state.rings_until is not None and state.now < state.rings_until:
        return toll(state)
    return rest(rules, in_vain(state), (Cancel(state.turn),))
