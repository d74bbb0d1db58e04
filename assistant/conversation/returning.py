"""When the process before this one was cut off in the middle of a turn."""

from dataclasses import replace

from assistant.conversation.state import Decision, Phase, Rules, State
from assistant.conversation.turns import idle, new_turn, say, sentences
from assistant.events import Earcon, Returned


def returned(rules: Rules, state: State, event: Returned) -> Decision:
    """Say so, and listen once more to whoever had spoken: nobody knows what was asked."""
    if state.phase is not Phase.ASLEEP and not idle(state):
        return state, ()
    fresh, dead = new_turn(state, spoken=event.spoken)
    if event.language in rules.languages:
        fresh = replace(fresh, language=event.language)
    tones = (Earcon("error"),) if rules.earcon else ()
    fresh = replace(fresh, again=event.spoken)
    return say(rules, fresh, (*dead, *tones), sentences(rules, fresh).away)
