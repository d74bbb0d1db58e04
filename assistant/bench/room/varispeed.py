"""Reads a stream between its samples: another sample rate, and two clocks that disagree."""

import numpy as np
from numpy.typing import NDArray

from assistant.bench.room.acoustics import Sound

HALF = 32
"""Zero crossings of the sinc on each side of its centre."""
PHASES = 512
"""Filters between two samples; between two of them it is interpolated, for -100 dB of error."""
BETA = 8.0
"""Shape of the Kaiser window: some 80 dB of stop-band attenuation."""
CUTOFF = 0.95
"""Corner relative to the lower of both Nyquist frequencies."""


class Varispeed:
    """Keeps what it is fed until positions behind it are asked for."""

    def __init__(self, ratio: float) -> None:
        """`ratio` is the rate of what is fed by the rate of the positions that are asked for."""
        scale = min(1.0, 1.0 / ratio) * CUTOFF
        self._reach = int(np.ceil(HALF / min(1.0, 1.0 / ratio)))
        taps = np.arange(1 - self._reach, self._reach + 1)
        distance = taps[None, :] - np.arange(PHASES + 1)[:, None] / PHASES
        window = np.i0(BETA * np.sqrt(np.clip(1 - (distance / self._reach) ** 2, 0, None)))
        bank = np.sinc(scale * distance) * window
        self._bank = bank / bank.sum(axis=1, keepdims=True)
        self._kept = np.zeros(2 * self._reach)  # before the first sample there was silence
        self._first = -2 * self._reach

    @property
    def fed(self) -> int:
        """How many samples were fed so far."""
        return self._first + len(self._kept)

    def needed(self, position: float) -> int:
        """Return how many samples must be fed before `take` can read at `position`."""
        return max(0, int(np.floor(position)) + self._reach + 1)

    def feed(self, sound: Sound) -> None:
        """Take the next samples (samples,)."""
        self._kept = np.concatenate((self._kept, sound))

    def take(self, positions: NDArray[np.float64]) -> Sound:
        """Return the sound at ascending `positions` (count,), in samples of what was fed.

        Before sample 0 there is silence. What lies behind the last position is forgotten.
        """
        whole = np.floor(positions)
        phase = (positions - whole) * PHASES
        row = phase.astype(np.int64)
        share = (phase - row)[:, None]
        filters = (1 - share) * self._bank[row] + share * self._bank[row + 1]
        starts = whole.astype(np.int64) + 1 - self._reach - self._first
        before = starts < 0  # silence
        windows = np.lib.stride_tricks.sliding_window_view(self._kept, 2 * self._reach)
        sound = np.einsum("ij,ij->i", windows[np.where(before, 0, starts)], filters)
        sound[before] = 0.0
        used = min(max(0, int(starts[-1])), len(self._kept) - 2 * self._reach)
        self._kept, self._first = self._kept[used:], self._first + used
        return np.asarray(sound, np.float64)
