"""By how much a known echo has moved, after a device was paused or ran dry.

Its stamps are off by some tenths of a millisecond each time that a stream begins, which is enough
to make a filter useless. But the filter still knows what the echo sounds like: what it expects is
looked for around the place where it should be.
"""

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import FRAME_SAMPLES, RATE

Signal = NDArray[np.float32]

FRAMES = 8
"""Frames with an echo in them that it takes: a sixth of a second."""
LOUD = 1e-6
"""Mean power of an expected echo that counts, relative to full scale: -60 dBFS."""
FINE = 4
"""Places between two samples that are told apart."""
MOST_S = 0.03
"""It is looked for so far on both sides."""
CLEAR = 8.0
"""A peak this many times the root mean square is one."""
SIZE = 8192


class Shift:
    """Gets frames until it is `over`; used by one thread."""

    def __init__(self) -> None:
        self._near: list[Signal] = []
        self._expected: list[Signal] = []
        self.over = False

    def feed(self, near: Signal, expected: Signal) -> float:
        """Take (FRAME_SAMPLES,) that was heard and what was expected of echo in it.

        Returns by how many s the echo is later than expected, once at the end; 0 means as expected,
        not found, or not over.
        """
        if float(expected @ expected) > LOUD * FRAME_SAMPLES:
            self._near.append(near)
            self._expected.append(expected)
        self.over = len(self._near) == FRAMES
        return self._look() if self.over else 0.0

    def _look(self) -> float:
        near, expected = (
            np.fft.rfft(np.concatenate(each), SIZE) for each in (self._near, self._expected)
        )
        cross = near * expected.conj()
        size = np.abs(cross)
        cross /= np.sqrt(size * float(size.max())) + 1e-12  # half as white: noise counts less
        correlation = np.fft.irfft(cross, SIZE * FINE)
        reach = round(MOST_S * RATE) * FINE
        lags = np.arange(-reach, reach + 1)
        peak = int(np.argmax(correlation[lags]))
        strength = correlation[lags[peak]] / np.sqrt(np.mean(correlation**2))
        return float(lags[peak]) / (RATE * FINE) if strength > CLEAR else 0.0
