"""How much one client may say: plenty at once, and not more than that in the long run. Pure."""

from collections.abc import Callable


class Pace:
    """A bucket that fills as time goes by."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        """`rate` a second on average, `burst` at once; `clock` gives monotonic s."""
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._then = burst, clock()

    def spend(self, amount: float) -> float:
        """Take so much; return for how many s nothing more may be taken."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._then) * self._rate) - amount
        self._then = now
        return max(0.0, -self._left / self._rate)
