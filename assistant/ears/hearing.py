"""What every frame of a microphone goes through first: it is judged as it came, and mended."""

from collections.abc import Callable

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm
from assistant.audio.offset import Centred
from assistant.ears.agc import AutomaticGain
from assistant.ears.conditions import Conditions, Problem, Report
from assistant.ears.level import QUIETEST, dbfs

JUDGED_S = 5.0
"""So many s of sound lie between two looks at what was found."""


class Hearing:
    """Used by the microphone's thread; `report` may be called by others."""

    def __init__(
        self,
        *,
        talking: Callable[[], bool | None],
        found: Callable[[Problem], None],
        automatic_gain: bool = True,
    ) -> None:
        """``talking()`` tells whether somebody may be speaking to it, None while it speaks itself.

        ``found(problem)`` is called once for each kind of problem, on the microphone's thread.
        """
        self._talking, self._found = talking, found
        self._conditions, self._centred = Conditions(), Centred()
        self._gain = AutomaticGain() if automatic_gain else None
        self._loudest: float | None = None  # of the utterance that goes on
        self._told: set[Problem] = set()
        self._frames = 0

    def take(self, pcm: Pcm) -> Pcm:
        """Return the next frame (samples,) int16 as the ears shall hear it."""
        talking = self._talking()
        if talking is not None:
            self._conditions.hear(pcm, talking)
        self._frames += 1
        if self._frames % round(JUDGED_S * RATE / FRAME_SAMPLES) == 0:
            self._tell()
        pcm = self._centred.apply(pcm)
        self._follow(pcm, bool(talking))
        return self._gain.apply(pcm) if self._gain else pcm

    def report(self) -> Report:
        """Return what is known by now."""
        return self._conditions.report()

    def _tell(self) -> None:
        for problem in self._conditions.report().problems:
            if problem not in self._told:
                self._told.add(problem)
                self._found(problem)

    def _follow(self, pcm: Pcm, talking: bool) -> None:
        """Learn from each utterance how loud it was; the gain changes between two of them only."""
        if talking:
            before = QUIETEST if self._loudest is None else self._loudest
            self._loudest = max(before, dbfs(pcm))
        elif self._loudest is not None:
            noise = self._conditions.report().noise
            self._conditions.spoken(self._loudest)
            if self._gain:
                self._gain.heard(self._loudest, noise)
            self._loudest = None
