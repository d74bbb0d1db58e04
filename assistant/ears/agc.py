"""Makes the speech of a microphone that is far too soft louder: automatic gain, within limits.

Recognisers and detectors here do not mind how loud speech is over 40 dB: only below that words are
lost, and a plain factor brings them back. So there is one factor for an utterance, and none at all
for a microphone that is loud enough; one that is too loud has lost what no factor brings back.
"""

import statistics
from collections import deque

import numpy as np

from assistant.audio.frames import Pcm

SOFT_DBFS = -45.0
"""Where the loudest frame of an utterance is below that, words begin to be lost."""
WISHED_DBFS = -30.0
"""... and to that level it is brought, for people move and turn round."""
MOST_DB = 24.0
NOISE_DBFS = -45.0
"""The noise floor is not made louder than that: it would be taken for speech, or hide its end."""
ABOVE_DB = 12.0
"""What is so far above the noise floor was speech."""
UTTERANCES = 2
"""Utterances by which it is known how loud somebody speaks."""


class AutomaticGain:
    """Used by the microphone's thread."""

    def __init__(self) -> None:
        self.decibels = 0.0
        """By how much it makes louder now."""
        self._factor = 1.0
        self._loudest: deque[float] = deque(maxlen=3)

    def heard(self, loudest: float, noise: float | None) -> None:
        """An utterance is over whose loudest frame had that level, before this gain, in dBFS.

        `noise` is the level of what is always there, None where it is not known.
        """
        if noise is not None and loudest < noise + ABOVE_DB:
            return
        self._loudest.append(loudest)
        if len(self._loudest) < UTTERANCES:
            return
        speech = statistics.median(self._loudest)
        wished = WISHED_DBFS - speech if speech < SOFT_DBFS else 0.0
        room = MOST_DB if noise is None else NOISE_DBFS - noise
        self.decibels = max(0.0, min(wished, room, MOST_DB))
        self._factor = 10.0 ** (self.decibels / 20.0)

    def apply(self, pcm: Pcm) -> Pcm:
        """Return the next frame (samples,) int16, louder where that is needed."""
        if self._factor == 1.0:
            return pcm
        louder: Pcm = np.clip(np.rint(pcm * self._factor), -32768, 32767).astype(np.int16)
        return louder
