"""How loud a piece of sound is."""

from collections.abc import Sequence

import numpy as np

from assistant.audio.frames import RATE, Pcm

FULL_SCALE = 32768.0
"""The magnitude of int16 that is 0 dBFS."""

QUIETEST = -120.0
"""dBFS of digital silence; below anything that 16 bits can hold (-90)."""

STEPS = 5
"""Frames whose levels a face is told at once: ten times a second."""
SOFT, LOUD = -55.0, -20.0
"""dBFS at the microphone whose levels are 0 and 1."""


def dbfs(pcm: Pcm) -> float:
    """Return the RMS level of samples (samples,) int16 in dBFS, `QUIETEST` to 0.

    A full-scale square wave is 0 dBFS, a full-scale sine is -3. No samples count as silence.
    """
    if len(pcm) == 0:
        return QUIETEST
    mean_square = float(np.mean(np.square(pcm, dtype=np.float64)))
    return _decibels(mean_square / FULL_SCALE**2) if mean_square else QUIETEST


def peak(pcm: Pcm) -> float:
    """Return the largest magnitude among samples (samples,) int16, as a part of full scale."""
    if len(pcm) == 0:
        return 0.0
    return max(int(pcm.max()), -int(pcm.min())) / FULL_SCALE


def told(frames: Sequence[Pcm], end: float) -> dict[str, object]:
    """Return what a face is told of frames, the last of which ends at `end` (monotonic s)."""
    parts = ((dbfs(pcm) - SOFT) / (LOUD - SOFT) for pcm in frames)
    levels = [round(min(max(part, 0.0), 1.0), 2) for part in parts]
    at = end - sum(len(pcm) for pcm in frames) / RATE
    return {"at": round(at, 4), "step": round(len(frames[0]) / RATE, 4), "levels": levels}


def _decibels(power: float) -> float:
    return max(QUIETEST, 10.0 * float(np.log10(power)))
