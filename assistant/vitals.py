"""Signs of life: whether microphone, decider and workers really go on, for the watchdog.

Others notice most faults sooner and mend them; this is for what nobody has noticed. A restart mends
it, and a process that only seems to live is worse than a restart.
"""

import time
from collections.abc import Callable, Iterable

from assistant.messages import say
from assistant.worker import at_work

FRAMES_S = 10.0
"""A live microphone gives a frame every 20 ms, asleep and muted too."""
LATE_S = 10.0
"""The decider must have been called so soon after its own deadline."""
HUNG_S = 120.0
"""No job of a worker goes so long without a sign; the model gives one with every 128 tokens."""
LOADING_S = 300.0
"""Other engines must be ready within this time; the service's first start has its own limit."""


class Vitals:
    """Of one daemon. Frames come from the microphone's thread, the rest is asked on the loop."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        working: Callable[[], Iterable[tuple[str, float]]] = at_work,
    ) -> None:
        """`working` returns the workers' names and since when (monotonic s) there is no sign."""
        self._clock, self._working = clock, working
        self._made = clock()
        self._expected: float | None = None  # since when frames are
        self._frame: float | None = None

    def expect_frames(self, expected: bool) -> None:
        """Frames must come from now on, or need not: nothing is open, or it is being opened."""
        self._expected = self._clock() if expected else None

    def frame(self) -> None:
        """A frame has come; from any thread."""
        self._frame = self._clock()

    @property
    def hears(self) -> bool:
        """Whether the first frame has come, where one is expected."""
        return self._expected is None or self._frame is not None

    def wrong(self, ready: bool, deadline: float | None) -> str | None:
        """Return a sentence on what does not go on, or None.

        `ready`: everything is loaded; `deadline`: when the decider wants to be called, monotonic s.
        """
        now = self._clock()
        if not ready:
            if now - self._made > LOADING_S:
                return say("the engines do not get ready.")
            return None
        if self._expected is not None:
            silent = now - max(self._expected, self._frame or 0.0)
            if silent > FRAMES_S:
                return say(
                    "no sound has come from the microphone for {silent:.0f} s.", silent=silent
                )
        if deadline is not None and now - deadline > LATE_S:
            return say("a decision is {late:.0f} s late.", late=now - deadline)
        for name, since in self._working():
            if now - since > HUNG_S:
                return say("`{name}` has hung for {hung:.0f} s.", name=name, hung=now - since)
        return None
