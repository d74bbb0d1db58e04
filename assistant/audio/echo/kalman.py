"""An echo canceller of this project's own, on NumPy alone: it learns fast and stays in double talk.

The partitioned block frequency domain Kalman filter: F. Kuech, E. Mabande and G. Enzner,
State-Space Architecture of the Partitioned-Block-Based Acoustic Echo Controller (ICASSP 2014).
Beside the filter it keeps how sure it is of it, in each band; a voice over the echo makes the error
large, and what is large against what is unsure is not learned from.
"""

import numpy as np
from numpy.typing import NDArray

from assistant.audio.echo.residual import Residual
from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm

FULL_SCALE = 32768.0
BLOCK = FRAME_SAMPLES
SIZE = 2 * BLOCK
BINS = BLOCK + 1
KEEPS = 0.998
"""How much of the way stays as it is from one frame to the next: the rest is let wander."""
FIRST = 10
"""Frames of sound after which it is seen how loud the echo may be."""
DOUBT = 3.0
"""How unsure it is then, relative to an echo that is all that is heard."""
FADES = 0.7
"""How much of that is left for each further frame of the tail: rooms die away."""
FLOOR = 1e-7
"""Of power spectra, relative to full scale: nothing is divided by 0."""
SUREST = 1e-12
"""It is never quite sure; numbers near 0 would also take the processor a hundred times as long."""
SMOOTH = 0.6
"""How slowly the power of what is not echo is followed, from frame to frame."""
TRUST = 0.9
"""How slowly it is followed how much of the expected echo is really there."""
LEAST, WHOLE = 0.2, 0.6
"""Less than this share of it, and nothing is taken away; from this on, all."""


Gains = NDArray[np.float32]


class KalmanCanceller:
    """The `Canceller` on NumPy."""

    name = "kalman"

    def __init__(self, tail: float) -> None:
        """`tail` in s: how long after its beginning an echo is taken away."""
        self.learns = True
        self.expected: NDArray[np.float32] | None = None
        self._parts = max(1, round(tail * RATE / BLOCK))
        self._residual = Residual()
        self.reset()

    def reset(self) -> None:
        """Forget what was learned."""
        shape = self._parts, BINS
        self._filter = np.zeros(shape, np.complex64)
        self._doubt = np.zeros(shape, np.float32)
        self._begun, self._heard, self._played = 0, 0.0, 0.0
        self._far = np.zeros(shape, np.complex64)
        self._before: NDArray[np.float32] = np.zeros(BLOCK, np.float32)
        self._rest: NDArray[np.float32] = np.full(BINS, FLOOR, np.float32)
        self._residual.reset()
        self._there, self._expected, self._share = 0.0, float(FLOOR), 0.0

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        """Return `near` without the echo of `far`; see `Canceller`."""
        now = np.divide(far, FULL_SCALE, dtype=np.float32)
        self._far = np.roll(self._far, 1, axis=0)
        self._far[0] = np.fft.rfft(np.concatenate((self._before, now)))
        self._before = now
        heard = np.divide(near, FULL_SCALE, dtype=np.float32)
        echo = np.fft.irfft((self._far * self._filter).sum(axis=0))[BLOCK:].astype(np.float32)
        self.expected = echo
        unsure = np.zeros(BINS, np.float32)
        if self.learns and self._begun < FIRST:
            self._begin(heard, now)
        elif self.learns:
            unsure = self._learn(heard - echo)
        echo = echo * self._believed(heard, echo)
        left = self._residual.suppress(heard - echo, echo, unsure)
        cleaned: Pcm = np.clip(np.rint(left * FULL_SCALE), -32768, 32767).astype(np.int16)
        return cleaned

    def _begin(self, heard: NDArray[np.float32], played: NDArray[np.float32]) -> None:
        """Compare how loud both are; with that it is known how unsure to be."""
        if float(played @ played) < FLOOR * BLOCK:
            return
        self._begun += 1
        self._heard += float(heard @ heard)
        self._played += float(played @ played)
        if self._begun == FIRST:
            fading = FADES ** np.arange(self._parts, dtype=np.float32)
            fading *= DOUBT * self._heard / (self._played * fading.sum())
            self._doubt = np.tile(fading[:, None], BINS)

    def _believed(self, heard: NDArray[np.float32], echo: NDArray[np.float32]) -> Gains:
        """Return which share of `echo` is taken away, sample by sample.

        What has been learned from a voice, where the loudspeaker is muted, is not in what follows.
        """
        self._there = TRUST * self._there + float(heard @ echo)
        self._expected = TRUST * self._expected + float(echo @ echo)
        before, there = self._share, self._there / (self._expected + FLOOR)
        self._share = min(max((there - LEAST) / (WHOLE - LEAST), 0.0), 1.0)
        return np.linspace(before, self._share, BLOCK, dtype=np.float32)

    def _learn(self, error: NDArray[np.float32]) -> NDArray[np.float32]:
        """Learn from what is left; return the power of the echo in it, as far as it is known."""
        padded = np.concatenate((np.zeros(BLOCK, np.float32), error))
        spectrum = np.fft.rfft(padded).astype(np.complex64)
        power = spectrum.real**2 + spectrum.imag**2
        self._rest = SMOOTH * self._rest + (1 - SMOOTH) * power
        loud = self._far.real**2 + self._far.imag**2
        unsure = (loud * self._doubt).sum(axis=0)
        scale = self._doubt / (0.5 * unsure + self._rest + FLOOR)
        gain = scale * self._far.conj()
        step = gain * spectrum
        # a filter of BLOCK samples a part: what lies beyond would be circular
        times = np.fft.irfft(step, axis=1)
        times[:, BLOCK:] = 0
        self._filter += np.fft.rfft(times, axis=1).astype(np.complex64)
        self._doubt *= 1 - 0.5 * scale * loud
        wander = self._filter.real**2 + self._filter.imag**2
        self._doubt *= KEEPS**2
        self._doubt += (1 - KEEPS**2) * wander + SUREST
        return np.asarray(0.5 * unsure, np.float32)
