"""A factor on sound that never jumps: volume, ducking and fades by one rule.

A step in the factor is a step in the wave, which is heard as a click. Here it goes to its target by
equal parts, sample by sample, which for the few milliseconds that a change takes cannot be told
from any finer curve.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm

RAMP_S = 0.02
"""Time of a change, in s: too short to be noticed, and long enough that what it adds to the step
from one sample to the next (1/320 of it at 16 kHz) is far below those of any voice's wave."""
CHUNK = 1024
"""Samples that are worked on at a time, in memory that is there from the beginning."""
HALF_AS_LOUD_DB = 10.0
"""What sounds half as loud is so much lower (Stevens 1957; ISO 532: 10 phon double the sones)."""


def factor(volume: float) -> float:
    """Return the factor on the samples for `volume`, 0 to 1: half of it sounds half as loud.

    The volume as the factor would not do: half of it, 6 dB less, sounds only a little softer.
    """
    return math.pow(max(0.0, volume), HALF_AS_LOUD_DB / (20.0 * math.log10(2.0)))


class Gain:
    """Used by one thread; in the audio callback it takes no memory and no time to speak of."""

    def __init__(self, rate: int, value: float = 1.0) -> None:
        """`rate` in Hz; `value` is the factor that it begins with."""
        self._rate = rate
        self.value = self.target = value
        """The factor of the last sample, and that to which it goes."""
        self._left = 0  # samples until the target is reached
        self._count: NDArray[np.float32] = np.arange(1, CHUNK + 1, dtype=np.float32)
        self._factors: NDArray[np.float32] = np.empty(CHUNK, np.float32)

    @property
    def left(self) -> int:
        """Samples until the target is reached."""
        return self._left

    def to(self, target: float, seconds: float = RAMP_S) -> None:
        """Go to `target` in `seconds` from the next sample on, from wherever it is now."""
        self.target = target
        self._left = round(seconds * self._rate) if target != self.value else 0
        if self._left == 0:
            self.value = target

    def apply(self, pcm: Pcm) -> None:
        """Scale the next samples (samples,) int16, in place; what would be too loud is clipped."""
        for start in range(0, len(pcm), CHUNK):
            if self._left == 0 and self.value == 1.0:
                return
            self._scale(pcm[start : start + CHUNK])

    def _scale(self, pcm: Pcm) -> None:
        factors = self._factors[: len(pcm)]
        ramp = min(self._left, len(pcm))
        if ramp:
            step = (self.target - self.value) / self._left
            np.multiply(self._count[:ramp], step, out=factors[:ramp])
            factors[:ramp] += self.value
            self._left -= ramp
            self.value = self.target if self._left == 0 else float(factors[ramp - 1])
        factors[ramp:] = self.value
        np.multiply(pcm, factors, out=factors)
        np.rint(factors, out=factors)
        np.clip(factors, -32768, 32767, out=factors)
        pcm[:] = factors
