"""The backend `none`, and the clock that all devices without hardware live by."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from assistant.audio.frames import Frame, Pcm, Source

log = logging.getLogger(__name__)

BLOCK_S = 0.01
"""A loudspeaker without hardware asks its source for this many s of sound at a time."""


def beats(start: float, period: float, stopped: threading.Event) -> Iterator[int]:
    """Yield 0, 1, 2, ... when `start` + n * `period` (monotonic s) has come, until `stopped`.

    The schedule is absolute: a late beat does not delay the ones after it.
    """
    beat = 0
    while not stopped.wait(max(0.0, start + beat * period - time.monotonic())):
        yield beat
        beat += 1


class SilentMicrophone:
    """A microphone that never hears anything."""

    def __init__(self) -> None:
        self.name, self.live = "none", False
        self.dropped = 0

    def start(self, sink: Callable[[Frame], None]) -> None:
        """Call `sink` never."""

    def mute(self, muted: bool) -> None:
        """It is silent anyway."""

    def stop(self) -> None:
        """Nothing runs."""


class SilentLoudspeaker:
    """Asks its source for samples at real-time pace, and lets them go unheard."""

    def __init__(self, rate: int = 24_000) -> None:
        """`rate` in Hz."""
        self.name = "none"
        self.rate = rate
        self.late = 0
        """Blocks that were asked for after they should have been audible: a busy machine."""
        self.errors = 0
        """Blocks that the source failed to fill."""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, source: Source) -> None:
        """Ask `source` every `BLOCK_S` s, on a thread of its own."""
        self.stop()
        self._source = source
        self._stopped = threading.Event()
        arguments = source, time.monotonic(), self._stopped
        self._thread = threading.Thread(
            target=self._run, args=arguments, name=f"loudspeaker {self.name}", daemon=True
        )
        self._thread.start()

    def pause(self) -> None:
        """Ask no more until `resume`."""
        self.stop()

    def resume(self) -> None:
        """Ask again."""
        self.start(self._source)

    def stop(self) -> None:
        """End; the source is not asked again."""
        self._stopped.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self, source: Source, start: float, stopped: threading.Event) -> None:
        samples = round(self.rate * BLOCK_S)
        period = samples / self.rate
        for beat in beats(start, period, stopped):
            audible_at = start + (beat + 1) * period  # a block must be full before it sounds
            self.late += time.monotonic() > audible_at
            block = np.zeros(samples, np.int16)
            try:
                source(block, audible_at)
            except Exception:
                log.exception("the sound's source failed")
                self.errors += 1
                block[:] = 0
            self._take(block, audible_at)

    def _take(self, block: Pcm, audible_at: float) -> None:
        """Take (samples,) int16 whose first sample sounds at `audible_at`."""
