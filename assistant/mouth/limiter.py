"""Keeps the loudest samples below a ceiling, without clipping and before they are played.

A look-ahead limiter in blocks of a millisecond: the factor that the loudest sample of a block needs
is reached before it, kept around it and left after it, in a straight line each. Nothing happens to
sound that stays below, which is most of it.
"""

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm

CEILING_DBFS = -1.5
"""No sample is louder. EBU R 128 allows -1 dBTP between the samples, where the wave of the voices
here goes up to 0.2 dB higher than at them."""
STEP_S = 0.001
REACH = 10
"""Steps before and after a loud one that are turned down with it: longer than a period of any
voice, so that the factor does not follow the wave itself, which would be distortion."""

CEILING = 32767.0 * 10.0 ** (CEILING_DBFS / 20.0)


class Limiter:
    """Used by one thread, for one sound, which comes in pieces and begins in silence."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz."""
        self._step = max(1, round(STEP_S * rate))
        self._before: float | None = None  # the factor of the last sample

    def apply(self, wave: NDArray[np.float32]) -> Pcm:
        """Return the next samples `wave` (samples,), where 32767 is full scale, as int16."""
        if len(wave):
            held = self._before is not None and self._before < 1.0
            if held or float(np.abs(wave).max()) > CEILING:
                factors = self._factors(wave)
                self._before = float(factors[-1])
                wave = np.clip(wave * factors, -CEILING, CEILING)
            else:
                self._before = 1.0
        pcm: Pcm = np.rint(wave).astype(np.int16)
        return pcm

    def _factors(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        count = -(-len(wave) // self._step)
        whole = np.zeros(count * self._step, np.float32)
        whole[: len(wave)] = np.abs(wave)
        peaks = whole.reshape(count, self._step).max(axis=1)
        needed = CEILING / np.maximum(peaks, CEILING)
        lowest = _windows(needed, REACH).min(axis=1)
        # A mean over less than that reach: each still reaches the step that needs it.
        smooth = _windows(lowest, REACH // 2).mean(axis=1)
        middles = (np.arange(count) + 0.5) * self._step
        at = np.arange(len(wave), dtype=np.float32)
        factors = np.interp(at, middles, smooth).astype(np.float32)
        if self._before is not None:  # what was made before can be turned down no more
            slope = self._step * REACH
            part = np.clip(1.0 - at / slope, 0.0, 1.0)
            factors += part * max(self._before - float(factors[0]), 0.0)
            factors = np.minimum(factors, self._before + (at + 1.0) / slope)
        kept: NDArray[np.float32] = np.minimum(factors, 1.0)
        return kept


def _windows(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the `reach` neighbours on each side of each value, (values, 2 * reach + 1)."""
    padded = np.pad(values, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
