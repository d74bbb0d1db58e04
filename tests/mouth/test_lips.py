import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Key
from assistant.mouth.lips import (
    LOUD,
    QUIET,
    SHAPES,
    STEP_S,
    Ahead,
    loudness,
    shapes,
    step_samples,
    told,
    widths,
)

RATE = 24_000
STEP = step_samples(RATE)


def named(*phonemes):
    """Shapes by name of (sample, phoneme in IPA) pairs."""
    pairs = shapes((at, name.encode()) for at, name in phonemes)
    return [(at, SHAPES[shape]) for at, shape in pairs]


def tone(frequency, level=0.5, seconds=STEP_S):
    at = np.arange(round(RATE * seconds)) / RATE
    return (level * np.sin(2 * np.pi * frequency * at)).astype(np.float32)


# --- shapes -------------------------------------------------------------------------------------


def test_lips_close_for_m_and_open_for_a():
    assert named((0, "m"), (100, "ɑː"), (300, "m"), (400, "iː"), (600, "")) == [
        (0, "closed"),
        (100, "open"),
        (300, "closed"),
        (400, "wide"),
        (600, "closed"),
    ]


def test_a_phoneme_of_two_vowels_is_two_shapes():
    assert named((0, "b"), (100, "aʊ"), (300, "t")) == [
        (0, "closed"),
        (100, "open"),
        (200, "pout"),
        (300, "teeth"),
    ]


def test_equal_neighbours_are_one_shape_and_the_last_word_counts():
    assert named((0, "m"), (10, "b"), (10, "p"), (20, "t"), (20, "oʊ"), (20, "f")) == [
        (0, "closed"),
        (20, "lip"),
    ]


@pytest.mark.parametrize(
    ("phoneme", "shape"),
    [("tɕh", "teeth"), ("iɛ", "wide"), ("χ", "mid"), ("ɛɹ", "wide"), ("uː", "pout"),
     ("ˈ", "closed"), ("v", "lip"), ("ɔ", "round"), ("æ", "open"), ("ɕ", "teeth"), ("w", "pout")],
)  # fmt: skip
def test_each_phoneme_has_its_shape(phoneme, shape):
    assert named((0, phoneme))[0] == (0, shape)


@given(st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=8)), max_size=30))
def test_whatever_comes_shapes_ascend_and_change(phonemes):
    found = shapes(sorted(phonemes))
    starts = [at for at, _ in found]
    assert starts == sorted(set(starts))
    assert all(one[1] != two[1] for one, two in itertools.pairwise(found))
    assert all(0 <= shape < len(SHAPES) for _, shape in found)


# --- sound --------------------------------------------------------------------------------------


def test_loudness_is_0_for_silence_and_1_for_loud_speech_and_even_between():
    levels = [0.0, *(10 ** (db / 20) for db in (QUIET, (QUIET + LOUD) / 2, LOUD, 0.0))]
    sound = np.array([np.full(STEP, level, np.float32) for level in levels])
    assert loudness(sound) == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_bright_sound_has_wider_lips_than_dark_sound():
    sound = np.array([tone(f) for f in (250, 600, 1200, 2500, 6000)])
    found = widths(sound, RATE)
    assert found == sorted(found)
    assert found[0] < 0.05
    assert found[-1] == 1.0
    assert widths(np.zeros((1, STEP), np.float32), RATE) == [0.0]


@given(st.lists(st.integers(1, 3 * STEP), min_size=1, max_size=6), st.integers(0, 2 * STEP))
def test_what_is_told_is_the_same_however_the_sound_was_cut(cuts, skip):
    sound = (np.concatenate([tone(300 * n, 0.02 * n) for n in range(1, 13)]) * 32767).astype("<i2")
    ends = [end for end in np.cumsum(cuts).tolist() if end < len(sound)]
    whole = Ahead(Key(1, 1), 5.0, (sound,), skip, 8, (), 0)
    cut = Ahead(Key(1, 1), 5.0, tuple(np.split(sound, ends)), skip, 8, (), 0)
    data = told(whole, RATE)
    assert told(cut, RATE) == data
    assert len(data["levels"]) == len(data["widths"]) == 8
    assert (data["at"], data["step"]) == (5.0, STEP_S)


def test_each_step_gets_the_shape_of_its_middle():
    lips = [(2 * STEP, 5), (int(3.4 * STEP), 6), (int(5.6 * STEP), 7)]
    sound = np.full(8 * STEP, 9000, np.int16)
    data = told(Ahead(Key(1, 1), 5.0, (sound,), 0, 6, lips, STEP), RATE)
    # Of samples 1 to 7 steps, of which the second begins the first shape.
    assert data["visemes"] == [0, 5, 6, 6, 6, 7]
    assert "widths" not in data
