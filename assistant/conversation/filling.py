"""A few words while the answer is slow, so that nobody thinks they were not heard.

At most once in a turn, and never when a word of the answer has come: it is about to sound.
"""

from dataclasses import replace

from assistant.conversation.state import AWAY, Decision, Phase, Rules, State, answered_in
from assistant.events import Fill

FILLERS = {
    "en": ("One moment.", "Let me think.", "Just a second."),
    "zh": ("稍等。", "我想想。", "等一下啊。"),
}
"""What is said, one turn after the other; a persona may bring its own."""


def waiting(rules: Rules, state: State) -> State:
    """Return the state that waits for the answer to the take that was asked for just now."""
    end = state.now + rules.patience
    at = state.now + rules.filler_after
    fills = (
        state.phase is Phase.THINKING
        and rules.filler_after > 0
        and at < end
        and not state.filled
        and state.worded != state.take
        and state.elsewhere not in AWAY
        and _fillers(rules, state)
    )
    return replace(state, filler_at=at, deadline=at) if fills else replace(state, deadline=end)


def fill(rules: Rules, state: State) -> Decision:
    """The answer is slow: say so."""
    fillers = _fillers(rules, state)
    text = fillers[state.turn % len(fillers)]
    sounding = f"{state.sounding} {text}"  # its echo is nobody's speech
    state = _go_on(rules, replace(state, filled=True, sounding=sounding))
    return state, (Fill(state.turn, state.take, text),)


def worded(rules: Rules, state: State) -> State:
    """The first word of the take has come: nothing needs to be said before it."""
    return _go_on(rules, replace(state, worded=state.take))


def _go_on(rules: Rules, state: State) -> State:
    """Wait for the answer without a filler."""
    if state.filler_at is None:
        return state
    end = state.filler_at - rules.filler_after + rules.patience
    return replace(state, filler_at=None, deadline=state.deadline if state.over else end)


def _fillers(rules: Rules, state: State) -> tuple[str, ...]:
    known = dict(zip(rules.languages, rules.fillers, strict=False))
    return known.get(answered_in(rules, state), ())
