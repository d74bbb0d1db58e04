import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.playback import Player

RATE = 1000


class Listening:
    """A player with what it reported and what came out."""

    def __init__(self):
        self.clauses, self.ends, self.out = [], [], []
        self.player = Player(
            RATE, lambda *a: self.clauses.append(a), lambda *a: self.ends.append(a)
        )
        self.now = 0.0

    def pull(self, samples=100):
        out = np.full(samples, 7, np.int16)
        self.player.fill(out, self.now)
        self.now += samples / RATE
        self.out.append(out)
        return out

    def clause(self, turn, text, samples, words=()):
        self.player.begin(turn, text)
        self.player.add(turn, np.full(samples, 1000, np.int16), words)
        self.player.complete(turn)


def test_without_anything_to_play_it_is_silent():
    assert not Listening().pull().any()


def test_clauses_follow_without_a_gap_and_the_end_is_reported_once():
    it = Listening()
    it.clause(1, "One, ", 130)
    it.clause(1, "two.", 50)
    it.player.end(1)
    sound = np.concatenate([it.pull() for _ in range(4)])
    assert np.flatnonzero(sound).tolist() == list(range(180))
    assert it.clauses == [(1, "One, ", 0.0), (1, "two.", 0.13)]
    assert it.ends == [(1, "One, two.", 0.18)]


def test_a_slow_synthesiser_leaves_silence_but_not_the_turn():
    it = Listening()
    it.clause(1, "One, ", 50)
    it.pull()
    it.pull()
    assert not it.ends
    it.clause(1, "two.", 50)
    it.player.end(1)
    it.pull()
    assert it.ends[0][1] == "One, two."


def test_stop_is_silent_within_the_buffer_and_tells_what_was_heard():
    it = Listening()
    it.clause(1, "one two three four", 1000, ((4, 250), (8, 500), (14, 750)))
    it.player.end(1)
    for _ in range(6):
        it.pull()
    it.player.stop(1)
    assert not it.pull()[10:].any()
    assert it.ends[0][:2] == (1, "one two ")
    assert not it.pull().any()


def test_without_word_marks_half_a_word_does_not_count_as_heard():
    it = Listening()
    it.clause(1, "elephants dance", 1000)
    for _ in range(8):
        it.pull()
    it.player.stop(1)
    it.pull()
    assert it.ends[0][1] == "elephants "


def test_sound_of_a_dead_turn_is_never_heard():
    it = Listening()
    it.clause(2, "new", 50)
    it.player.begin(1, "old")
    it.player.add(1, np.full(50, 9999, np.int16))
    it.player.end(2)
    assert it.pull().max() == 1000


def test_a_reply_without_sound_ends_at_once():
    it = Listening()
    it.player.end(3)
    it.pull()
    assert it.ends == [(3, "", 0.0)]


def test_a_tone_sounds_over_speech_without_wrapping_round():
    it = Listening()
    it.player.begin(1, "x")
    it.player.add(1, np.full(100, 30000, np.int16))
    it.player.tone(np.full(50, 30000, np.int16))
    sound = it.pull()
    assert sound[:50].min() == 32767
    assert sound[50:].max() == 30000


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=9), st.integers(0, 300)), max_size=6),
    st.lists(st.integers(1, 200), min_size=1, max_size=40),
    st.integers(0, 40),
)
def test_what_was_heard_is_a_beginning_of_the_reply(clauses, pulls, stop_at):
    it = Listening()
    for text, samples in clauses:
        it.clause(5, text, samples)
    it.player.end(5)
    for number, samples in enumerate(pulls):
        if number == stop_at:
            it.player.stop(5)
        it.pull(samples)
    assert len(it.ends) <= 1
    for _, heard, _ in it.ends:
        assert "".join(text for text, _ in clauses).startswith(heard)
