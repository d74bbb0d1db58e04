import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.gain import CHUNK, RAMP_S, Gain, factor

RATE = 8000


def scaled(gain, samples, level=10_000, cuts=()):
    pcm = np.full(samples, level, np.int16)
    for piece in np.split(pcm, sorted(cuts)):
        gain.apply(piece)
    return pcm


def test_without_a_change_every_sample_stays_as_it_is():
    pcm = np.random.default_rng(1).integers(-32768, 32767, 3000).astype(np.int16)
    same = pcm.copy()
    Gain(RATE).apply(pcm)
    assert (pcm == same).all()


def test_a_change_takes_its_time_and_goes_by_equal_steps():
    gain = Gain(RATE)
    gain.to(0.5, 0.01)
    sound = scaled(gain, 200)
    assert sound[0] == round(10_000 * (1 - 0.5 / 80))
    assert (np.diff(sound[:80].astype(int)) < -60).all()
    assert (np.diff(sound[:80].astype(int)) > -65).all()
    assert (sound[79:] == 5000).all()
    assert gain.value == gain.target == 0.5


def test_a_change_of_mind_goes_on_from_where_it_is():
    gain = Gain(RATE)
    gain.to(0.0, 0.01)
    first = scaled(gain, 40)
    gain.to(1.0, 0.01)
    second = scaled(gain, 80)
    assert abs(int(second[0]) - int(first[-1])) < 130
    assert second[-1] == 10_000


def test_at_once_is_at_once():
    gain = Gain(RATE)
    gain.to(0.25, 0.0)
    assert (scaled(gain, 10) == 2500).all()


def test_more_than_full_scale_is_clipped_and_does_not_turn_over():
    assert (scaled(Gain(RATE, 4.0), 10, 20_000) == 32767).all()
    assert (scaled(Gain(RATE, 4.0), 10, -20_000) == -32768).all()


@given(
    targets=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2)), max_size=4),
    cuts=st.lists(st.integers(0, 3 * CHUNK), max_size=6),
)
def test_no_step_is_larger_than_the_ramp_allows_however_buffers_are_cut(targets, cuts):
    gain, before = Gain(RATE), 10_000
    for target, seconds in targets:
        gain.to(target, seconds + 0.005)
        sound = scaled(gain, 3 * CHUNK, cuts=cuts)
        steps = np.abs(np.diff(np.concatenate(([before], sound.astype(int)))))
        assert steps.max() <= 10_000 / (0.005 * RATE) + 2
        assert sound[-1] == round(10_000 * target)
        before = int(sound[-1])


def test_half_the_volume_is_10_db_and_the_ends_stay_the_ends():
    assert factor(1.0) == 1.0
    assert factor(0.0) == 0.0
    assert 20 * np.log10(factor(0.5)) == pytest.approx(-10.0)
    assert 20 * np.log10(factor(0.25)) == pytest.approx(-20.0)
    assert RAMP_S * 16_000 > 100
