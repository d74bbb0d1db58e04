"""Which sample of a device belongs to which moment, however its stamps jitter, wander and lie.

Samples are counted: one that follows another one is a period later, whatever the stamps say. They
tell when the first one is, how far the device's rate is from what it claims, and that it was
paused. A step in them may be a device that ran dry, or a lie: a microphone's are 12 ms late for
some seconds and come back (PulseAudio's ALSA plug-in, measured on its null sink, from which not a
sample was lost). So steps are told, and whoever knows better takes them.
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
STEP_S, ALIKE_S, STEADY = 0.003, 0.002, 10
"""So many stamps in a row that are all off by more than that, and by the same, are a step."""
FOLLOWS = 0.05
"""How quickly it is followed what stamps are off by otherwise, at each of them."""
WINDOWS = 60
"""Windows that tell the rate: the last minute."""
CAUTION = 3.0
"""Stamps wander together for some seconds, so a line through them is less sure than it looks."""


class SteadyClock:
    """Maps sample numbers of one device to monotonic s and back."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz, as the device claims."""
        self._rate = rate
        self._number = 0.0
        self._time: float | None = None
        self._skew = 0.0  # a second of samples takes 1 + skew s
        self._line: deque[tuple[float, float]] = deque(maxlen=WINDOWS)  # (s, offset without steps)
        self._settles = False
        self._begin = 0  # of the window
        self._offsets: list[float] = []
        self._before: tuple[float, float] | None = None  # the last window's offset, and its middle
        self._bias = 0.0  # what the stamps are off by lately
        self._off: list[float] = []  # and the last ones beside that

    @property
    def known(self) -> bool:
        """Whether there was a stamp."""
        return self._time is not None

    @property
    def skew(self) -> float:
        """How much longer than claimed a sample lasts: 1e-4 is a device 100 ppm too slow."""
        return self._skew

    def stamp(self, number: int, time: float) -> float | None:
        """Sample `number` belongs to `time`, says the device.

        Returns a step in what it says, in s; 0 where time began anew, after a pause, or is known
        better now; else None. Only what begins anew is another time here, too, see `step`.
        """
        if self._time is None or abs(time - self.time(number)) > JUMP_S:
            self._number, self._time = number, time  # a device that was paused keeps its crystal
            self._clear(number)
            self._settles = True
            return 0.0
        since = (number - self._begin) / self._rate
        if self._settles:
            if since > BURST_S:
                self._offsets.append(time - number / self._rate)
            return self._settle(number) if since >= SETTLE_S else None
        self._offsets.append(time - number / self._rate)
        if since >= WINDOW_S:
            self._window(number)
        return self._stepped(time - self.time(number) - self._bias)

    def step(self, seconds: float) -> None:
        """The step that was told is true: what comes is so much later."""
        assert self._time is not None
        self._time += seconds
        self._bias -= seconds

    def time(self, number: float) -> float:
        """Return when sample `number` is, in monotonic s."""
        assert self._time is not None
        return self._time + (number - self._number) / self._rate * (1 + self._skew)

    def number(self, time: float) -> float:
        """Return which sample belongs to `time`, with its fraction."""
        assert self._time is not None
        return self._number + (time - self._time) * self._rate / (1 + self._skew)

    def _settle(self, number: int) -> float:
        self._time = statistics.median(self._offsets) + number / self._rate
        self._number = number
        self._clear(number)
        return 0.0

    def _window(self, number: int) -> None:
        offset, middle = statistics.median(self._offsets), (self._begin + number) / 2
        before, self._before = self._before, (offset, middle)
        self._begin = number
        self._offsets.clear()
        if before is None:
            return
        seconds = (middle - before[1]) / self._rate
        change = offset - before[0]
        if abs(change) > SLIP_S * seconds / WINDOW_S:
            change = self._skew * seconds  # a step is no change of the rate
        at, last = self._line[-1] if self._line else (0.0, 0.0)
        self._line.append((at + seconds, last + change))
        if len(self._line) > 1:
            self._fit(number)

    def _fit(self, number: int) -> None:
        """The rate is the line's of least squares, as far as its points let it be believed."""
        times, offsets = (list(each) for each in zip(*self._line, strict=True))
        middle, mean = statistics.fmean(times), statistics.fmean(offsets)
        across = sum((each - middle) ** 2 for each in times)
        pairs = list(zip(times, offsets, strict=True))
        slope = sum((time - middle) * (offset - mean) for time, offset in pairs) / across
        left = [offset - mean - slope * (time - middle) for time, offset in pairs]
        spread = statistics.fmean(each * each for each in left) ** 0.5
        error = CAUTION * spread / across**0.5 + CRYSTAL / len(pairs) ** 2
        share = CRYSTAL**2 / (CRYSTAL**2 + error**2)
        self._time, self._number = self.time(number), number
        self._skew = min(max(share * slope, -LIMIT), LIMIT)

    def _stepped(self, error: float) -> float | None:
        if abs(error) < STEP_S:
            self._bias += FOLLOWS * error
            self._off.clear()
            return None
        if self._off and abs(error - self._off[0]) > ALIKE_S:
            self._off.clear()
        self._off.append(error)
        if len(self._off) < STEADY:
            return None
        seconds = statistics.median(self._off)
        self._bias += seconds
        self._off.clear()
        return seconds

    def _clear(self, number: int) -> None:
        self._settles = False
        self._begin = number
        self._offsets.clear()
        self._before = None
        self._bias = 0.0
        self._off.clear()
