"""Takes out what an echo canceller leaves: distortion, late reverberation, what is not learned yet.

What is left of the echo is as loud as the echo itself times a leak, in each band; the leak is how
the power of what is left follows that of the echo (J.-M. Valin, On Adjusting the Learning Rate in
Frequency Domain Echo Cancellation With Double-Talk, IEEE TASLP 2007), and at the least what the
canceller itself is unsure of. Bands in which nothing else is heard are turned down to the noise of
the room; the others stay. The filter has minimum phase: nothing comes later for it.
"""

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import FRAME_SAMPLES, RATE

Signal = NDArray[np.float32]
"""Samples as parts of full scale, or powers of bands."""

SIZE = 2 * FRAME_SAMPLES
BANDS = 32
TAPS = 128
"""Length of the filter."""
FOLLOWS = 0.98
"""How slowly the leak is followed, from frame to frame, while the echo is louder than the rest."""
UNSURE = 0.2
"""Share of what the canceller is unsure of that is taken to be left, in double talk mostly less."""
ALONE, TALK = 2.0, 5.0
"""Up to so many times what is expected to be left is heard when nobody speaks, and from so many on
somebody does."""
MOST = 6.0
"""Times of the average that are taken out while nobody speaks."""
GOES_ON = 0.95
"""How likely it is that who has spoken in one frame speaks in the next."""
DECAY = 0.6
"""How much of an echo's power still sounds one frame later, beyond the canceller's tail."""
DEEPEST = 1e-4
"""A band is turned down to this power at the most, also where there is no noise."""
RISE = 1.004
"""How quickly the noise of the room may rise, a frame: 0.9 dB a s."""
TINY = 1e-10


class Residual:
    """Used by one thread, once for each frame in which an echo may be heard."""

    def __init__(self) -> None:
        self._bands = _bands()
        self._wide = self._bands / self._bands.sum(axis=0, keepdims=True).clip(TINY)
        self._window = np.hanning(SIZE + 1)[:SIZE].astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Another echo: what was known of the leak is void."""
        self._left = np.zeros(SIZE, np.float32)
        self._echo = np.zeros(SIZE, np.float32)
        self._lasting = np.zeros(BANDS, np.float32)
        self._means = np.zeros((2, BANDS), np.float32)  # of the echo's power and of what is left
        self._follows = np.zeros(BANDS, np.float32)
        self._varies = np.full(BANDS, TINY, np.float32)
        self._noise = np.full(BANDS, np.inf, np.float32)
        self._talk = 0.0
        self._gains = np.ones(BANDS, np.float32)
        self._filter = np.zeros(TAPS, np.float32)
        self._filter[0] = 1.0

    def suppress(self, left: Signal, echo: Signal, unsure: Signal) -> Signal:
        """Return what is `left` after cancelling, without the rest of the `echo` in it.

        All are (FRAME_SAMPLES,) but `unsure`: the canceller's own word for the power of what it
        leaves, in the bins of a transform of 2 `FRAME_SAMPLES` without a window.
        """
        before = self._left[FRAME_SAMPLES:]
        self._left = np.concatenate((before, left))
        self._echo = np.concatenate((self._echo[FRAME_SAMPLES:], echo))
        power, loud = (self._power(each) for each in (self._left, self._echo))
        leaked = self._leak(power, loud) * self._lasting
        rest = np.maximum(leaked, UNSURE * (self._bands @ unsure))
        rest *= self._over(power, rest)
        self._noise = np.minimum(self._noise * RISE, power)
        lowest = np.clip(self._noise / (power + TINY), DEEPEST, 1.0)
        gains = np.sqrt(np.clip(1 - rest / (power + TINY), lowest, 1.0))
        self._gains = np.where(gains > self._gains, gains, 0.5 * (gains + self._gains))
        return self._filtered(before, left)

    def _power(self, sound: Signal) -> Signal:
        spectrum = np.fft.rfft(sound * self._window)
        return (self._bands @ (spectrum.real**2 + spectrum.imag**2)).astype(np.float32)

    def _leak(self, power: Signal, loud: Signal) -> Signal:
        self._lasting = np.maximum(loud, DECAY * self._lasting) + TINY
        speed = (1 - FOLLOWS) * np.minimum(1.0, 2 * loud / (power + loud + TINY))
        both = np.stack((self._lasting, power))
        off = both - self._means
        self._means += speed * off
        self._follows += speed * (off[0] * off[1] - self._follows)
        self._varies += speed * (off[0] * off[0] - self._varies)
        leak: Signal = np.clip(self._follows / (self._varies + TINY), 0.0, 1.0)
        return leak

    def _over(self, power: Signal, rest: Signal) -> float:
        """Return how many times more than on average is taken out: much while it is all there is.

        What is left varies about its average, and its peaks sound like somebody.
        """
        ratio = float(power.sum() / (rest.sum() + TINY))
        talk = np.log(max(ratio, ALONE) / ALONE) / np.log(TALK / ALONE)
        self._talk = max(min(float(talk), 1.0), GOES_ON * self._talk)
        return float(MOST ** (1 - self._talk))

    def _filtered(self, before: Signal, left: Signal) -> Signal:
        """Return `left` through the filter, which fades from the last frame's to this one's."""
        new = _minimum_phase(self._gains @ self._wide)
        around = np.concatenate((before[-TAPS + 1 :], left))
        old, self._filter = self._filter, new
        fade = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)
        was, now = (np.convolve(around, each, "valid") for each in (old, new))
        return (was + fade * (now - was)).astype(np.float32)


def _minimum_phase(gains: Signal) -> Signal:
    """Return the filter (`TAPS`,) with these gains of amplitude (bins,), as early as can be.

    By the real cepstrum (A. Oppenheim and R. Schafer, Discrete-Time Signal Processing, 12.4).
    """
    cepstrum = np.fft.irfft(np.log(np.maximum(gains, 1e-3)))
    half = len(cepstrum) // 2
    cepstrum[1:half] *= 2
    cepstrum[half + 1 :] = 0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:TAPS].astype(np.float32)


def _bands() -> Signal:
    """Return triangles that are even on the mel scale, shape (`BANDS`, bins)."""
    highest = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, BANDS) / 2595) - 1)
    bins = np.fft.rfftfreq(SIZE, 1 / RATE)
    rows = [np.interp(bins, edges, np.eye(BANDS)[row]) for row in range(BANDS)]
    return np.asarray(rows, np.float32)
