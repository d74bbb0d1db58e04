"""The room as a microphone and a loudspeaker, at real-time pace.

One thread drives both, so that what is heard depends on what was played and on nothing else: a
machine that is busy is late with both.
"""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm, Source
from assistant.audio.silent import BLOCK_S, beats
from assistant.bench.room.room import Room, Where

log = logging.getLogger(__name__)

BEATS = round(FRAME_SAMPLES / RATE / BLOCK_S)
"""Blocks of the loudspeaker in a frame of the microphone."""
AHEAD = 3
"""Blocks that are asked for before they sound: 20 to 30 ms, as sound cards do."""


class Devices:
    """Both devices of one `Room`; what was played is kept in `Devices.loudspeaker`."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.microphone = RoomMicrophone(self)
        self.loudspeaker = RoomLoudspeaker(self, room.rate)
        self.began = 0.0
        """`time.monotonic` s of sample 0 of both devices."""
        self._lock = threading.Lock()  # of the room, and of who starts and stops
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def speak(
        self, pcm: Pcm, *, where: Where = "talker", louder: float = 0.0, wait: float = 0.05
    ) -> float:
        """Let somebody say `pcm` (samples,) int16 16 kHz after `wait` s; see `Room.speak`.

        Returns the `time.monotonic` s at which its first sample reaches the microphone.
        """
        with self._lock:
            at = self.room.now + round(wait * RATE)
            at = self.room.speak(pcm, at, where=where, louder=louder)
            return self.began + at / RATE

    def begin(self) -> None:
        """Let time pass, unless it does."""
        with self._lock:
            if self._thread is None:
                self.began = time.monotonic()
                self._thread = threading.Thread(target=self._run, name="room", daemon=True)
                self._thread.start()

    def rest(self) -> None:
        """End when neither device is in use; nothing is delivered after this returns."""
        if self.microphone.used or self.loudspeaker.used:
            return
        self._stopped.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        for beat in beats(self.began, BLOCK_S, self._stopped):
            self.loudspeaker.pull(self.began, self.began + (beat + AHEAD) * BLOCK_S)
            if beat % BEATS or beat == 0:
                continue
            with self._lock:
                start = self.room.now
                pcm = self.room.hear(FRAME_SAMPLES)
            self.microphone.deliver(Frame(pcm, self.began + start / RATE))


class RoomMicrophone:
    """Hears what is in the room; an `assistant.audio.frames.Microphone`."""

    def __init__(self, devices: Devices) -> None:
        self.name, self.live = "room", False
        self.dropped = 0
        self.used = False
        self.cpu_s = 0.0
        """CPU time that who listens has taken on this thread, in s."""
        self._devices = devices
        self._lock = threading.Lock()
        self._sink: Callable[[Frame], None] | None = None

    def start(self, sink: Callable[[Frame], None]) -> None:
        """Begin to hear."""
        self._sink, self.used = sink, True
        self._devices.begin()

    def stop(self) -> None:
        """End; no frame comes after this returns."""
        with self._lock:
            self._sink, self.used = None, False
        self._devices.rest()

    def deliver(self, frame: Frame) -> None:
        """Hand on a frame to who listens."""
        with self._lock:
            if self._sink:
                before = time.thread_time()
                self._sink(frame)
                self.cpu_s += time.thread_time() - before


class RoomLoudspeaker:
    """Plays into the room and keeps what it played; an `assistant.audio.frames.Loudspeaker`."""

    def __init__(self, devices: Devices, rate: int) -> None:
        """`rate` in Hz."""
        self.name = "room"
        self.rate = rate
        self.late = 0
        """Blocks that were asked for after they should have been audible: a busy machine."""
        self.errors = 0
        """Blocks that the source failed to fill."""
        self.used = False
        self._devices = devices
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._resting: Source | None = None
        self._blocks: list[Pcm] = []
        self._pace = rate * (1 + devices.room.setup.drift_ppm * 1e-6)

    def start(self, source: Source) -> None:
        """Begin to ask `source` every `BLOCK_S` s."""
        self._source, self.used = source, True
        self._devices.begin()

    def pause(self) -> None:
        """Be silent until `resume`."""
        with self._lock:
            self._source, self._resting = None, self._source or self._resting

    def resume(self) -> None:
        """Ask again."""
        with self._lock:
            self._source = self._source or self._resting

    def stop(self) -> None:
        """End; the source is not asked again."""
        with self._lock:
            self._source, self.used = None, False
        self._devices.rest()

    def played(self, since: float) -> Pcm:
        """Return what left it since `since` (`time.monotonic` s), (samples,) int16 at `rate` Hz."""
        sample = max(0, round((since - self._devices.began) * self._pace))
        first = sample // round(self.rate * BLOCK_S)
        blocks = self._blocks[first:]
        skip = sample - first * round(self.rate * BLOCK_S)
        return np.concatenate([np.zeros(0, np.int16), *blocks])[skip:]

    def pull(self, began: float, until: float) -> None:
        """Ask for all that sounds before `until`, by this device's own clock."""
        samples = round(self.rate * BLOCK_S)
        while (audible_at := began + len(self._blocks) * samples / self._pace) < until:
            self.late += time.monotonic() > audible_at
            block = np.zeros(samples, np.int16)
            with self._lock:
                if self._source:
                    try:
                        self._source(block, audible_at)
                    except Exception:
                        log.exception("the sound's source failed")
                        self.errors += 1
                        block[:] = 0
            self._blocks.append(block)
            self._devices.room.play(block)
