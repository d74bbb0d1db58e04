import numpy as np
import pytest
from ears_sounds import silence, sine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assistant.ears.level import LOUD, QUIETEST, SOFT, dbfs, peak, told


def test_a_full_scale_square_wave_is_0_dbfs():
    square = np.array([-32768, 32767] * 100, np.int16)
    assert dbfs(square) == pytest.approx(0.0, abs=0.001)
    assert peak(square) == 1.0


def test_a_sine_is_3_db_below_its_peak():
    assert dbfs(sine(1, 440)) == pytest.approx(20 * np.log10(8000 / 32768) - 3.01, abs=0.05)
    assert peak(sine(1, 440)) == pytest.approx(8000 / 32768, abs=0.001)


@pytest.mark.parametrize("pcm", [silence(0), silence(0.1)])
def test_nothing_and_silence_have_a_finite_level(pcm):
    assert dbfs(pcm) == QUIETEST
    assert peak(pcm) == 0.0


@given(arrays(np.int16, st.integers(1, 400), elements=st.integers(-32768, 32767)))
def test_level_is_in_range_and_never_above_the_peak(pcm):
    assert QUIETEST <= dbfs(pcm) <= 0.0
    assert 0.0 <= peak(pcm) <= 1.0
    if pcm.any():
        assert dbfs(pcm) <= 20 * np.log10(peak(pcm)) + 1e-9


def test_a_face_is_told_the_level_of_each_frame_and_when_the_first_began():
    levels = [0.0, *(32768 * 10 ** (db / 20) for db in (SOFT, (SOFT + LOUD) / 2, LOUD, -1.0))]
    frames = [np.full(320, round(level), np.int16) for level in levels]
    data = told(frames, 7.0)
    assert data == {"at": 6.9, "step": 0.02, "levels": pytest.approx([0, 0, 0.5, 1, 1], abs=0.02)}
