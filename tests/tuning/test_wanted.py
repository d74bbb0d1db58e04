"""The list of wanted tokens."""

import itertools

import numpy as np
import tiny
from hypothesis import given
from hypothesis import strategies as st

from assistant.tuning.vocab import Vocabulary
from assistant.tuning.wanted import Wanted

WHOLE = Vocabulary(*tiny.vocabulary())
NORMAL = len(WHOLE.tokens) - len(tiny.CONTROL) - tiny.PADS


def some(seed: int, spread: float) -> list[float]:
    """Return counts of which some are zero and a few very large."""
    chance = np.random.default_rng(seed)
    found = np.exp(chance.normal(0, spread, len(WHOLE.tokens)))
    found[chance.random(len(found)) < 0.2] = 0
    found[0] = max(found[0], 1)
    return [float(count) for count in found]


counts = st.builds(some, st.integers(0, 2**32), st.sampled_from([0.0, 1.0, 5.0, 30.0]))


@given(counts)
def test_the_list_survives_packing(found: list[float]) -> None:
    wanted = Wanted.of(WHOLE, found)
    assert Wanted.unpack(wanted.packed()) == wanted
    assert wanted.fingerprint == WHOLE.fingerprint


@given(counts)
def test_a_token_that_is_clearly_more_frequent_comes_first(found: list[float]) -> None:
    order = Wanted.of(WHOLE, found).order(WHOLE)
    assert sorted(order) == [number for number in range(NORMAL) if found[number] > 0]
    most = max(found[:NORMAL])
    for earlier, later in itertools.pairwise(order):
        # Those that are hardly ever seen share the last level.
        assert found[earlier] > found[later] / 2 or found[later] < most * 2**-120


def test_lists_differ_in_their_digest() -> None:
    flat = [1.0] * len(WHOLE.tokens)
    other = [2.0, *flat[1:]]
    assert Wanted.of(WHOLE, flat).digest == Wanted.of(WHOLE, flat).digest
    assert Wanted.of(WHOLE, flat).digest != Wanted.of(WHOLE, other).digest
