"""A source that was made for one rate, for a loudspeaker that has another."""

from math import ceil

import numpy as np

from assistant.audio.frames import Pcm, Source
from assistant.audio.resample import Resampler


class Rated:
    """A `Source` at `to` Hz; used by the callback of one loudspeaker."""

    def __init__(self, source: Source, rate: int, to: int) -> None:
        """`source` gives samples at `rate` Hz."""
        self._source, self._rate, self._to = source, rate, to
        self._resampler = Resampler(rate, to)
        self._ready: Pcm = np.zeros(0, np.int16)
        self._asked = self._given = 0  # samples, at either rate

    def __call__(self, out: Pcm, audible_at: float) -> None:
        """See `Source`."""
        begin = audible_at - self._given / self._to  # when the first sample of all was heard
        while (lacking := len(out) - len(self._ready)) > 0:
            block: Pcm = np.zeros(ceil(lacking * self._rate / self._to), np.int16)
            self._source(block, begin + self._asked / self._rate)
            self._asked += len(block)
            self._ready = np.concatenate((self._ready, self._resampler.feed(block)))
        out[:], self._ready = self._ready[: len(out)], self._ready[len(out) :]
        self._given += len(out)
