"""When a sample was captured or will be heard, from the device's jittery word for it."""

JUMP_S = 0.1
"""A block this much later than expected comes after a gap; less is jitter."""
GAIN = 0.02
"""Share of the measured error that is believed at each block, once many have been seen: a drift
of 100 ppm stays below 0.1 ms with blocks of 10 ms. The first blocks are averaged."""
STEADY, SHIFT_S = 12, 0.003
"""So many blocks in a row that are all so late, or early, come after a gap that nobody told of: a
device that ran dry for a moment. Jitter comes and goes."""
BACK_S = 0.005
"""The most that a block is moved towards the past: times of 20 ms frames must always increase."""


class StreamClock:
    """Smooths the times of consecutive blocks, so that their samples follow without gaps.

    A first-order loop; F. Adriaensen, Using a DLL to filter time (Linux Audio Conference 2005)
    describes the family.
    """

    def __init__(self, rate: int) -> None:
        """`rate` in Hz."""
        self.gap = 0.0
        """Seconds that are missing before the block advanced over last."""
        self._rate = rate
        self._expected: float | None = None
        self._blocks = 0
        self._length = 0.0  # of the block before, in s: time may not go back behind its beginning
        self._shift, self._same = 0.0, 0  # what the last blocks are all off by, and how many

    def advance(self, samples: int, measured: float, lost: bool = False) -> float:
        """Return the time in s of the first of the next `samples` samples.

        `measured` is the device's word for it; `lost` says that samples before it are missing.
        """
        expected = measured if self._expected is None else self._expected
        error = measured - expected
        if error > JUMP_S or (lost and error > 0):
            self.gap, at = error, measured
        else:
            step = self._steadily(error) or error * max(GAIN, 1 / (self._blocks + 1))
            self.gap, at = 0.0, expected + max(step, -min(BACK_S, self._length / 4))
        self._blocks += 1
        self._length = samples / self._rate
        self._expected = at + self._length
        return at

    def _steadily(self, error: float) -> float:
        """Return by how many s all of the last blocks are off at the least, if that is much."""
        if error * self._shift <= 0:
            self._shift, self._same = error, 0
        self._shift = min(self._shift, error, key=abs)
        self._same += 1
        if self._same < STEADY:
            return 0.0
        shift, self._same, self._shift = self._shift, 0, 0.0
        return shift if abs(shift) > SHIFT_S else 0.0
