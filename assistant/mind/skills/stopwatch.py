"""A stopwatch: how long it ran, with what was before a halt."""

from collections.abc import Callable


class Stopwatch:
    """Stands at zero until it is started; not kept over a restart."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """`monotonic` tells s that never go back."""
        self._monotonic = monotonic
        self._since: float | None = None
        self._before = 0.0

    @property
    def runs(self) -> bool:
        """Whether it counts now."""
        return self._since is not None

    @property
    def elapsed(self) -> float:
        """What it shows, in s."""
        return self._before + (self._monotonic() - self._since if self._since is not None else 0.0)

    def start(self) -> None:
        """Count on from what it shows; no effect where it runs."""
        if self._since is None:
            self._since = self._monotonic()

    def halt(self) -> None:
        """Keep what it shows."""
        self._before, self._since = self.elapsed, None

    def reset(self) -> None:
        """Stand at zero."""
        self._before, self._since = 0.0, None
