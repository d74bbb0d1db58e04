"""Sample rate conversion: whole recordings by soxr, live sound by a short filter.

soxr is the better filter and `resample` uses it. But its stream works in large blocks: fed with
10 ms of 48 kHz sound it gives back nothing for 37 ms (44.1 kHz: 40 ms) and then everything at
once (soxr 1.1.0, quality HQ; LQ: 20 ms). Live that delay would be added to every answer.
`Resampler` is a windowed sinc of `HALF` zero crossings a side instead: it is 1.5 ms late towards
16 kHz, gives something at every call, and costs 40 us for 20 ms of sound.
"""

from functools import cache
from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm

HALF = 24
"""Zero crossings of the sinc on each side of its centre."""
BETA = 7.86
"""Shape of the Kaiser window: 80 dB of stop-band attenuation (Kaiser 1974: .1102 (A - 8.7))."""
CUTOFF = 0.9
"""Corner relative to the lower of both Nyquist frequencies, so that the stop band begins at about
1.0: the transition is (80 - 8) / (14.36 * 2 * HALF) = .1 of the lower rate wide."""


def resample(pcm: Pcm, rate_in: int, rate_out: int) -> Pcm:
    """Return the whole sound `pcm` (samples,) int16 at `rate_out` Hz instead of `rate_in` Hz."""
    if rate_in == rate_out or len(pcm) == 0:
        return pcm
    import soxr  # type: ignore[import-untyped]

    return np.asarray(soxr.resample(pcm, rate_in, rate_out), dtype=np.int16)


class Resampler:
    """Converts a live stream; what it returns for any cutting of the input is the same.

    Output sample k belongs to the input's time k / `rate_out`: the filter's delay shows in *when*
    samples are returned, not in where they are.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        """Both rates in Hz."""
        common = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        self._taps = _filter_bank(self._up, self._down)
        self._reach = self._taps.shape[1] // 2
        self.delay = 0 if rate_in == rate_out else self._reach
        """Input samples that it must see beyond the one that an output sample belongs to."""
        self._restart()

    def _restart(self) -> None:
        self._pending = np.zeros(self._reach - 1, np.float32)  # input that is still needed
        self._first = 1 - self._reach  # which input sample pending[0] is
        self._made = 0  # output samples so far

    def feed(self, pcm: Pcm) -> Pcm:
        """Take (samples,) int16 at `rate_in`; return what is ready, (samples,) int16."""
        if self._up == self._down:
            return pcm
        self._pending = np.concatenate((self._pending, pcm), dtype=np.float32)
        return self._convolve(until=self._first + len(self._pending) - self._reach)

    def flush(self) -> Pcm:
        """Return what was held back and begin anew, ready for another sound."""
        if self._up == self._down:
            return np.zeros(0, np.int16)
        until = self._first + len(self._pending)
        self._pending = np.concatenate((self._pending, np.zeros(self._reach, np.float32)))
        rest = self._convolve(until)
        self._restart()
        return rest

    def _convolve(self, until: int) -> Pcm:
        """Make the output samples that belong to a time before input sample number `until`."""
        stop = -(-until * self._up // self._down)
        if stop <= self._made:
            return np.zeros(0, np.int16)
        positions = np.arange(self._made, stop, dtype=np.int64) * self._down
        starts = positions // self._up - (self._reach - 1) - self._first
        windows = np.lib.stride_tricks.sliding_window_view(self._pending, 2 * self._reach)
        sound = np.einsum("ij,ij->i", windows[starts], self._taps[positions % self._up])
        self._made = stop
        used = stop * self._down // self._up - (self._reach - 1) - self._first
        used = min(max(used, 0), len(self._pending))
        self._pending = self._pending[used:]
        self._first += used
        ready: Pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
        return ready


@cache
def _filter_bank(up: int, down: int) -> NDArray[np.float32]:
    """Return one filter a row for each of the `up` positions between two input samples.

    Polyphase windowed sinc (Crochiere & Rabiner, Multirate Digital Signal Processing, 1983):
    shape (up, taps); row p is centred p / `up` samples after tap number taps / 2 - 1.
    """
    scale = min(1.0, up / down)  # the lower of both rates, relative to the input's
    reach = ceil(HALF / scale)
    taps = np.arange(1 - reach, reach + 1)
    distance = taps[None, :] - np.arange(up)[:, None] / up
    window = np.i0(BETA * np.sqrt(np.clip(1 - (distance / reach) ** 2, 0, None)))
    bank = np.sinc(CUTOFF * scale * distance) * window
    bank /= bank.sum(axis=1, keepdims=True)  # every phase lets a constant through unchanged
    return bank.astype(np.float32)
