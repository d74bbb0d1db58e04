"""Earcons: short, soft, and different from one another."""

from typing import get_args

import numpy as np
import pytest

from assistant.audio.frames import Pcm
from assistant.audio.tones import NOTE_S, NOTES, Name, bell, earcon
from assistant.config import Tone
from assistant.conversation import RING_S


@pytest.mark.parametrize("name", NOTES)
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_an_earcon_is_short_soft_and_not_too_loud(name: str, rate: int) -> None:
    sound = earcon(name, rate)
    assert sound.dtype == np.int16
    assert 0.05 <= len(sound) / rate <= 0.25
    steady = sound[int(0.02 * rate) : int(0.05 * rate)] / 32768
    assert -21 < 20 * np.log10(np.sqrt((steady**2).mean())) < -19
    assert np.abs(sound[[0, -1]]).max() < 40  # begins and ends without a click


def contour(sound: Pcm, rate: int) -> tuple[float, ...]:
    """Return how the pitch goes from note to note: -1, 0 or 1 for each step; from the sound."""
    size = round(NOTE_S * rate)
    notes = [sound[at : at + size] for at in range(0, len(sound), size)]
    pitches = [int(np.argmax(np.abs(np.fft.rfft(note, rate)))) for note in notes if note.any()]
    return tuple(np.sign(np.diff(pitches)))


def test_they_can_be_told_apart_by_how_their_pitch_goes() -> None:
    rate = 16000
    sounds = {name: earcon(name, rate) for name in NOTES} | {"ring": bell(rate)}
    assert len({contour(sound, rate) for sound in sounds.values()}) == len(NOTES)


def test_a_bell_rings_thrice_with_silence_between() -> None:
    sound, note = bell(16000), earcon("ring", 16000)
    assert sound.size % 3 == 0
    for part in sound.reshape(3, -1):
        assert (part[: note.size] == note).all()
        assert not part[note.size :].any()
    assert note.size < sound.size / 3
    assert sound.size / 16000 < RING_S  # the sentence comes after it


def test_each_can_be_left_out_by_its_name() -> None:
    assert set(get_args(Tone)) == set(get_args(Name)) == set(NOTES)
