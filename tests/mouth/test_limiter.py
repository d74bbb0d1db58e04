import numpy as np
import pyebur128
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.limiter import CEILING, REACH, STEP_S, Limiter

RATE = 16_000


def sine(amplitude, seconds, frequency=150.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def test_what_stays_below_the_ceiling_is_not_touched():
    wave = sine(0.99 * CEILING, 0.3)
    assert (Limiter(RATE).apply(wave) == np.rint(wave).astype(np.int16)).all()


def test_a_shout_is_turned_down_before_it_comes_and_the_rest_is_not():
    wave = sine(10_000, 1.0)
    wave[8000:8400] *= 5
    out = Limiter(RATE).apply(wave)
    assert np.abs(out.astype(int)).max() <= CEILING + 1
    reach = round(2 * REACH * STEP_S * RATE)
    far = np.r_[0 : 8000 - reach, 8400 + reach : RATE]
    assert (out[far] == np.rint(wave[far]).astype(np.int16)).all()
    near = out[8000:8400] / wave[8000:8400]
    assert np.ptp(near[np.abs(wave[8000:8400]) > 10_000]) < 0.02  # turned down, not cut off


def test_there_is_no_step_between_two_pieces_one_of_which_is_too_loud():
    wave = sine(60_000, 0.5)
    limiter = Limiter(RATE)
    out = np.concatenate([limiter.apply(piece) for piece in np.split(wave, [1600, 1603, 5000])])
    slope = 2 * np.pi * 150 / RATE * CEILING
    assert np.abs(np.diff(out.astype(int))).max() < 1.1 * slope


def test_after_a_loud_end_the_next_piece_comes_up_slowly():
    limiter = Limiter(RATE)
    limiter.apply(sine(60_000, 0.1)[:-20])
    out = limiter.apply(np.full(1600, 10_000, np.float32))
    assert out[0] == pytest.approx(10_000 * CEILING / 60_000, rel=0.02)
    assert np.diff(out.astype(int)).max() < 200
    assert out[-1] == 10_000


@given(
    st.lists(st.lists(st.floats(-200_000, 200_000, width=32), max_size=300), min_size=1, max_size=6)
)
def test_nothing_is_ever_louder_and_nothing_turns_over(pieces):
    limiter = Limiter(RATE)
    for piece in pieces:
        wave = np.asarray(piece, np.float32)
        out = limiter.apply(wave)
        assert out.shape == wave.shape
        assert np.abs(out.astype(int)).max(initial=0) <= CEILING + 1
        assert (np.sign(out) * np.sign(wave) >= 0).all()


def test_between_the_samples_it_is_not_louder_than_r_128_allows():
    noise = np.random.default_rng(3).normal(0, 20_000, RATE)
    smooth = np.convolve(noise, np.hanning(9) / 4, "same").astype(np.float32)  # as a voice is
    out = Limiter(RATE).apply(2 * smooth)
    state = pyebur128.R128State(1, RATE, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(out, len(out))
    assert 20 * np.log10(pyebur128.get_true_peak(state, 0)) <= -1.0
