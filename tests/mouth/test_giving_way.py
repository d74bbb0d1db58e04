"""The player while somebody speaks over the reply: softer, silent, and up again without a loss."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Key
from assistant.mouth.gain import RAMP_S
from assistant.mouth.playback import Player

RATE = 1000
RAMP = int(RAMP_S * RATE)
KEY = Key(1, 1)
TEXT = "one two three"
WORDS = ((0, 0), (4, 300), (8, 600))
"""Each word is 300 samples long, and louder than the one before: 1000, 2000, 3000."""


class Saying:
    """A player that says the three words."""

    def __init__(self, words=WORDS, key=KEY):
        self.clauses, self.ends = [], []
        self.player = Player(
            RATE,
            lambda key, text, at: self.clauses.append(text),
            lambda key, heard, at: self.ends.append((key.turn, heard)),
            duck_db=20.0,
        )
        self.say(words, key)

    def say(self, words=WORDS, key=KEY):
        self.player.begin(key, TEXT)
        self.player.add(key, np.repeat([1000, 2000, 3000], 300).astype(np.int16), words)
        self.player.complete(key)
        self.player.end(key)

    def pull(self, samples=100):
        out = np.full(samples, 7, np.int16)
        self.player.fill(out, 0.0)
        return out

    def rest(self):
        """All that is still to be heard."""
        return np.concatenate([self.pull() for _ in range(15)])


def words(sound):
    """Return how long each word sounded, at full loudness."""
    return [int(np.count_nonzero(sound == level)) for level in (1000, 2000, 3000)]


def test_a_ducked_reply_is_softer_at_once_and_leaves_nothing_out():
    it = Saying()
    it.pull()
    it.player.duck(KEY)
    soft = it.pull(200)
    assert (np.diff(soft[:RAMP]) < 0).all()
    assert (soft[RAMP:] == 100).all()
    it.player.go_on(KEY)
    sound = it.rest()
    assert words(sound) == [0, 300 - RAMP + 1, 300]
    assert it.ends == [(1, TEXT)]


def test_a_reply_that_waits_is_silent_and_goes_on_from_the_word_that_it_was_in():
    it = Saying()
    it.pull(400)
    it.player.pause(KEY)
    sound = it.pull(200)
    assert (np.diff(sound[:RAMP]) < 0).all()
    assert not sound[RAMP:].any()
    assert not it.pull(5000).any()
    assert not it.ends
    it.player.go_on(KEY)
    assert words(it.rest())[1:] == [300 - RAMP + 1, 300]
    assert it.clauses == [TEXT]
    assert it.ends == [(1, TEXT)]


def test_without_marks_it_goes_back_by_a_syllable():
    it = Saying(words=())
    it.pull(500)
    it.player.pause(KEY)
    it.pull()
    it.player.go_on(KEY)
    assert words(it.rest())[1:] == [280 - RAMP + 1, 300]  # from 500 + 20 - 200 on


def test_a_word_that_began_long_ago_is_not_said_again():
    it = Saying(words=((0, 0),))
    it.pull(700)
    it.player.pause(KEY)
    it.pull()
    it.player.go_on(KEY)
    assert words(it.rest()) == [0, 0, 200 - 2 * RAMP + 1]


def test_what_was_heard_of_a_reply_that_waited_and_was_stopped():
    it = Saying()
    it.pull(650)
    it.player.pause(KEY)
    it.pull()
    it.player.go_on(KEY)
    it.player.stop(KEY)
    it.pull()
    assert it.ends == [(1, "one two ")]
    assert not it.rest().any()


def test_a_reply_may_be_told_to_wait_before_it_begins():
    it = Saying(key=Key(2, 1))
    it.player.pause(Key(2, 9))
    assert not it.rest().any()
    assert not it.clauses
    it.player.go_on(Key(2, 9))
    assert words(it.rest()) == [300 - RAMP + 1, 300, 300]


def test_the_next_reply_does_not_give_way_to_what_is_over():
    it = Saying()
    it.pull()
    it.player.pause(KEY)
    it.pull()
    it.player.stop(KEY)
    it.pull()
    it.say(key=Key(2, 1))
    assert words(it.rest()) == [300, 300, 300]
    it.player.duck(Key(2, 1))  # too late
    it.say(key=Key(3, 1))
    assert words(it.rest()) == [300, 300, 300]
    assert it.ends == [(1, ""), (2, TEXT), (3, TEXT)]


steps = st.lists(
    st.tuples(st.sampled_from(["duck", "pause", "go_on"]), st.integers(1, 250)), max_size=12
)


@given(steps, st.booleans())
def test_whatever_sounds_over_it_no_word_is_lost(steps, marked):
    it = Saying(words=WORDS if marked else ())
    sound = []
    for step, samples in steps:
        getattr(it.player, step)(KEY)
        sound.append(it.pull(samples))
    it.player.go_on(KEY)
    sound = np.concatenate([*sound, it.rest(), it.rest()])
    assert it.ends == [(1, TEXT)]
    assert np.count_nonzero(sound) >= 900 - 2 * len(steps)  # the last of a ramp may round to 0
    assert np.abs(np.diff(sound.astype(int))).max() <= 3000


@given(steps, st.integers(0, 12))
def test_a_stop_at_any_time_is_silence_and_an_end(steps, at):
    it = Saying()
    for number, (step, samples) in enumerate(steps):
        if number == at:
            it.player.stop(KEY)
        getattr(it.player, step)(KEY)
        it.pull(samples)
    it.player.stop(KEY)
    it.pull()
    assert not it.rest().any()
    assert len(it.ends) == 1
    assert TEXT.startswith(it.ends[0][1])
