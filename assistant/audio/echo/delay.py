"""How much later than the stamps say the loudspeaker is heard: the way of the sound, and lies.

The generalised cross-correlation with phase transform (C. Knapp and G. Carter, IEEE TASSP 1976),
over some seconds of speech. What somebody says meanwhile is not correlated and averages out.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm

WINDOW = 50 * FRAME_SAMPLES
"""Samples that are correlated at once: 1 s."""
HOP = 25
"""Frames from one look to the next, until the delay is clear; the first look is as early."""
RARELY = 4
"""Then so many times as many."""
SIZE = 32_768
FORGET = 0.75
"""What is left of a window's weight after the next one."""
LOWEST_HZ, HIGHEST_HZ = 200.0, 4000.0
"""Where speech is, and small loudspeakers play."""
CLEAR = 14.0
"""A peak this many times the root mean square is one. Different speech reaches 10 at times, an echo
12 dB below a voice over it 30."""
EARLIEST_S, LATEST_S = -0.1, 0.45
"""Delays that are looked for."""


class DelayFinder:
    """Gets both signals while the loudspeaker sounds; used by one thread."""

    def __init__(self) -> None:
        bins = np.fft.rfftfreq(SIZE, 1 / RATE)
        self._band = (bins >= LOWEST_HZ) & (bins <= HIGHEST_HZ)
        self.reset()

    def reset(self) -> None:
        """The delay is another one now."""
        frames = WINDOW // FRAME_SAMPLES
        self._near: deque[Pcm] = deque(maxlen=frames)
        self._far: deque[Pcm] = deque(maxlen=frames)
        self._wait = HOP
        self._cross: NDArray[np.complex64] = np.zeros(SIZE // 2 + 1, np.complex64)

    def feed(self, near: Pcm, far: Pcm) -> float | None:
        """Take a frame of both; return by how many s `near` is later than `far`, once it is clear.

        None: not known yet, nothing of `far` can be heard, or it was told lately.
        """
        self._near.append(near)
        self._far.append(far)
        self._wait -= 1
        if self._wait:
            return None
        found = self._look(np.concatenate(self._near), np.concatenate(self._far))
        self._wait = HOP if found is None else HOP * RARELY
        return found

    def _look(self, near: Pcm, far: Pcm) -> float | None:
        spectra = [np.fft.rfft(each.astype(np.float32), SIZE) for each in (near, far)]
        self._cross *= FORGET
        self._cross += np.where(self._band, spectra[0] * spectra[1].conj(), 0)
        size = np.abs(self._cross)
        if not (loudest := float(size.max())):
            return None
        correlation = np.abs(np.fft.irfft(self._cross / (size + 1e-6 * loudest)))
        peak = int(np.argmax(correlation[_LAGS]))
        strength = correlation[_LAGS[peak]] / np.sqrt(np.mean(correlation**2))
        return float(_LAGS[peak]) / RATE if strength > CLEAR else None


_LAGS = np.arange(round(EARLIEST_S * RATE), round(LATEST_S * RATE))
