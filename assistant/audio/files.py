"""Recordings as a microphone, a recording loudspeaker: the whole chain without hardware.

Both keep real time, and their times are as honest as a device's, so that the demo, the tests and
the benches measure what a user would wait for.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.silent import SilentLoudspeaker, beats
from assistant.worker import call_thread

AUDIBLE = 104
"""A sample beyond this counts as audible: -50 dBFS, where `assistant.audio.edges` puts silence."""
BURST_GAP_S = 0.5
"""Silence that separates two bursts: longer than the pauses inside spoken sentences."""


class FileMicrophone:
    """Speaks recordings into the assistant; between and after them there is digital silence.

    A frame is delivered when its last sample would have been captured.
    """

    def __init__(
        self,
        pieces: Pcm | Sequence[float | Pcm],
        *,
        pace: float = 1.0,
        after: Literal["silence", "end"] = "silence",
    ) -> None:
        """Take a sound (samples,) int16 16 kHz, or several mixed with silences in s.

        `pace` is the time that a second of sound takes, in s; 0 delivers as fast as the sink
        takes it. `after` the pieces comes silence until `stop`, or the end. Frame times always
        advance with the sound, whatever the pace.
        """
        if pace == 0 and after == "silence":
            raise ValueError("silence without end and without pace would never be over")
        self.name, self.live = "file", False
        self.dropped = 0
        self.ended = threading.Event()
        """Set when the pieces are over and nothing comes after them."""
        self._pace, self._after = pace, after
        self._lock = threading.Lock()
        self._queue: deque[Pcm] = deque()
        self._queued = 0  # sample number at which the queue ends
        self._cut = 0  # sample number at which the next frame begins
        self._began: float | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        for piece in [pieces] if isinstance(pieces, np.ndarray) else pieces:
            if isinstance(piece, np.ndarray):
                self._append(piece)
            else:
                self._append(np.zeros(round(piece * RATE), np.int16))

    def start(self, sink: Callable[[Frame], None]) -> None:
        """Deliver frames to `sink` from a thread of its own; the first sample is captured now."""
        self._began = time.monotonic()
        arguments = sink, self._began
        self._thread = threading.Thread(
            target=self._run, args=arguments, name="microphone file", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End; no frame comes after this returns."""
        self._stopped.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def play(self, pcm: Pcm) -> float:
        """Speak (samples,) int16 16 kHz, from now or after what is still queued.

        Returns the `time.monotonic` s at which its last sample ends. Only after `start`.
        """
        if self._began is None:
            raise RuntimeError("play() comes after start()")
        with self._lock:
            return self._began + self._append(pcm) / RATE

    def _append(self, pcm: Pcm) -> int:
        """Queue the sound; return the sample number at which it ends."""
        if not self._queue:
            self._queued = self._cut
        if len(pcm):
            self._queue.append(pcm)
            self._queued += len(pcm)
        return self._queued

    def _run(self, sink: Callable[[Frame], None], began: float) -> None:
        call_thread("microphone")
        frame_s = FRAME_SAMPLES / RATE
        frame: Frame | None = None
        for beat in beats(began, frame_s * self._pace, self._stopped):
            if frame:
                sink(frame)
            with self._lock:
                if self._after == "end" and not self._queue:
                    break
                frame = Frame(self._next(), began + beat * frame_s)
        self.ended.set()

    def _next(self) -> Pcm:
        """Cut the next frame from the queue; silence where there is nothing."""
        pcm = np.zeros(FRAME_SAMPLES, np.int16)
        filled = 0
        while self._queue and filled < FRAME_SAMPLES:
            piece = self._queue.popleft()
            count = min(len(piece), FRAME_SAMPLES - filled)
            pcm[filled : filled + count] = piece[:count]
            filled += count
            if count < len(piece):
                self._queue.appendleft(piece[count:])
        self._cut += FRAME_SAMPLES
        return pcm


class FileLoudspeaker(SilentLoudspeaker):
    """Keeps what it is given, in memory or by a function such as `WavWriter.write`."""

    def __init__(self, rate: int = 24_000, keep: Callable[[Pcm], None] | None = None) -> None:
        """`rate` in Hz. `keep` gets every block (samples,) int16 instead of the memory."""
        super().__init__(rate)
        self.name = "file"
        self.started: list[float] = []
        """`time.monotonic` s of the first audible sample of every burst of sound."""
        self._blocks: list[Pcm] = []
        self._keep = keep or self._blocks.append
        self._last_audible = float("-inf")

    @property
    def pcm(self) -> Pcm:
        """Everything kept so far, silence included, (samples,) int16 at `rate` Hz."""
        return np.concatenate([np.zeros(0, np.int16), *self._blocks])

    def take(self) -> Pcm:
        """Return everything since the last call, (samples,) int16, and forget it."""
        blocks = self._blocks[:]  # another thread may append meanwhile
        del self._blocks[: len(blocks)]
        return np.concatenate([np.zeros(0, np.int16), *blocks])

    def _take(self, block: Pcm, audible_at: float) -> None:
        self._keep(block)
        audible = np.flatnonzero((block > AUDIBLE) | (block < -AUDIBLE))
        if len(audible):
            if audible_at - self._last_audible > BURST_GAP_S:
                self.started.append(audible_at + int(audible[0]) / self.rate)
            self._last_audible = audible_at + int(audible[-1]) / self.rate
