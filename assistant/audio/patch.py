"""A patch bay between the devices and the rooms: a browser may take the devices' place.

Normally the microphone's frames go to the ears and the player's sound to the loudspeaker. While a
browser is plugged in, its frames go to the ears, and the player's sound is pulled at real-time
pace and goes to the browser; the loudspeaker gets silence, the microphone is not heard.
"""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm, Source
from assistant.errors import AssistantError

log = logging.getLogger(__name__)

BLOCK_S = 0.02
"""Sound is pulled in blocks of so many s."""
AHEAD_S = 0.15
"""Sound is heard from a browser about so many s after it was pulled: way, buffer, sound card."""
TAIL = 15
"""Blocks of silence after sound that are handed on too: pauses within speech stay as they are."""
DRAIN = 20
"""Blocks that are pulled for nobody when a browser has left: the rest of what it was told must not
come out of the loudspeaker."""
STEP_S = 1e-6
"""Times of frames increase by so much at the least."""
CREDIT_S = 5.0
"""So many s of sound may come at once."""
PACE = 1.25
"""And so many s of sound a second in the long run: clocks differ, and browsers catch up."""

Take = Callable[[Pcm | None, int], None]
"""``take(block, rate)`` gets sound (samples,) int16 at `rate` Hz on the puller's thread; None: drop
what was given and has not sounded yet."""


class Puller:
    """Asks for samples at real-time pace; silence is not handed on."""

    def __init__(
        self,
        fill: Source,
        rate: int,
        take: Take,
        *,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        """`clock` gives monotonic s; ``wait(seconds)`` waits and returns whether it is over."""
        self._fill, self._rate, self._take = fill, rate, take
        self._clock, self._wait = clock, wait
        self._samples = round(rate * BLOCK_S)
        self._quiet = TAIL + 1  # blocks of silence in a row, so far
        self._flush = False
        self._left: int | None = None  # blocks until the end

    def flush(self) -> None:
        """What was pulled until now shall not be heard any more; from any thread."""
        self._flush = True

    def drain(self) -> None:
        """Hand nothing on from now, and end soon; from any thread."""
        self._left = DRAIN

    @property
    def draining(self) -> bool:
        """Whether nobody gets what is pulled."""
        return self._left is not None

    def run(self) -> None:
        """Pull until the end. The schedule is absolute: a late block does not delay the next."""
        began, period, beat = self._clock(), self._samples / self._rate, 0
        while self._left is None or self._left > 0:
            beat += 1
            if self._wait(max(0.0, began + beat * period - self._clock())):
                return
            self._pull(began + beat * period + AHEAD_S)

    def _pull(self, audible_at: float) -> None:
        flush, self._flush = self._flush, False
        block = np.zeros(self._samples, np.int16)
        try:
            self._fill(block, audible_at)
        except Exception:
            log.exception("the sound's source failed")
            block[:] = 0
        if self._left is not None:
            self._left -= 1
            return
        if flush:  # this block is the fade-out of what is dropped
            self._quiet = TAIL + 1
            self._take(None, self._rate)
            return
        self._quiet = 0 if block.any() else self._quiet + 1
        if self._quiet <= TAIL:
            self._take(block, self._rate)


class Jack:
    """What is plugged in; made by `Patch.plug`."""

    def __init__(
        self, hear: Callable[["Jack", Frame], None], puller: Puller, clock: Callable[[], float]
    ) -> None:
        self._hear, self._clock = hear, clock
        self.puller = puller
        self._last = float("-inf")  # time of the last frame
        self._credit, self._then = CREDIT_S, clock()

    def hear(self, pcm: Pcm) -> None:
        """Let the ears hear `pcm`, (samples,) int16, mono, 16 kHz, whole frames, captured now.

        Raises `AssistantError` when there is more than real time allows, or no whole frame.
        """
        count, rest = divmod(len(pcm), FRAME_SAMPLES)
        if rest or not count:
            raise AssistantError(
                "sound must come in whole frames of {frame_samples} samples.",
                frame_samples=FRAME_SAMPLES,
            )
        now = self._clock()
        self._credit = min(CREDIT_S, self._credit + (now - self._then) * PACE) - len(pcm) / RATE
        self._then = now
        if self._credit < 0:
            raise AssistantError("sound came faster than it can have been spoken.")
        for number, piece in enumerate(np.split(pcm, count)):
            captured = now - (count - number) * FRAME_SAMPLES / RATE
            self._last = max(captured, self._last + STEP_S)
            self._hear(self, Frame(piece, self._last))


class Patch:
    """Who hears whom. `hear` and `source` are for the devices, all else for one other thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic s."""
        self.ears: Callable[[Frame], None] | None = None
        """Gets the frames, from one thread at a time."""
        self.player: Source | None = None
        """Gives the samples, to one thread at a time."""
        self._clock = clock
        self._jack: Jack | None = None
        self._hearing = threading.Lock()
        self._filling = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def hear(self, frame: Frame) -> None:
        """Take the microphone's next frame."""
        with self._hearing:
            if self._jack is None or self._jack.puller.draining:
                self._forward(frame)

    def source(self, out: Pcm, audible_at: float) -> None:
        """Give the loudspeaker its samples; see `Source`."""
        if self._jack is None:
            self._play(out, audible_at)
        else:
            out[:] = 0

    def plug(self, rate: int, take: Take) -> Jack:
        """Put a browser in the devices' place until `unplug`; `rate` in Hz is the player's.

        Raises `AssistantError` while another one is there.
        """
        if self._jack and not self._jack.puller.draining:
            raise AssistantError("somebody talks to it from another browser already.")
        self._end()
        stopped = self._stopped = threading.Event()
        puller = Puller(self._play, rate, take, clock=self._clock, wait=stopped.wait)
        jack = Jack(self._take_from, puller, self._clock)
        with self._hearing:
            self._jack = jack
        self._thread = threading.Thread(
            target=self._pull, args=(jack,), name="browser", daemon=True
        )
        self._thread.start()
        return jack

    def unplug(self, jack: Jack) -> None:
        """Give the devices their place back: the microphone at once, the loudspeaker soon."""
        jack.puller.drain()

    @property
    def plugged(self) -> bool:
        """Whether a browser is in the devices' place."""
        return self._jack is not None and not self._jack.puller.draining

    def flush(self) -> None:
        """The reply is cancelled: a browser that is plugged in must drop what it has of it."""
        if jack := self._jack:
            jack.puller.flush()

    def stop(self) -> None:
        """End; what is plugged in gets nothing more."""
        self._end()

    def _end(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _pull(self, jack: Jack) -> None:
        jack.puller.run()
        if self._jack is jack:
            self._jack = None

    def _take_from(self, jack: Jack, frame: Frame) -> None:
        with self._hearing:
            if self._jack is jack and not jack.puller.draining:
                self._forward(frame)

    def _forward(self, frame: Frame) -> None:
        if self.ears:
            self.ears(frame)

    def _play(self, out: Pcm, audible_at: float) -> None:
        """Ask the player, never two at a time: a device's last call may still be going on."""
        if self.player is None or not self._filling.acquire(blocking=False):
            out[:] = 0
            return
        try:
            self.player(out, audible_at)
        finally:
            self._filling.release()
