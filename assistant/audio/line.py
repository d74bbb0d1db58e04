"""One open stream of PortAudio; without numpy, for the process that owns a device is small."""

import atexit
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from assistant.audio import devices
from assistant.audio.devices import NOUN, Device, Kind
from assistant.errors import DeviceError
from assistant.messages import say

log = logging.getLogger(__name__)

CLOSE_S = 2.0
"""A stream that does not close within this many s is left behind."""
QUIET_S = 1.0
"""A stream without a callback for this many s is dead, though PortAudio may call it active."""
WATCH_S = 0.25
BELIEVED_S = 5.0
"""A buffer that claims to be further away in time than this many s has no usable time."""
RATES = (48_000, 44_100, 32_000, 16_000, 24_000, 8000)
"""Tried in this order, in Hz, where a device refuses the rate that it calls its own."""
PACE_S = 1.0
"""Whether sound comes at the pace of time is seen over so many s, twice in a row."""
SLOWEST, FASTEST = 0.5, 3.0
"""Less or more of real time than that is no sound device: one that stutters, or ALSA's `null`,
which would keep a core busy. A stream that catches up after a stall is faster for a moment only."""
INVALID_RATE = -9997
"""PortAudio's `paInvalidSampleRate`."""

OnLost = Callable[[str], None]
Callback = Callable[[Any, int, float, bool], None]
"""``callback(buffer, samples, at, lost)``: int16 samples that were captured, or that it fills in.
`at` is when the first of them was captured or will be heard, in monotonic s, as the device says;
`lost` tells that the device had to leave samples out before them, or ran dry."""
_left_behind: list[Any] = []  # their C threads may still call Python: never collect them


class Line(Protocol):
    """One open stream; `open` it, then `start` it, and `close` it at any time."""

    device: Device
    rate: int
    """Hz at which it runs, once it is open."""
    label: str
    """What the user calls it, for messages."""

    def open(self) -> None:
        """Open the device. Raises `DeviceError` or `EngineMissing`."""

    def start(self, delay: int = 0) -> None:
        """Let the callbacks begin. Raises `DeviceError`.

        `delay` is that of a microphone's `Pace`: blocks may come together, when a frame is full.
        """

    def pause(self) -> None:
        """Stop after the last sample, without closing. Raises `DeviceError`."""

    def resume(self) -> None:
        """Let the callbacks begin again. Raises `DeviceError`."""

    def close(self) -> None:
        """End; the callback is not called again. Returns within `CLOSE_S`, whatever happens."""


def gone(label: str) -> str:
    """Return the sentence for a device that has died."""
    return say(
        "{label} is gone; plug it in again or restart the sound system (`assistant devices` lists "
        "what is there).",
        label=label,
    )


def silent(label: str) -> str:
    """Return the sentence for a device that does not answer."""
    return say(
        "{label} does not answer; unplug it and plug it in again, or restart the sound system.",
        label=label,
    )


def unsteady(label: str) -> str:
    """Return the sentence for a device that is much too slow or too fast."""
    return say(
        "{label} does not keep the pace of time: its sound comes far too slowly or too fast; plug "
        "it in again, or choose another one (`assistant devices` lists them).",
        label=label,
    )


class Flow:
    """Whether samples come as fast as they sound; `came` may be called from another thread."""

    def __init__(self, rate: int, now: float) -> None:
        """`rate` in Hz; `now` as in `wrong`."""
        self._rate = rate
        self.begin(now)

    def begin(self, now: float) -> None:
        """Forget what was: the stream begins."""
        self._since, self._samples, self._bad = now, 0, 0

    def came(self, samples: int) -> None:
        """So many have come."""
        self._samples += samples

    def wrong(self, now: float) -> bool:
        """Return whether it is no real sound; `now` in monotonic s, a few times a second."""
        seconds = now - self._since
        if seconds >= PACE_S:
            pace = self._samples / self._rate / seconds
            self._bad = 0 if SLOWEST <= pace <= FASTEST else self._bad + 1
            self._since, self._samples = now, 0
        return self._bad > 1


class OwnLine:
    """A `Line` in this very process: it is watched, and it always closes in time."""

    def __init__(
        self,
        kind: Kind,
        wanted: str | int,
        latency: float,
        callback: Callback,
        on_lost: OnLost,
        watched: bool = True,
    ) -> None:
        """`wanted` as `audio.input`; `latency` in s is asked of the sound system.

        ``on_lost(reason)`` is called, from another thread, when it dies later; not `watched`, only
        when PortAudio itself says so, from a thread that may not close it.
        """
        self._kind, self._wanted, self._latency = kind, wanted, latency
        self._callback, self._on_lost, self._watched = callback, on_lost, watched
        self.label: str = NOUN[kind]
        self._closing = threading.Event()
        self._finished = self._paused = False
        self._heartbeat = 0.0
        self._stream: Any = None

    def open(self) -> None:
        """See `Line`."""
        self._sounddevice = devices.library()
        self.device = devices.resolve(self._kind, self._wanted, devices.listing())
        self.label = f'{NOUN[self._kind]} {self.device.number} "{self.device.name}"'
        self._stream = self._ask(self._make)

    def _make(self) -> Any:
        """Return the stream, at the device's own rate or at the first that it takes."""
        refused: Exception | None = None
        for rate in (self.device.rate, *RATES):
            try:
                stream = self._at(rate)
            except self._sounddevice.PortAudioError as error:
                if INVALID_RATE not in error.args:
                    raise
                refused = refused or error
            else:
                self.rate = rate
                return stream
        assert refused
        raise refused

    def _at(self, rate: int) -> Any:
        make = {
            "input": self._sounddevice.RawInputStream,
            "output": self._sounddevice.RawOutputStream,
        }[self._kind]
        # Blocks as the device likes them: a fixed size costs one more block of latency (8 ms here).
        return make(
            device=self.device.number,
            samplerate=rate,
            channels=1,
            dtype="int16",
            latency=self._latency,
            callback=self._called,
            finished_callback=self._end,
        )

    def start(self, delay: int = 0) -> None:
        """See `Line`."""
        self._flow = Flow(self.rate, time.monotonic())
        self._ask(self._stream.start)
        self._heartbeat = time.monotonic()
        if self._watched:
            name = f"watch {self._kind}"
            threading.Thread(target=self._watch, name=name, daemon=True).start()

    def pause(self) -> None:
        """See `Line`."""
        self._paused = True
        self._ask(self._stream.stop)

    def resume(self) -> None:
        """See `Line`."""
        self._ask(self._stream.start)
        self._heartbeat = now = time.monotonic()
        self._flow.begin(now)
        self._paused = False

    def _ask(self, act: Callable[[], Any]) -> Any:
        try:
            return devices.within(devices.ANSWER_S, act)
        except TimeoutError as error:
            raise DeviceError(silent(self.label)) from error
        except self._sounddevice.PortAudioError as error:
            raise DeviceError(
                "{label} cannot be opened: {error}; it may be gone, or in use by another "
                "program (`fuser -v /dev/snd/*` shows which); `assistant devices` lists the "
                "others.",
                label=self.label,
                error=error.args[0],
            ) from error

    def close(self) -> None:
        """See `Line`."""

        def end() -> None:
            self._stream.abort()
            self._stream.close()

        if self._closing.is_set():
            return
        self._closing.set()
        if self._stream is None:
            return
        try:
            devices.within(CLOSE_S, end)
        except TimeoutError:
            log.warning("%s does not close; it is left behind", self.label)
            _left_behind.append(self._stream)
            # It would wait for the same stream at the end of the process, and for ever.
            atexit.unregister(self._sounddevice._exit_handler)
        except self._sounddevice.PortAudioError as error:
            log.debug("%s: closing: %s", self.label, error)

    def _called(self, buffer: Any, frames: int, when: Any, status: Any) -> None:
        self._heartbeat = now = time.monotonic()
        self._flow.came(frames)
        if self._closing.is_set():
            return
        clock = float(self._stream.time)
        if self._kind == "input":
            at = now - age(clock, when.inputBufferAdcTime, frames / self.rate)
            lost = bool(status.input_overflow)
        else:
            at = now - age(clock, when.outputBufferDacTime, -float(self._stream.latency))
            lost = bool(status.output_underflow)
        self._callback(buffer, frames, at, lost)

    def _end(self) -> None:
        self._finished = not self._paused
        if not self._watched and self._finished and not self._closing.is_set():
            self._on_lost(gone(self.label))

    def _watch(self) -> None:
        """Notice the stream's death. Twice in a row, for this process may have slept itself."""
        suspicious = False
        while not self._closing.wait(WATCH_S):
            quiet = not self._paused and time.monotonic() - self._heartbeat > QUIET_S
            if self._finished or (quiet and suspicious):
                self._on_lost(gone(self.label))
                return
            if not self._paused and self._flow.wrong(time.monotonic()):
                self._on_lost(unsteady(self.label))
                return
            suspicious = quiet


def age(clock: float, stamp: float, otherwise: float) -> float:
    """Return how many s ago PortAudio's `clock` showed `stamp`; `otherwise` where that is nonsense.

    PortAudio's clock is another one than `time.monotonic` (ALSA: the time of day, which jumps), so
    only differences are used, taken anew each time.
    """
    seconds = clock - stamp if stamp else BELIEVED_S
    return seconds if -BELIEVED_S < seconds < BELIEVED_S else otherwise
