"""Real microphones and loudspeakers, by PortAudio.

One channel is asked for: hardware then gives its first one (on microphone arrays the processed
one), PulseAudio and PipeWire give the mean; a loudspeaker plays it on all sides. The device runs at
its own rate.
"""

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from assistant.audio import devices
from assistant.audio.clock import StreamClock
from assistant.audio.devices import NOUN, Kind
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm, Source
from assistant.audio.resample import Resampler
from assistant.config import Audio
from assistant.errors import DeviceError

log = logging.getLogger(__name__)

CLOSE_S = 2.0
"""A stream that does not close within this many s is left behind."""
QUIET_S = 1.0
"""A stream without a callback for this many s is dead, though PortAudio may call it active."""
WATCH_S = 0.25
INBOX_S = 3.0
"""Seconds of sound that may wait for the reader; what comes beyond is dropped and counted."""
BELIEVED_S = 5.0
"""A buffer that claims to be further away in time than this many s has no usable time."""

FRAME_S = FRAME_SAMPLES / RATE

OnLost = Callable[[str], None]
Block = tuple[bytes, float]
"""Samples as the device gave them, and the monotonic s at which the first was captured."""
_left_behind: list[Any] = []  # their C threads may still call Python: never collect them


class Line:
    """One open stream: it is watched, and it always closes in time."""

    def __init__(
        self,
        kind: Kind,
        config: Audio,
        callback: Callable[[Any, int, Any, Any], None],
        on_lost: OnLost,
    ) -> None:
        """Open the device; `callback(buffer, frames, when, status)` as in sounddevice.

        Raises `DeviceError` or `EngineMissing`.
        """
        self._sounddevice = devices.library()
        wanted = config.input if kind == "input" else config.output
        self.device = devices.resolve(kind, wanted, devices.listing())
        self.label = f'{NOUN[kind]} {self.device.number} "{self.device.name}"'
        self.rate = self.device.rate
        self._callback, self._on_lost = callback, on_lost
        self._closing = threading.Event()
        self._finished = self._paused = False
        self._heartbeat = 0.0
        self._stream = self._ask(lambda: self._open(kind, config.latency))
        self._watcher = threading.Thread(target=self._watch, name=f"watch {kind}", daemon=True)

    def _open(self, kind: Kind, latency: float) -> Any:
        make = {
            "input": self._sounddevice.RawInputStream,
            "output": self._sounddevice.RawOutputStream,
        }[kind]
        # Blocks as the device likes them: a fixed size costs one more block of latency (8 ms here).
        return make(
            device=self.device.number,
            samplerate=self.rate,
            channels=1,
            dtype="int16",
            latency=latency,
            callback=self._called,
            finished_callback=self._end,
        )

    def start(self) -> None:
        """Let the callbacks begin. Raises `DeviceError`."""
        self._ask(self._stream.start)
        self._heartbeat = time.monotonic()
        self._watcher.start()

    def pause(self) -> None:
        """Stop after the last sample, without closing. Raises `DeviceError`."""
        self._paused = True
        self._ask(self._stream.stop)

    def resume(self) -> None:
        """Let the callbacks begin again. Raises `DeviceError`."""
        self._ask(self._stream.start)
        self._heartbeat = time.monotonic()
        self._paused = False

    def _ask(self, act: Callable[[], Any]) -> Any:
        try:
            return devices.within(devices.ANSWER_S, act)
        except TimeoutError as error:
            raise DeviceError(
                "{label} does not answer; unplug it and plug it in again, or restart the sound "
                "system.",
                label=self.label,
            ) from error
        except self._sounddevice.PortAudioError as error:
            raise DeviceError(
                "{label} cannot be opened: {error}; it may be gone, or in use by another "
                "program (`fuser -v /dev/snd/*` shows which); `assistant devices` lists the "
                "others.",
                label=self.label,
                error=error.args[0],
            ) from error

    def close(self) -> None:
        """End; the callback is not called again. Returns within `CLOSE_S`, whatever happens."""

        def end() -> None:
            self._stream.abort()
            self._stream.close()

        if self._closing.is_set():
            return
        self._closing.set()
        try:
            devices.within(CLOSE_S, end)
        except TimeoutError:
            log.warning("%s does not close; it is left behind", self.label)
            _left_behind.append(self._stream)
            # It would wait for the same stream at the end of the process, and for ever.
            atexit.unregister(self._sounddevice._exit_handler)
        except self._sounddevice.PortAudioError as error:
            log.debug("%s: closing: %s", self.label, error)

    def ago(self, stamp: float, otherwise: float) -> float:
        """How many s ago PortAudio's clock showed `stamp`; `otherwise` where it tells nonsense.

        PortAudio's clock is another one than `time.monotonic` (ALSA: the time of day, which
        jumps), so only differences are used, taken anew each time.
        """
        age = float(self._stream.time) - stamp if stamp else BELIEVED_S
        return age if -BELIEVED_S < age < BELIEVED_S else otherwise

    @property
    def latency(self) -> float:
        """The device's own word for its latency, in s."""
        return float(self._stream.latency)

    def _called(self, buffer: Any, frames: int, when: Any, status: Any) -> None:
        self._heartbeat = time.monotonic()
        if not self._closing.is_set():
            self._callback(buffer, frames, when, status)

    def _end(self) -> None:
        self._finished = not self._paused

    def _watch(self) -> None:
        """Notice the stream's death. Twice in a row, for this process may have slept itself."""
        suspicious = False
        while not self._closing.wait(WATCH_S):
            quiet = not self._paused and time.monotonic() - self._heartbeat > QUIET_S
            if self._finished or (quiet and suspicious):
                self._on_lost(
                    f"{self.label} is gone; plug it in again or restart the sound system, "
                    "then start again (`assistant devices` lists what is there)."
                )
                return
            suspicious = quiet


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
        self._blocks: list[Block] = []  # since the last frame was complete
        self._taken = self._complete = 0  # samples that the reader gets in all, and frames of them
        self._line = line = Line("input", self._config, self._captured, self._on_lost)
        self._clock = StreamClock(line.rate)
        self.name = line.device.name
        self._cutter = FrameCutter(line.rate)
        self._reader = threading.Thread(
            target=self._read, args=(sink, self._cutter), name="microphone", daemon=True
        )
        self._reader.start()
        try:
            line.start()
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

    def _captured(self, buffer: Any, frames: int, when: Any, status: Any) -> None:
        """The callback: copies the block and its time, and returns.

        The reader is woken for a whole frame and not for each of its four blocks.
        """
        line = self._line
        if line is None:
            return
        length = frames / line.rate
        captured_at = time.monotonic() - line.ago(when.inputBufferAdcTime, length)
        lost = bool(status.input_overflow)
        at = self._clock.advance(frames, captured_at, lost)
        if lost:
            self.overflows += 1
            self.dropped += round(self._clock.gap * line.rate)
        if self._inbox.qsize() * FRAME_S > INBOX_S:
            self.dropped += frames
            return
        self._blocks.append((bytes(buffer), at))
        self._taken += frames
        if (complete := self._cutter.frames(self._taken)) > self._complete:
            self._complete = complete
            self._inbox.put(self._blocks)
            self._blocks = []

    def _read(self, sink: Callable[[Frame], None], cutter: "FrameCutter") -> None:
        """The reader's thread: resamples, and cuts frames."""
        while (blocks := self._inbox.get()) is not None:
            for content, at in blocks:
                for frame in cutter.feed(np.frombuffer(content, np.int16), at):
                    sink(frame)


class FrameCutter:
    """Cuts blocks of any rate and size into frames of `FRAME_SAMPLES` at 16 kHz.

    Blocks are small (5 ms): they are kept until a frame is complete and then converted together.
    """

    def __init__(self, rate: int) -> None:
        """`rate` of the blocks in Hz."""
        self._rate = rate
        self._resampler = Resampler(rate, RATE)
        self._blocks: list[Pcm] = []
        self._taken = 0  # samples at `rate` in all blocks
        self._pending: Pcm = np.zeros(0, np.int16)
        self._given = 0  # samples at 16 kHz in all frames

    def frames(self, taken: int) -> int:
        """Return how many frames are complete once `taken` samples have been fed in all."""
        ready = -((self._resampler.delay - taken) * RATE // self._rate)  # rounded up, as it is made
        return int(max(0, ready) // FRAME_SAMPLES)

    def feed(self, block: Pcm, at: float) -> list[Frame]:
        """Take (samples,) int16 captured from `at` (monotonic s) on; return the full frames."""
        origin = at - self._taken / self._rate
        self._blocks.append(block)
        self._taken += len(block)
        if self.frames(self._taken) * FRAME_SAMPLES <= self._given:
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
        self._line = line = Line("output", self._config, self._wanted, self._on_lost)
        self.name, self.rate = line.device.name, line.rate
        self._clock = StreamClock(self.rate)
        try:
            line.start()
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

    def _wanted(self, buffer: Any, frames: int, when: Any, status: Any) -> None:
        """The callback: asks the source for the samples and for nothing else."""
        out = np.frombuffer(buffer, np.int16)
        line = self._line
        if line is None:
            out[:] = 0
            return
        late = bool(status.output_underflow)
        self.underflows += late
        audible_at = time.monotonic() - line.ago(when.outputBufferDacTime, -line.latency)
        at = self._clock.advance(frames, audible_at, late)
        try:
            self._source(out, at)
        except Exception:
            out[:] = 0
            self.errors += 1
            if self.errors == 1:  # writing the log takes its time, so only once
                log.exception("the sound's source failed")
