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
NEAR_S, MOST_S = 0.006, 0.03
"""It is looked for so far on both sides of each place where it may be; of one place that is known
badly, farther."""
CLEAR = 8.0
"""A peak this many times the root mean square is one."""
SIZE = 8192


class Shift:
    """Gets frames until it is `over`; used by one thread."""

    def __init__(self, step: float = 0.0) -> None:
        """`step` is a step in a device's stamps in s: true, or not; 0: nothing is known."""
        lags = [_around(0.0, NEAR_S), _around(-step, NEAR_S)] if step else [_around(0.0, MOST_S)]
        self._lags = np.concatenate(lags)
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
        lag = int(self._lags[np.argmax(correlation[self._lags])])
        strength = correlation[lag] / np.sqrt(np.mean(correlation**2))
        return lag / (RATE * FINE) if strength > CLEAR else 0.0


def _around(seconds: float, reach: float) -> NDArray[np.int64]:
    """Return the places from `reach` before `seconds` to `reach` after it, in `FINE` samples."""
    return round(seconds * RATE * FINE) + np.arange(
        -round(reach * RATE * FINE), round(reach * RATE * FINE) + 1
    )
