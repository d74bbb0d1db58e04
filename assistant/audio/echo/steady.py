"""Which sample of a device belongs to which moment, however its stamps jitter, wander and lie.

Samples are counted: one that follows another one is a period later, whatever the stamps say. They
tell when the first one is, how far the device's rate is from what it claims, and that it was
paused. A sound server's stamps are off by 12 ms for some seconds and come back (PulseAudio's ALSA
plug-in, measured on its null sink, from which not a sample was lost), so no more is believed; where
an echo really has moved, that is heard.
"""

import statistics
from collections import deque

CRYSTAL = 100e-6
"""How far a rate is believed to be off, before anything is known; the worst crystals are 200 ppm
off, the usual ones 20."""
LIMIT = 4e-4
"""Two devices are no further apart than this; what seems to be is not."""
JUMP_S = 0.2
"""A stamp that is further off than this begins anew: the device was paused."""
SETTLE_S, BURST_S = 0.5, 0.3
"""The time of a stream that has begun is known after so long; the first blocks are asked for in a
burst, and their stamps, up to 47 ms off there, say nothing."""
WINDOW_S = 1.0
"""Stamps of so long are taken together."""
SLIP_S = 1e-3
"""Between two windows no crystal makes more than this: samples are missing, or the stamps lie."""
WINDOWS = 60
"""Windows that tell the rate: the last minute."""
NORMAL = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations of it."""


class SteadyClock:
    """Maps sample numbers of one device to monotonic s and back."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz, as the device claims."""
        self._rate = rate
        self._number = 0.0
        self._time: float | None = None
        self._skew = 0.0  # a second of samples takes 1 + skew s
        self._changes: deque[float] = deque(maxlen=WINDOWS)  # of the offset, in s for each s
        self._settles = False
        self._begin = 0  # of the window
        self._offsets: list[float] = []
        self._before: tuple[float, float] | None = None  # the last window's offset, and its middle

    @property
    def known(self) -> bool:
        """Whether there was a stamp."""
        return self._time is not None

    @property
    def skew(self) -> float:
        """How much longer than claimed a sample lasts: 1e-4 is a device 100 ppm too slow."""
        return self._skew

    def stamp(self, number: int, time: float) -> bool:
        """Sample `number` belongs to `time`, says the device; return whether time may have jumped.

        Only after a pause it is another time here, too.
        """
        if self._time is None or abs(time - self.time(number)) > JUMP_S:
            self._number, self._time = number, time  # a device that was paused keeps its crystal
            self._clear(number)
            self._settles = True
            return True
        since = (number - self._begin) / self._rate
        if not self._settles or since > BURST_S:
            self._offsets.append(time - number / self._rate)
        if self._settles:
            return self._settle(number, since)
        if since < WINDOW_S:
            return False
        offset, middle = statistics.median(self._offsets), (self._begin + number) / 2
        before, self._before = self._before, (offset, middle)
        self._begin = number
        self._offsets.clear()
        if before is None:
            return False
        change = (offset - before[0]) / (middle - before[1]) * self._rate
        if abs(change) > SLIP_S / WINDOW_S:
            return True
        self._changes.append(change)
        self._fit(number)
        return False

    def time(self, number: float) -> float:
        """Return when sample `number` is, in monotonic s."""
        assert self._time is not None
        return self._time + (number - self._number) / self._rate * (1 + self._skew)

    def number(self, time: float) -> float:
        """Return which sample belongs to `time`, with its fraction."""
        assert self._time is not None
        return self._number + (time - self._time) * self._rate / (1 + self._skew)

    def _settle(self, number: int, since: float) -> bool:
        if since < SETTLE_S:
            return False
        self._time = statistics.median(self._offsets) + number / self._rate
        self._number = number
        self._clear(number)
        return True

    def _clear(self, number: int) -> None:
        self._settles = False
        self._begin = number
        self._offsets.clear()
        self._before = None

    def _fit(self, number: int) -> None:
        """The rate is the median of all changes, as far as their spread lets it be believed."""
        count = len(self._changes)
        middle = statistics.median(self._changes)
        spread = NORMAL * statistics.median(abs(each - middle) for each in self._changes)
        error = (1.25 * spread + CRYSTAL / count) / count**0.5  # 1.25: a median is not a mean
        share = CRYSTAL**2 / (CRYSTAL**2 + error**2)
        self._time, self._number = self.time(number), number
        self._skew = min(max(share * middle, -LIMIT), LIMIT)
