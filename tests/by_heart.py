"""Ears for tests in a language that no recogniser here understands from the voices that are here.

The only fake is the recogniser. Sound, voice activity and all that follows are real.
"""

import numpy as np

from assistant.ears.recogniser import Transcript

LOOKS = 400
"""Samples of a known sound that are compared, all over its length."""
ALIKE = 0.8
"""Correlation from which on it is the same sound: the echo canceller may have worked on it."""


class ByHeart:
    """A fake `Recogniser`: it knows a few sounds by heart, and writes down which it has heard."""

    name, streaming = "by heart", True

    def __init__(self, known):
        """`known` has a sound (samples,) int16 for each text."""
        self._known = {text: self._looked_at(pcm) for text, pcm in known.items()}
        self._longest = max(map(len, known.values()))
        self.start()

    def start(self):
        self._sound, self._heard = np.zeros(self._longest, np.float32), ""

    def feed(self, pcm):
        self._sound = np.append(self._sound[-self._longest :], pcm.astype(np.float32))
        before = self._heard
        for text, (length, places, looks) in self._known.items():
            spans = np.lib.stride_tricks.sliding_window_view(self._sound, length)
            spans = spans[-len(pcm) :, places]  # those that end within what is new
            loud = np.linalg.norm(spans, axis=1) + 1.0
            if (spans @ looks / loud).max() > ALIKE:
                self._heard += text
                self._sound[:] = 0.0  # it is heard once
        return self._heard if self._heard != before else None

    def settle(self):
        return self._heard

    def finish(self):
        text = self._heard
        self.start()
        return Transcript(text)

    def close(self):
        pass

    def _looked_at(self, pcm):
        places = np.linspace(0, len(pcm) - 1, LOOKS).astype(int)
        looks = pcm[places].astype(np.float32)
        return len(pcm), places, looks / np.linalg.norm(looks)
