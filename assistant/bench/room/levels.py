"""How loud speech is, pauses left out."""

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.bench.room.acoustics import Sound

WINDOW_S = 0.02
RANGE_DB = 25.0
"""Windows within so much of the loudest one are speech."""


def active_dbfs(sound: Sound, rate: int = RATE) -> float:
    """Return the RMS level, dBFS, of those windows of (samples,) in which somebody speaks.

    In the spirit of ITU-T P.56: pauses do not make speech softer. Silence is -200 dBFS.
    """
    window = max(1, int(rate * WINDOW_S))
    count = len(sound) // window
    if count == 0:
        return -200.0
    power = (sound[: count * window].reshape(count, window) ** 2).mean(axis=1)
    if power.max() < 1e-20:
        return -200.0
    speech = power[power > power.max() * 10 ** (-RANGE_DB / 10)]
    return float(10 * np.log10(speech.mean()))


def gain(decibels: float) -> float:
    """Return the factor of amplitude for so many dB."""
    return float(10.0 ** (decibels / 20.0))


def parts(pcm: Pcm) -> Sound:
    """Return int16 samples as parts of full scale."""
    return np.asarray(pcm, np.float64) / 32768.0
