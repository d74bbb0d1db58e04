"""What left the loudspeaker, at 16 kHz, found by the time at which it sounded.

The audio callback only notes its blocks; all work is done by the one who reads. Positions are
sample numbers at the loudspeaker's own rate, counted since its start; a `SteadyClock` knows when
each of them sounds, so a crystal that is off shows as a reading that is a little faster or slower.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from assistant.audio.echo.steady import SteadyClock
from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import BETA, Resampler

INBOX = 4096
"""Blocks that may wait for the reader: 20 s of the usual 5 ms; the older ones are given up."""
KEPT_S = 2.0
"""Seconds of sound that can be read back."""
PAUSE_S = 0.5
"""Silence up to this long belongs to the sound around it."""
TAPS = 32
"""Length of the filter that reads between two samples."""
PHASES = 256
"""Places between two samples that it knows: an error of 1/512 sample is -50 dB at 4 kHz."""


class Reference:
    """Written by the audio callback (`sounded`), read by one other thread."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz is the loudspeaker's."""
        self.clock = SteadyClock(rate)
        self._rate = rate
        self._inbox: deque[tuple[int, Pcm | None, float]] = deque(maxlen=INBOX)
        self._count = self._quiet = 0  # the callback's
        self._loud_until = -1 << 62  # number behind the last sample that was not silence
        self._next = -1  # number that continues what was written last
        self._begin = 0  # number of the first sample since the last pause
        self._resampler = Resampler(rate, RATE)
        self._kept: Pcm = np.zeros(0, np.int16)
        self._first = 0  # which sample at 16 kHz since `_begin` kept[0] is

    def sounded(self, pcm: Pcm, audible_at: float) -> None:
        """Take what was given to the loudspeaker; see `assistant.audio.frames.Source`."""
        number = self._count
        self._count += len(pcm)
        self._quiet = 0 if pcm.any() else self._quiet + len(pcm)
        kept = self._quiet <= PAUSE_S * self._rate
        self._inbox.append((number, pcm.copy() if kept else None, audible_at))

    def update(self) -> float | None:
        """Take in what was noted since the last time.

        Returns by how many s all is later from now on, where a step in the device's time was taken;
        0 where it began anew, else None.
        """
        blocks: list[Pcm] = []
        moved: float | None = None
        while self._inbox:
            number, pcm, audible_at = self._inbox.popleft()
            if (step := self.clock.stamp(number, audible_at)) is not None:
                self.clock.step(step)  # a loudspeaker that ran dry is the usual reason
                moved = step
            if pcm is None:
                continue
            if number != self._next:
                self._restart(number)
                blocks.clear()
            self._next = number + len(pcm)
            if pcm.any():
                self._loud_until = self._next
            blocks.append(pcm)
        if blocks:  # together: a call costs more than what it does
            made = self._resampler.feed(np.concatenate(blocks))
            kept = np.concatenate((self._kept, made))
            over = max(0, len(kept) - round(KEPT_S * RATE))
            self._kept, self._first = kept[over:], self._first + over
        return moved

    def sounds(self, since: float) -> bool:
        """Whether anything sounded at `since` (monotonic s) or later, or is about to."""
        return self.clock.known and self.clock.time(self._loud_until) > since

    def missing(self, until: float) -> float:
        """Return how many s before `until` (monotonic s) it ends."""
        end = self._place(until) + TAPS // 2
        return max(0.0, (end - self._first - len(self._kept)) / RATE)

    def read(self, begin: float, end: float, count: int) -> Pcm:
        """Return `count` samples int16 from `begin` to `end` (monotonic s); silence where unknown.

        The samples are as far from one another as the loudspeaker's crystal wants it.
        """
        first, last = self._place(begin), self._place(end)
        places = first + (last - first) / count * np.arange(count)
        whole = np.floor(places)
        phases = np.minimum(((places - whole) * PHASES).astype(np.intp), PHASES - 1)
        starts = whole.astype(np.intp) - (TAPS // 2 - 1)
        low, high = int(starts[0]), int(starts[-1]) + TAPS
        around = self._samples(low, high)
        windows = np.lib.stride_tricks.sliding_window_view(around, TAPS)[starts - low]
        sound = np.einsum("ij,ij->i", windows, _BANK[phases])
        read: Pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
        return read

    def _place(self, time: float) -> float:
        """Return which sample at 16 kHz since `_begin` sounds at `time`."""
        return (self.clock.number(time) - self._begin) * RATE / self._rate

    def _samples(self, low: int, high: int) -> NDArray[np.float32]:
        """Return the samples from number `low` (at 16 kHz, since `_begin`) to before `high`."""
        out = np.zeros(high - low, np.float32)
        begin, end = max(low, self._first), min(high, self._first + len(self._kept))
        if begin < end:
            out[begin - low : end - low] = self._kept[begin - self._first : end - self._first]
        return out

    def _restart(self, number: int) -> None:
        self._begin, self._first = number, 0
        self._kept = np.zeros(0, np.int16)
        self._resampler = Resampler(self._rate, RATE)


def _bank() -> NDArray[np.float32]:
    """Return a windowed sinc for the middle of each phase, shape (`PHASES`, `TAPS`)."""
    offsets = (np.arange(PHASES) + 0.5) / PHASES
    distance = np.arange(TAPS)[None, :] - (TAPS // 2 - 1) - offsets[:, None]
    window = np.i0(BETA * np.sqrt(np.clip(1 - (distance / (TAPS // 2)) ** 2, 0, None)))
    bank = np.sinc(distance) * window
    bank /= bank.sum(axis=1, keepdims=True)
    return bank.astype(np.float32)


_BANK = _bank()
