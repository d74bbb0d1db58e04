"""Whisper's network, which tells languages apart at hardly any cost. Imports faster-whisper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from numpy.typing import NDArray


class Network(WhisperModel):  # type: ignore[misc]  # it has no types
    """A `WhisperModel` that encodes a sound once for both: its language, and its words.

    The encoder is what takes the time. `transcribe` of the same sound has to follow `which`.
    """

    _encoded: Any = None

    def which(self, sound: NDArray[np.float32], languages: Sequence[str]) -> str:
        """Return the one of `languages` that is spoken in `sound`, (samples,), 16 kHz, -1 to 1.

        Whisper tells a hundred languages apart, and takes short Chinese for Japanese or worse; of
        its probabilities only those of `languages` are looked at.
        """
        frames = self.feature_extractor(sound)[..., :-1]  # as `transcribe` cuts them
        self._encoded = super().encode(pad_or_trim(frames))
        told = dict(self.model.detect_language(self._encoded)[0])
        return max(languages, key=lambda language: told[f"<|{language}|>"])

    def encode(self, features: NDArray[np.float32]) -> Any:
        """Return what was encoded by `which` just now, else encode `features`."""
        encoded, self._encoded = self._encoded, None
        return super().encode(features) if encoded is None else encoded
