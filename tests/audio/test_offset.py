from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import FRAME_SAMPLES
from assistant.audio.offset import SURE, Centred

HUMAN = Path("/usr/share/pocketsphinx/test/data/goforward.raw")


def frames(pcm):
    return pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)


def test_sound_without_a_constant_stays_as_it_came():
    speech = np.fromfile(HUMAN, np.int16)
    centred = Centred()
    for frame in frames(speech):
        assert (centred.apply(frame) == frame).all()


@pytest.mark.parametrize("constant", [-6000, -300, 300, 6000])
def test_the_constant_is_taken_out_and_speech_is_left(constant):
    speech = np.fromfile(HUMAN, np.int16) // 2
    centred = Centred()
    moved = frames(speech + np.int16(constant))
    for _ in range(3):
        for frame in moved:
            centred.apply(frame)
    out = np.concatenate([centred.apply(frame) for frame in moved]).astype(float)
    difference = out - frames(speech).reshape(-1)
    assert np.abs(difference).max() < 60
    assert np.abs(np.diff(difference)).max() < 8  # no steps between the frames


def test_it_is_gone_within_the_first_second():
    noise = np.random.default_rng(1).normal(2000, 30, (50, FRAME_SAMPLES)).astype(np.int16)
    centred = Centred()
    means = [abs(centred.apply(frame).mean()) for frame in noise]
    assert max(means[SURE:]) < 10


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=80))
def test_nothing_turns_over(levels):
    centred = Centred()
    for level in levels:
        out = centred.apply(np.full(FRAME_SAMPLES, level, np.int16)).astype(int)
        wished = min(max(level - round(centred.offset), -32768), 32767)
        assert set(out.tolist()) <= {level, wished}
