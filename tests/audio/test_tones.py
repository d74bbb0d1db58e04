"""Earcons: short, soft, and different from one another."""

import numpy as np
import pytest

from assistant.audio.tones import NOTES, earcon


@pytest.mark.parametrize("name", NOTES)
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_an_earcon_is_short_soft_and_not_too_loud(name: str, rate: int) -> None:
    sound = earcon(name, rate)
    assert sound.dtype == np.int16
    assert 0.05 <= len(sound) / rate <= 0.25
    steady = sound[int(0.02 * rate) : int(0.05 * rate)] / 32768
    assert -21 < 20 * np.log10(np.sqrt((steady**2).mean())) < -19
    assert np.abs(sound[[0, -1]]).max() < 40  # begins and ends without a click


def test_they_can_be_told_apart() -> None:
    sounds = {earcon(name, 16000).tobytes() for name in NOTES}
    assert len(sounds) == len(NOTES)
