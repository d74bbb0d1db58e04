"""Real microphones and loudspeakers, by PortAudio.

One channel is asked for: hardware then gives its first one (on microphone arrays the processed
one), PulseAudio and PipeWire give the mean; a loudspeaker plays it on all sides. The device runs at
its own rate, in a process of its own where the settings want it.
"""

import logging
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from assistant.audio.clock import StreamClock
from assistant.audio.devices import Kind
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm, Source
from assistant.audio.line import Callback, Line, OnLost
from assistant.audio.pace import Block, Collector, Pace
from assistant.audio.resample import Resampler
from assistant.config import Audio
from assistant.worker import call_thread

log = logging.getLogger(__name__)

INBOX_S = 3.0
"""Seconds of sound that may wait for the reader; what comes beyond is dropped and counted."""

FRAME_S = FRAME_SAMPLES / RATE


def line(kind: Kind, config: Audio, callback: Callback, on_lost: OnLost) -> Line:
    """Return the device that the settings name, not yet open; see `OwnLine`."""
    wanted = config.input if kind == "input" else config.output
    if config.process and sys.platform == "linux":
        from assistant.audio.apart import ApartLine

        return ApartLine(kind, wanted, config.latency, callback, on_lost)
    from assistant.audio.line import OwnLine

    return OwnLine(kind, wanted, config.latency, callback, on_lost)


class PortAudioMicrophone:
    """A microphone. `on_lost(reason)` is called, from another thread, when it dies later."""

    def __init__(self, config: Audio, on_lost: OnLost) -> None:
        self.name, self.live = str(config.input) or "default", True
        self.dropped = 0
        self.overflows = 0
        """How often the device itself had to throw sound away."""
        self._config, self._on_lost = config, on_lost
        self._line: Line | None = None
        self._reader: threading.Thread | None = None

    def start(self, sink: Callable[[Frame], None]) -> None:
        """Begin to deliver frames to `sink`, from one thread of its own. Raises `DeviceError`."""
        self.stop()
        self._inbox: queue.SimpleQueue[list[Block] | None] = queue.SimpleQueue()
        self._line = opened = line("input", self._config, self._captured, self._on_lost)
        try:
            opened.open()
            self.name, self._rate = opened.device.name, opened.rate
            self._clock = StreamClock(self._rate)
            cutter = FrameCutter(self._rate)
            self._collector = Collector(cutter.pace)
            self._reader = threading.Thread(
                target=self._read, args=(sink, cutter), name="microphone", daemon=True
            )
            self._reader.start()
            opened.start(cutter.pace.delay)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End within `CLOSE_S`; no frame comes after this returns."""
        if self._line:
            self._line.close()
            self._line = None
        if self._reader:
            self._inbox.put(None)
            if self._reader is not threading.current_thread():
                self._reader.join()
            self._reader = None

    def _captured(self, buffer: Any, samples: int, at: float, lost: bool) -> None:
        """The callback: copies the block and its time, and returns.

        The reader is woken for a whole frame and not for each of its four blocks.
        """
        at = self._clock.advance(samples, at, lost)
        if lost:
            self.overflows += 1
            self.dropped += round(self._clock.gap * self._rate)
        if self._inbox.qsize() * FRAME_S > INBOX_S:
            self.dropped += samples
            return
        if blocks := self._collector.add(Block(bytes(buffer), at)):
            self._inbox.put(blocks)

    def _read(self, sink: Callable[[Frame], None], cutter: "FrameCutter") -> None:
        """The reader's thread: resamples, and cuts frames."""
        call_thread("microphone")
        while (blocks := self._inbox.get()) is not None:
            for block in blocks:
                for frame in cutter.feed(np.frombuffer(block.content, np.int16), block.at):
                    sink(frame)


class FrameCutter:
    """Cuts blocks of any rate and size into frames of `FRAME_SAMPLES` at 16 kHz.

    Blocks are small (5 ms): they are kept until a frame is complete and then converted together.
    """

    def __init__(self, rate: int) -> None:
        """`rate` of the blocks in Hz."""
        self._rate = rate
        self._resampler = Resampler(rate, RATE)
        self.pace = Pace(rate, self._resampler.delay)
        self._blocks: list[Pcm] = []
        self._taken = 0  # samples at `rate` in all blocks
        self._pending: Pcm = np.zeros(0, np.int16)
        self._given = 0  # samples at 16 kHz in all frames

    def feed(self, block: Pcm, at: float) -> list[Frame]:
        """Take (samples,) int16 captured from `at` (monotonic s) on; return the full frames."""
        origin = at - self._taken / self._rate
        self._blocks.append(block)
        self._taken += len(block)
        if self.pace.frames(self._taken) * FRAME_SAMPLES <= self._given:
            return []
        ready = self._resampler.feed(np.concatenate(self._blocks))
        self._blocks.clear()
        self._pending = np.concatenate((self._pending, ready))
        frames = []
        while len(self._pending) >= FRAME_SAMPLES:
            frames.append(Frame(self._pending[:FRAME_SAMPLES], origin + self._given / RATE))
            self._pending = self._pending[FRAME_SAMPLES:]
            self._given += FRAME_SAMPLES
        return frames


class PortAudioLoudspeaker:
    """A loudspeaker. `on_lost(reason)` is called, from another thread, when it dies later."""

    def __init__(self, config: Audio, on_lost: OnLost) -> None:
        self.name = str(config.output) or "default"
        self.rate = 0
        self.underflows = 0
        """How often the device ran out of samples: a click or a pause was heard."""
        self.errors = 0
        """Blocks that the source failed to fill."""
        self._config, self._on_lost = config, on_lost
        self._line: Line | None = None

    def start(self, source: Source) -> None:
        """Begin to ask `source` for samples, from the device's callback. Raises `DeviceError`."""
        self.stop()
        self._source = source
        self._line = opened = line("output", self._config, self._wanted, self._on_lost)
        try:
            opened.open()
            self.name, self.rate = opened.device.name, opened.rate
            self._clock = StreamClock(self.rate)
            opened.start()
        except BaseException:
            self.stop()
            raise

    def pause(self) -> None:
        """Stop the stream after what was given has sounded. Raises `DeviceError`."""
        if self._line:
            self._line.pause()

    def resume(self) -> None:
        """Start the stream again. Raises `DeviceError`."""
        if self._line:
            self._clock = StreamClock(self.rate)
            self._line.resume()

    def stop(self) -> None:
        """End within `CLOSE_S`; the source is not asked again."""
        if self._line:
            self._line.close()
            self._line = None

    def _wanted(self, buffer: Any, samples: int, at: float, lost: bool) -> None:
        """The callback: asks the source for the samples and for nothing else."""
        out = np.frombuffer(buffer, np.int16)
        self.underflows += lost
        at = self._clock.advance(samples, at, lost)
        try:
            self._source(out, at)
        except Exception:
            out[:] = 0
            self.errors += 1
            if self.errors == 1:  # writing the log takes its time, so only once
                log.exception("the sound's source failed")
