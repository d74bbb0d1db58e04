from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Key
from assistant.mouth import playback
from assistant.mouth.gain import RAMP_S
from assistant.mouth.lips import AHEAD_STEPS, MARGIN_S, step_samples
from assistant.mouth.playback import FADE_S, Player

RATE = 1000
FADE = int(FADE_S * RATE)


class Listening:
    """A player with what it reported and what came out."""

    def __init__(self, volume=1.0):
        self.clauses, self.ends, self.out = [], [], []
        self.player = Player(
            RATE,
            lambda key, *rest: self.clauses.append((key.turn, *rest)),
            lambda key, *rest: self.ends.append((key.turn, *rest)),
            volume,
        )
        self.now = 0.0

    def pull(self, samples=100):
        out = np.full(samples, 7, np.int16)
        self.player.fill(out, self.now)
        self.now += samples / RATE
        self.out.append(out)
        return out

    def clause(self, turn, text, samples, words=(), level=1000):
        self.player.begin(Key(turn, 1), text)
        self.player.add(Key(turn, 1), np.full(samples, level, np.int16), words)
        self.player.complete(Key(turn, 1))


def test_without_anything_to_play_it_is_silent():
    assert not Listening().pull().any()


def test_clauses_follow_without_a_gap_and_the_end_is_reported_once():
    it = Listening()
    it.clause(1, "One, ", 130)
    it.clause(1, "two.", 50)
    it.player.end(Key(1, 1))
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
    it.player.end(Key(1, 1))
    it.pull()
    assert it.ends[0][1] == "One, two."


def test_stop_is_silent_within_the_buffer_and_tells_what_was_heard():
    it = Listening()
    it.clause(1, "one two three four", 1000, ((4, 250), (8, 500), (14, 750)))
    it.player.end(Key(1, 1))
    for _ in range(6):
        it.pull()
    it.player.stop(Key(1, 1))
    assert not it.pull()[10:].any()
    assert it.ends[0][:2] == (1, "one two ")
    assert not it.pull().any()


def test_without_word_marks_half_a_word_does_not_count_as_heard():
    it = Listening()
    it.clause(1, "elephants dance", 1000)
    for _ in range(8):
        it.pull()
    it.player.stop(Key(1, 1))
    it.pull()
    assert it.ends[0][1] == "elephants "


def test_sound_of_a_dead_turn_is_never_heard():
    it = Listening()
    it.clause(2, "new", 50)
    it.player.begin(Key(1, 1), "old")
    it.player.add(Key(1, 1), np.full(50, 9999, np.int16))
    it.player.end(Key(2, 1))
    assert it.pull().max() == 1000


def test_a_reply_without_sound_ends_at_once():
    it = Listening()
    it.player.end(Key(3, 1))
    it.pull()
    assert it.ends == [(3, "", 0.0)]


def test_a_tone_sounds_over_speech_without_wrapping_round():
    it = Listening()
    it.player.begin(Key(1, 1), "x")
    it.player.add(Key(1, 1), np.full(100, 30000, np.int16))
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
    it.player.end(Key(5, 1))
    for number, samples in enumerate(pulls):
        if number == stop_at:
            it.player.stop(Key(5, 1))
        it.pull(samples)
    assert len(it.ends) <= 1
    for _, heard, _ in it.ends:
        assert "".join(text for text, _ in clauses).startswith(heard)


# --- stopping ----------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1, 3, FADE, 20, 1000])
def test_a_stop_fades_out_and_is_silent_within_the_buffer_however_long(samples):
    it = Listening()
    it.clause(1, "one two three", 5000)
    it.pull()
    it.player.stop(Key(1, 1))
    out = it.pull(samples).astype(int)
    count = min(samples, FADE)
    assert out[0] == 1000
    assert (np.diff(out[:count]) < 0).all()
    assert not out[FADE:].any()
    assert not it.pull().any()
    assert [(turn, round(at, 6)) for turn, _, at in it.ends] == [(1, round(0.1 + count / RATE, 6))]


def test_what_was_not_audible_after_the_fade_was_not_heard():
    it = Listening()
    it.clause(1, "one two three", 1000, ((0, 0), (4, 110), (8, 150)))
    it.pull(100)
    it.player.stop(Key(1, 1))
    it.pull(1000)
    assert it.ends[0][1] == ""
    it.clause(2, "one ", 100)
    it.clause(2, "two", 100)
    it.pull(100 - FADE)
    it.player.stop(Key(2, 1))
    it.pull(1000)
    assert it.ends[1][1] == "one "
    assert [text for _, text, _ in it.clauses] == ["one two three", "one "]


def test_after_a_stop_nothing_more_of_the_turn_is_taken():
    it = Listening()
    it.clause(3, "one ", 500)
    it.pull()
    it.player.stop(Key(3, 1))
    it.clause(3, "two ", 500)
    it.player.end(Key(3, 1))
    it.pull()
    it.clause(3, "three ", 500)
    it.clause(2, "older ", 500)
    it.player.end(Key(3, 1))
    it.player.end(Key(2, 1))
    for _ in range(8):
        assert not it.pull().any()
    assert [(turn, heard) for turn, heard, _ in it.ends] == [(3, "")]


def test_a_stop_of_what_has_not_begun_keeps_it_from_beginning():
    it = Listening()
    it.player.stop(Key(4, 1))
    it.clause(4, "late", 100)
    it.player.end(Key(4, 1))
    assert not it.pull().any()
    assert not it.ends
    it.clause(5, "next", 100)
    assert it.pull().all()


def test_a_stop_of_an_older_turn_does_not_touch_the_newer_one():
    it = Listening()
    it.clause(2, "new", 300)
    it.pull()
    it.player.stop(Key(1, 1))
    assert (it.pull() == 1000).all()


def test_a_stop_between_clauses_ends_the_turn():
    it = Listening()
    it.clause(1, "One, ", 100)
    it.pull()
    it.pull()
    it.player.stop(Key(1, 1))
    it.pull()
    assert [(turn, heard) for turn, heard, _ in it.ends] == [(1, "One, ")]


@pytest.mark.parametrize("stopped", [True, False])
def test_the_next_turn_begins_after_the_last_one_has_ended(stopped):
    it = Listening()
    it.clause(1, "one two three four", 1000, ((4, 50), (8, 500)))
    it.pull()
    if stopped:
        it.player.stop(Key(1, 1))
    it.clause(2, "new", 100, level=500)
    it.player.end(Key(2, 1))
    assert not it.pull()[FADE:].any()
    assert [(turn, heard) for turn, heard, _ in it.ends] == [(1, "one ")]
    assert (it.pull() == 500).all()
    it.pull()
    assert [(turn, heard) for turn, heard, _ in it.ends] == [(1, "one "), (2, "new")]


def test_a_newer_turn_without_sound_ends_the_older_one_too():
    it = Listening()
    it.clause(1, "one two", 1000)
    it.pull()
    it.player.end(Key(2, 1))
    it.pull()
    it.pull()
    assert [(turn, heard) for turn, heard, _ in it.ends] == [(1, ""), (2, "")]


# --- what was heard ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "played", "heard"),
    [
        ("one two three", 400, "one "),
        ("one two three", 500, "one two"),
        ("one two three", 930, "one two "),
        ("it's well-known", 600, "it's well"),
        ("今天天气很好", 495, "今天天"),
        ("用Python写代码", 400, "用"),
        ("用Python写代码", 800, "用Python写"),
        ("x" * 50, 500, ""),
        ("a, b", 495, "a,"),
    ],
)
def test_half_a_word_was_not_heard_and_half_a_chinese_sentence_was(text, played, heard):
    it = Listening()
    it.clause(1, text, 1000)
    it.pull(played)
    it.player.stop(Key(1, 1))
    it.pull()
    assert it.ends[0][1] == heard


def test_clauses_that_cannot_be_said_count_as_heard_with_what_is_around_them():
    it = Listening()
    it.clause(1, "One. ", 50)
    it.clause(1, "😀 ", 0)
    it.clause(1, "Two.", 50)
    it.clause(1, " 😀", 0)
    it.player.end(Key(1, 1))
    it.pull(200)
    assert it.ends == [(1, "One. 😀 Two. 😀", 0.1)]
    assert [text for _, text, _ in it.clauses] == ["One. ", "Two."]


def test_a_clause_that_comes_in_many_blocks_begins_once():
    it = Listening()
    it.player.begin(Key(1, 1), "one two")
    for size in (0, 10, 0, 20, 1):
        it.player.add(Key(1, 1), np.full(size, 1000, np.int16))
    it.player.complete(Key(1, 1))
    it.player.end(Key(1, 1))
    assert np.count_nonzero(it.pull()) == 31
    assert it.clauses == [(1, "one two", 0.0)]
    assert it.ends == [(1, "one two", 0.031)]


# --- volume and tones --------------------------------------------------------------------------


@pytest.mark.parametrize(("volume", "level"), [(1.0, 1000), (0.5, 316), (0.0, 0)])
def test_the_volume_scales_speech_and_not_what_was_heard(volume, level):
    it = Listening(volume)
    it.clause(1, "one two", 50)
    it.clause(1, "three", 50, level=-1000)
    it.player.end(Key(1, 1))
    out = it.pull()
    assert out.tolist() == [level] * 50 + [-level] * 50
    it.pull()
    assert it.ends[0][:2] == (1, "one twothree")


def test_another_volume_is_reached_within_a_buffer_without_a_step():
    it = Listening()
    it.clause(1, "long", 500)
    it.pull()
    it.player.volume = 0.5
    assert it.player.volume == 0.5
    sound = it.pull().astype(int)
    assert sound[-1] == 316
    assert np.abs(np.diff([1000, *sound])).max() <= 684 / (RAMP_S * RATE) + 1
    it.player.volume = 1.0
    assert it.pull()[-1] == 1000


def test_where_the_synthesiser_is_behind_the_sound_fades_and_comes_back():
    it = Listening()
    it.player.begin(Key(1, 1), "one two")
    it.player.add(Key(1, 1), np.full(150, 1000, np.int16))
    it.pull()
    broken = it.pull()[:50]
    assert (broken[: 50 - FADE] == 1000).all()
    assert broken[-1] == 0
    assert not it.pull().any()
    it.player.add(Key(1, 1), np.full(300, 1000, np.int16))
    again = it.pull()
    assert 0 < again[0] < 1000
    assert (again[FADE:] == 1000).all()
    assert (it.pull() == 1000).all()


def test_tones_follow_each_other_over_buffers():
    it = Listening()
    it.player.tone(np.full(150, 100, np.int16))
    it.player.tone(np.full(80, 200, np.int16))
    sound = np.concatenate([it.pull() for _ in range(4)])
    assert np.count_nonzero(sound == 100) == 150
    assert np.count_nonzero(sound == 200) == 80
    assert np.flatnonzero(sound == 200)[0] >= 150
    assert not it.ends


def test_a_tone_is_mixed_with_speech_in_both_directions():
    it = Listening()
    it.clause(1, "x", 100, level=-30000)
    it.player.tone(np.concatenate([np.full(50, -30000), np.full(50, 10000)]).astype(np.int16))
    assert it.pull().tolist() == [-32768] * 50 + [-20000] * 50


def test_an_answer_begins_when_the_tone_before_it_is_over():
    it = Listening()
    it.player.tone(np.full(150, 100, np.int16), before_words=True)
    it.clause(1, "x", 50, level=5000)
    it.player.end(Key(1, 1))
    it.player.tone(np.full(300, 7, np.int16))
    sound = np.concatenate([it.pull() for _ in range(4)])
    assert sound[:150].tolist() == [100] * 150
    assert np.count_nonzero(sound > 4000) == 50
    assert it.ends[0][:2] == (1, "x")


def test_an_answer_that_sounds_goes_on_over_a_tone_before_words():
    it = Listening()
    it.clause(1, "x", 300)
    it.pull()
    it.player.tone(np.full(50, 100, np.int16), before_words=True)
    assert it.pull().tolist() == [1100] * 50 + [1000] * 50


def test_a_tone_sounds_through_a_stop():
    it = Listening()
    it.clause(1, "x", 1000)
    it.player.tone(np.full(300, 100, np.int16))
    it.pull()
    it.player.stop(Key(1, 1))
    assert (it.pull()[FADE:] == 100).all()
    assert (it.pull() == 100).all()


# --- taking back ---------------------------------------------------------------------------------


def test_what_has_begun_is_not_taken_back_and_the_rest_may_come_anew():
    it, told = Listening(), []
    for text in ("one ", "two ", "three "):
        it.clause(1, text, 150)
    it.player.end(Key(1, 1))
    it.pull()
    it.player.take_back(Key(1, 1), lambda: True, told.append)
    for _ in range(3):
        it.pull()
    assert told == [2]
    assert not it.ends  # more may come
    it.clause(1, "two again", 50)
    it.player.end(Key(1, 1))
    it.pull()
    assert it.ends[0][:2] == (1, "one two again")


@pytest.mark.parametrize("key", [Key(0, 1), Key(1, 2), Key(2, 1)])
def test_nothing_is_taken_back_of_another_answer(key):
    it, told = Listening(), []
    it.clause(1, "one", 150)
    it.player.end(Key(1, 1))
    it.player.take_back(key, lambda: True, told.append)
    it.player.take_back(Key(1, 1), lambda: False, told.append)
    it.pull()
    it.pull()
    assert told == [0]
    assert it.ends[0][:2] == (1, "one")


# --- whatever comes ----------------------------------------------------------------------------

turns = st.integers(0, 4)
steps = st.one_of(
    st.tuples(st.just("clause"), turns, st.integers(0, 250)),
    st.tuples(
        st.sampled_from(["begin", "add", "complete", "end", "stop", "take_back"]),
        turns,
        st.just(40),
    ),
    st.tuples(st.just("pull"), st.just(0), st.integers(1, 200)),
)


@given(st.lists(steps, max_size=40))
def test_a_stopped_turn_is_never_heard_again_and_ends_once(steps):
    with mock.patch.object(playback, "FADE_S", 0.0):  # levels tell the turns apart
        go(steps)


def go(steps):
    it = Listening()
    dead = -1
    for step, turn, samples in [*steps, ("pull", 0, 100), ("pull", 0, 100)]:
        level = 100 * (turn + 1)  # tells the turns apart
        match step:
            case "clause":
                it.clause(turn, "word ", samples, level=level)
            case "begin":
                it.player.begin(Key(turn, 1), "word ")
            case "add":
                it.player.add(Key(turn, 1), np.full(samples, level, np.int16))
            case "complete" | "end":
                getattr(it.player, step)(Key(turn, 1))
            case "take_back":
                it.player.take_back(Key(turn, 1), lambda: True, lambda count: None)
            case "stop":
                it.player.stop(Key(turn, 1))
                dead = max(dead, turn)
            case "pull":
                out = it.pull(samples)
                assert set(np.unique(out[FADE:]) // 100 - 1) <= {-1, *range(dead + 1, 5)}
                assert set(np.unique(out[FADE:]) % 100) <= {0}
    ends = [turn for turn, _, _ in it.ends]
    assert ends == sorted(set(ends))


# --- held answers -----------------------------------------------------------------------------


def test_a_held_answer_is_silent_until_it_is_released_and_whole_then():
    it = Listening()
    it.player.hold(Key(1, 1))
    it.clause(1, "secret", 150)
    it.player.end(Key(1, 1))
    assert not it.pull().any()
    assert not it.pull().any()
    assert not it.clauses
    assert not it.ends
    it.player.release(Key(1, 1))
    sound = np.concatenate([it.pull(), it.pull()])
    assert np.flatnonzero(sound).tolist() == list(range(150))
    assert it.ends == [(1, "secret", pytest.approx(0.35))]


@given(st.booleans(), st.booleans())
def test_nothing_of_a_held_answer_that_is_dropped_was_heard(ended, text):
    it = Listening()
    it.player.hold(Key(1, 1))
    it.clause(1, "secret" if text else "", 150 if text else 0)
    if ended:
        it.player.end(Key(1, 1))
    it.pull()
    it.player.stop(Key(1, 1))
    it.player.hold(Key(1, 2))
    it.player.begin(Key(1, 2), "next")
    it.player.add(Key(1, 2), np.full(50, 500, np.int16))
    it.player.complete(Key(1, 2))
    assert not np.concatenate([it.pull(), it.pull(), it.pull()]).any()
    assert not it.clauses
    assert all(heard == "" for _, heard, _ in it.ends)
    it.player.release(Key(1, 2))
    assert it.pull().max() == 500


def test_a_late_release_of_a_dropped_answer_releases_nothing():
    it = Listening()
    it.player.hold(Key(1, 1))
    it.clause(1, "old", 50)
    it.player.stop(Key(1, 1))
    it.player.hold(Key(1, 2))
    it.player.release(Key(1, 1))
    it.player.begin(Key(1, 2), "new")
    it.player.add(Key(1, 2), np.full(50, 500, np.int16))
    assert not np.concatenate([it.pull(), it.pull(), it.pull()]).any()


# --- what faces are told ------------------------------------------------------------------------


class Looking(Listening):
    """A player somebody looks at."""

    def __init__(self, **options):
        super().__init__(**options)
        self.told = []
        self.player.on_ahead = self.told.append

    def spans(self):
        """What was told, as (first sample of the clause, samples, time)."""
        return [(a.sample, a.steps * STEP, round(a.at, 4)) for a in self.told]


def samples(ahead):
    joined = np.concatenate(ahead.blocks)
    return joined[ahead.skip : ahead.skip + ahead.steps * STEP]


STEP = step_samples(RATE)  # 20
TURN = AHEAD_STEPS * STEP  # 200


def test_what_follows_is_told_before_it_sounds_and_once():
    it = Looking()
    it.clause(1, "one two", 1010)
    it.player.end(Key(1, 1))
    before = []
    while not it.ends:
        it.pull(10)
        before.append(len(it.told))
    assert it.spans() == [(n, TURN, n / RATE) for n in range(0, 1000, TURN)]
    # The second is told as soon as no more than the margin is left of the first.
    assert before.index(2) * 10 == TURN - int(MARGIN_S * RATE)
    assert [len(samples(ahead)) for ahead in it.told] == [TURN] * 5


def test_it_is_the_sound_of_its_time():
    it = Looking()
    ramp = np.arange(1, 701, dtype=np.int16)
    it.player.begin(Key(1, 1), "one")
    for block in np.split(ramp, [37, 40, 300, 555]):
        it.player.add(Key(1, 1), block)
    it.player.complete(Key(1, 1))
    it.pull(55)
    for _ in range(100):
        it.pull(7)
    out = np.concatenate(it.out)
    for ahead in it.told:
        at = round(ahead.at * RATE)
        assert (out[at : at + ahead.steps * STEP] == samples(ahead)).all()
    assert sum(ahead.steps for ahead in it.told) == 700 // STEP


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 5)), min_size=1, max_size=8))
def test_with_a_slow_synthesiser_no_sound_is_told_twice_or_at_a_wrong_time(blocks):
    with mock.patch.object(playback, "FADE_S", 0.0):  # the numbers are compared as they are
        tell_in_blocks(blocks)


def tell_in_blocks(blocks):
    it = Looking()
    it.player.begin(Key(1, 1), "one")
    number = 1
    for size, pulls in blocks:
        it.player.add(Key(1, 1), np.arange(number, number + size).astype(np.int16))
        number += size
        for _ in range(pulls):
            it.pull(23)
    it.player.complete(Key(1, 1))
    for _ in range(number // 23 + 2):
        it.pull(23)
    out = np.concatenate(it.out)
    told = []
    for ahead in it.told:
        at = round(ahead.at * RATE)
        sound = samples(ahead).tolist()
        assert out[at : at + len(sound)].tolist() == sound
        assert 0 < ahead.steps <= AHEAD_STEPS
        told += sound
    assert told == sorted(set(told))


def test_a_late_onlooker_is_told_what_still_follows():
    it = Looking()
    it.player.on_ahead = None
    it.clause(1, "one", 500)
    it.pull(130)
    assert not it.told
    it.player.on_ahead = it.told.append
    it.pull(10)
    assert it.spans() == [(130, TURN, 0.13)]
    it.player.on_ahead = None
    it.pull(300)
    assert len(it.told) == 1


def test_shapes_come_with_the_sound_of_all_blocks():
    it = Looking()
    it.player.begin(Key(1, 1), "one")
    it.player.add(Key(1, 1), np.full(300, 1000, np.int16), (), ((0, 1), (150, 2)))
    it.player.add(Key(1, 1), np.full(300, 1000, np.int16), (), ((310, 3),))
    it.pull(10)
    assert list(it.told[0].lips) == [(0, 1), (150, 2), (310, 3)]


def test_nothing_is_told_of_a_held_answer_or_after_a_stop():
    it = Looking()
    it.player.hold(Key(1, 1))
    it.clause(1, "secret", 900)
    it.pull()
    assert not it.told
    it.player.release(Key(1, 1))
    it.pull(10)
    assert it.spans() == [(0, TURN, 0.1)]
    it.player.stop(Key(1, 1))
    for _ in range(9):
        it.pull()
    assert len(it.told) == 1


def test_the_volume_does_not_change_what_lips_do():
    it = Looking(volume=0.1)
    it.clause(1, "one", 200)
    it.pull()
    assert (samples(it.told[0]) == 1000).all()


def test_what_is_shorter_than_a_step_is_not_told():
    it = Looking()
    it.clause(1, "one", STEP - 1)
    it.clause(1, "two", STEP)
    it.pull()
    assert it.spans() == [(0, STEP, round((STEP - 1) / RATE, 4))]


def test_what_a_lost_device_had_is_said_again_from_the_beginning_of_its_word():
    it = Listening()
    it.player.say_again()  # nothing sounds: nothing to say
    it.clause(1, "One two.", 900, words=((4, 300), (8, 600)))
    it.player.end(Key(1, 1))
    for _ in range(5):
        it.pull()
    it.player.say_again()
    for _ in range(7):
        it.pull()
    assert len(np.flatnonzero(np.concatenate(it.out))) == pytest.approx(500 + 600, abs=FADE)
    assert it.ends == [(1, "One two.", pytest.approx(1.1))]
