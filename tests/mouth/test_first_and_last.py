"""A stop at the very first sample and at the very last one, and replies of one word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Key
from assistant.mouth.playback import Player

RATE = 1000
KEY = Key(1, 1)
WORD = "Yes."
LENGTH = 300


class Saying:
    """A player that says one word."""

    def __init__(self):
        self.clauses, self.ends = [], []
        self.player = Player(
            RATE,
            lambda key, text, at: self.clauses.append((key.turn, text)),
            lambda key, heard, at: self.ends.append((key.turn, heard)),
        )

    def say(self, key=KEY, level=1000):
        self.player.begin(key, WORD)
        self.player.add(key, np.full(LENGTH, level, np.int16), ((0, 0),))
        self.player.complete(key)
        self.player.end(key)

    def pull(self, samples):
        out = np.full(samples, 7, np.int16)
        self.player.fill(out, 0.0)
        return out


@pytest.mark.parametrize("begun", [False, True])
def test_a_stop_before_the_first_sample_is_silence_and_one_end(begun):
    it = Saying()
    if begun:
        it.say()
        it.player.stop(KEY)
    else:  # before the voice has made anything
        it.player.stop(KEY)
        it.say()
    sound = np.concatenate([it.pull(100) for _ in range(6)])
    assert np.abs(sound).max() <= 1000
    assert not sound[100:].any()
    assert it.ends == ([(1, "")] if begun else [])


def test_a_stop_at_the_last_sample_changes_nothing_and_silences_nobody_else():
    it = Saying()
    it.say()
    assert np.count_nonzero(it.pull(LENGTH)) == LENGTH
    it.player.stop(KEY)
    it.say(Key(2, 1), level=2000)
    assert np.count_nonzero(np.concatenate([it.pull(100) for _ in range(6)]) == 2000) == LENGTH
    assert it.ends == [(1, WORD), (2, WORD)]


@given(
    st.integers(0, LENGTH + 2),
    st.integers(1, 120),
    st.lists(st.sampled_from(["duck", "pause", "go_on", "stop"]), min_size=1, max_size=6),
)
def test_a_word_ends_once_whatever_happens_at_whatever_sample(before, buffer, steps):
    it = Saying()
    it.say()
    if before:
        it.pull(before)
    for step in steps:
        getattr(it.player, step)(KEY)
        it.pull(buffer)
    it.player.go_on(KEY)
    rest = np.concatenate([it.pull(100) for _ in range(8)])
    assert not rest[-100:].any()
    ((turn, heard),) = it.ends
    assert turn == 1
    assert heard in ("", WORD)
    if "stop" not in steps:
        assert heard == WORD
    it.say(Key(2, 1))
    assert np.count_nonzero(np.concatenate([it.pull(100) for _ in range(6)])) >= LENGTH - 1
    assert it.ends[-1] == (2, WORD)
