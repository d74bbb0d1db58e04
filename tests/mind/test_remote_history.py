"""How much of the conversation goes along, so that a server finds again what it has read."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.remote.hybrid import _first


@given(st.integers(0, 200), st.integers(0, 20))
def test_never_more_exchanges_than_are_allowed_and_at_least_half_of_them(there, most):
    kept = there - _first(there, most)
    assert min(there, (most + 1) // 2) <= kept <= most


@given(st.integers(2, 20))
def test_the_beginning_changes_only_in_steps(most):
    firsts = [_first(there, most) for there in range(100)]
    changes = sum(a != b for a, b in itertools.pairwise(firsts))
    assert changes <= 100 / (most // 2) + 1
