"""How much later than the stamps say the loudspeaker is heard: the way of the sound, and lies.

The generalised cross-correlation with phase transform (C. Knapp and G. Carter, IEEE TASSP 1976),
over some seconds of speech. What somebody says meanwhile is not correlated and averages out.
"""

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm

WINDOW = 16_384
"""Samples that are correlated at once: 1 s."""
HOP = 8_192
"""A window begins so many samples after the last one."""
SIZE = 2 * WINDOW
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
        self._near: list[Pcm] = []
        self._far: list[Pcm] = []
        self._samples = 0
        self._cross: NDArray[np.complex128] = np.zeros(SIZE // 2 + 1, np.complex128)

    def feed(self, near: Pcm, far: Pcm) -> float | None:
        """Take a frame of both; return by how many s `near` is later than `far`, once it is clear.

        None: not known yet, or nothing of `far` can be heard. Told once a window.
        """
        self._near.append(near)
        self._far.append(far)
        self._samples += len(near)
        if self._samples < WINDOW:
            return None
        found = self._look(np.concatenate(self._near), np.concatenate(self._far))
        gone = HOP // FRAME_SAMPLES
        self._near, self._far = self._near[gone:], self._far[gone:]
        self._samples = sum(map(len, self._near))
        return found

    def _look(self, near: Pcm, far: Pcm) -> float | None:
        spectra = [np.fft.rfft(each[:WINDOW].astype(np.float32), SIZE) for each in (near, far)]
        self._cross *= FORGET
        self._cross += np.where(self._band, spectra[0] * spectra[1].conj(), 0)
        size = np.abs(self._cross)
        if not (loudest := float(size.max())):
            return None
        correlation = np.abs(np.fft.irfft(self._cross / (size + 1e-6 * loudest)))
        lags = np.arange(round(EARLIEST_S * RATE), round(LATEST_S * RATE))
        peak = int(np.argmax(correlation[lags]))
        strength = correlation[lags[peak]] / np.sqrt(np.mean(correlation**2))
        return float(lags[peak]) / RATE if strength > CLEAR else None
