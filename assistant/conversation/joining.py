"""One who goes on right after the turn was taken for over: both halves are one turn.

People pause to think, and no silence tells that for certain. Whoever speaks again within
`Rules.grace` of the decision takes it back: the answer that was begun is dropped, the question is
the first half and the second one, and the history holds one turn. Not once something was done for
the first half, for that cannot be taken back and would be done twice.
"""

from dataclasses import replace

from assistant.conversation.state import Over, Phase, Rules, State
from assistant.wording import said

KEPT = 8
"""Turns of which it is known that they are part of a later one; their mouths report soon."""


def joins(rules: Rules, state: State, over: Over) -> bool:
    """Whether what is said now goes on with the question that is being answered."""
    return (
        state.phase in (Phase.THINKING, Phase.SPEAKING)
        and rules.grace > 0
        and bool(state.words)
        and state.decided is not None
        and over.began - state.decided <= rules.grace
        and not state.acted
        and not state.endless
    )


def joined(before: State, state: State) -> State:
    """Return the new turn `state` with the question of `before` in front of its words."""
    return replace(
        state,
        first=before.words,
        words=joint(before.words, state.words),
        joined=(*before.joined, before.turn)[-KEPT:],
        woken=before.woken,
        level=before.level,
        unheard=False,
    )


def joint(first: str, second: str) -> str:
    """Return both halves as one text, by `said`."""
    return said(f"{first} {second}")
