"""Which sample of a device belongs to which moment, steadily, however its stamps jitter.

A Kalman filter of two unknowns, the time of a sample and how far the device's rate is from what it
claims; with R. E. Kalman's gains it is at first the line of least squares through all stamps, and
later one through the last half minute (A New Approach to Linear Filtering, 1960).
"""

JITTER_S = 2e-3
"""How far a stamp is believed to be off."""
CRYSTAL = 100e-6
"""How far a rate is believed to be off, before anything is known; the worst crystals are 200 ppm
off, the usual ones 20."""
WANDER = 1e-6
"""How much that changes within a second, by temperature."""
JUMP_S = 0.2
"""A stamp that is further off than this begins anew: the device was paused."""
OFF_S, STEADY = 0.004, 50
"""And so do so many in a row that are all off by this: it ran dry, or samples were lost. On a busy
machine single stamps are off by much more, though no sample is."""
LIMIT = 4e-4
"""Two devices are no further apart than this, and hardly ever 200 ppm; what seems to be is not."""
ODD_S = 5e-4
"""A stamp that is further off than this tells no more than one that is just so far off."""


class SteadyClock:
    """Maps sample numbers of one device to monotonic s and back."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz, as the device claims."""
        self._rate = rate
        self._number = 0.0
        self._time: float | None = None
        self._off, self._least = 0, 0.0  # stamps in a row that were far off, and by how much all
        self._skew = 0.0  # a second of samples takes 1 + skew s
        self._tt, self._ts, self._ss = 0.0, 0.0, CRYSTAL**2  # covariance of time and skew

    @property
    def known(self) -> bool:
        """Whether there was a stamp."""
        return self._time is not None

    @property
    def skew(self) -> float:
        """How much longer than claimed a sample lasts: 1e-4 is a device 100 ppm too slow."""
        return self._skew

    def stamp(self, number: int, time: float) -> bool:
        """Sample `number` belongs to `time`, says the device; return whether time has jumped."""
        if self._time is None:
            self._begin(number, time)
            return True
        seconds = (number - self._number) / self._rate
        expected = self._time + seconds * (1 + self._skew)
        if self._steadily_off(time - expected):
            self._begin(number, expected + self._least)
            return True
        tt = self._tt + seconds * (2 * self._ts + seconds * self._ss)
        ts = self._ts + seconds * self._ss
        ss = self._ss + WANDER**2 * seconds
        sure = tt + JITTER_S**2
        error = min(max(time - expected, -ODD_S), ODD_S)
        self._number, self._time = number, expected + tt / sure * error
        self._skew = min(max(self._skew + ts / sure * error, -LIMIT), LIMIT)
        self._tt, self._ts, self._ss = tt - tt * tt / sure, ts - tt * ts / sure, ss - ts * ts / sure
        return False

    def time(self, number: float) -> float:
        """Return when sample `number` is, in monotonic s."""
        assert self._time is not None
        return self._time + (number - self._number) / self._rate * (1 + self._skew)

    def number(self, time: float) -> float:
        """Return which sample belongs to `time`, with its fraction."""
        assert self._time is not None
        return self._number + (time - self._time) * self._rate / (1 + self._skew)

    def _steadily_off(self, error: float) -> bool:
        if abs(error) > JUMP_S:
            self._least = error
            return True
        if abs(error) < OFF_S or error * self._least < 0:
            self._off, self._least = 0, 0.0
        else:
            self._off, self._least = self._off + 1, min(error, self._least or error, key=abs)
        return self._off == STEADY

    def _begin(self, number: int, time: float) -> None:
        """Only the time is new: a device that was paused keeps its crystal."""
        self._number, self._time = number, time
        self._off, self._least = 0, 0.0
        self._tt, self._ts = JITTER_S**2, 0.0
