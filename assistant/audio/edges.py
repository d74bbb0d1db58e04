"""Where speech begins and ends in a recording, as the sound itself says."""

import numpy as np

from assistant.audio.frames import RATE, Pcm

WINDOW_S = 0.01
FLOOR_DBFS = -50.0
"""Never voiced below this level."""
RANGE_DB = 35.0
"""Voiced sound lies within this many dB of the loudest window: the dynamic range of one talker's
speech is about 30 dB; room noise of the recordings used here lies 40 dB below."""


def speech_span(pcm: Pcm, rate: int = RATE) -> tuple[int, int] | None:
    """Return the first voiced sample of (samples,) int16 and the one after the last, or None.

    Energy only (RMS of 10 ms windows), on purpose: latency is counted from here, so it must not
    depend on the detector whose delay it measures.
    """
    window = max(1, int(rate * WINDOW_S))
    count = len(pcm) // window
    if count == 0:
        return None
    blocks = pcm[: count * window].astype(np.float64).reshape(count, window) / 32768
    level = 20 * np.log10(np.sqrt((blocks**2).mean(axis=1)) + 1e-9)
    voiced = np.flatnonzero(level > max(FLOOR_DBFS, level.max() - RANGE_DB))
    if len(voiced) == 0:
        return None
    return int(voiced[0]) * window, (int(voiced[-1]) + 1) * window
