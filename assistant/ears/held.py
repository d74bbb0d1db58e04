"""Whether the voice is held in a pause: asks Smart Turn, on a thread of its own.

It must be quick, because a whole request ends its turn .2 s after the last word: the network is
asked at the first quiet window of a possible pause, long before it is sure that there is one.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, Pcm
from assistant.ears.smart_turn import SPAN
from assistant.errors import AssistantError
from assistant.events import Event, Sounded
from assistant.trace import Trace
from assistant.worker import Hand, Worker

HANGS_S = 10.0
"""One that gives no sign of life for so long hangs."""


class HeldVoice:
    """Listens to one utterance after the other; all but `stop` from the ears' thread.

    `emit` gets `Sounded` from this one's own thread; `on_failed(turn, error)` is told when the
    network cannot be used.
    """

    def __init__(
        self,
        make: Callable[[], Callable[[Pcm], float]],
        *,
        trace: Trace,
        emit: Callable[[Event], None],
        on_failed: Callable[[int, AssistantError], None],
    ) -> None:
        """`make()(pcm)` is the probability that the turn in (samples,) int16, 16 kHz, is over."""
        self._trace, self._emit = trace, emit
        self._worker = Worker("held voice", on_failed)
        self._frames: deque[Pcm] = deque(maxlen=SPAN // FRAME_SAMPLES)
        self._pause: float | None = None
        self._complete: Callable[[Pcm], float]

        def load() -> None:
            self._complete = make()

        self._load = load
        self._worker.post(load, 0)

    def begin(self, frames: Iterable[Pcm]) -> None:
        """An utterance begins with these frames."""
        self._pause = None
        self._frames.clear()
        self._frames.extend(frames)

    def feed(self, turn: int, pcm: Pcm, pause: float | None) -> None:
        """Take the next frame; `pause` is when the pause began that there may be, in s."""
        self._frames.append(pcm)
        if pause == self._pause:
            return
        self._pause = pause
        if pause is not None:
            sound = np.concatenate(self._frames)
            self._worker.post(lambda: self._ask(turn, pause, sound), turn)

    def hand(self) -> Hand:
        """Return its worker."""
        return Hand("ears", self._worker, HANGS_S, self._load, 0)

    def stop(self) -> bool:
        """End; return whether the thread ended in time."""
        return self._worker.stop()

    def _ask(self, turn: int, pause: float, sound: Pcm) -> None:
        if pause != self._pause:  # speech went on
            return
        complete = self._complete(sound)
        self._trace.mark(turn, "sounded", time.monotonic(), complete=round(complete, 3))
        self._emit(Sounded(turn, pause, complete))
