"""Takes the constant part out of a microphone's sound.

Cheap sound cards give one. Nobody hears it, but levels are counted from the samples: a constant of
one per cent of full scale is -40 dBFS, which would pass for speech.
"""

import numpy as np

from assistant.audio.frames import Pcm

SETTLE = 250
"""Frames (5 s) over which the constant is averaged: what a deep voice leaves in the mean of single
frames is gone then. A one-pole high-pass, a step a frame, with its corner at 0.03 Hz."""
SURE = 25
"""Frames after which the average is one."""
LEAST = 32.0
"""A smaller constant (-60 dBFS) does no harm, and the sound stays as it came."""


class Centred:
    """Used by one thread, for one microphone."""

    def __init__(self) -> None:
        self._frames = 0
        self.offset = 0.0
        """The constant, in steps of int16."""

    def apply(self, pcm: Pcm) -> Pcm:
        """Return the next frame (samples,) int16 without the constant."""
        self._frames += 1
        self.offset += (float(pcm.mean()) - self.offset) / min(self._frames, SETTLE)
        if self._frames < SURE or abs(self.offset) < LEAST:
            return pcm
        moved = pcm.astype(np.int32) - round(self.offset)
        centred: Pcm = np.clip(moved, -32768, 32767).astype(np.int16)
        return centred
