"""A microphone and a loudspeaker that come back: what was lost is opened again, as if never gone.

Whoever uses them has sound at all times: while the microphone is away, or muted, silence is heard;
for a loudspeaker that stays away another one asks, unheard, so that no answer waits for ever.
"""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Loudspeaker, Microphone, Pcm, Source
from assistant.audio.keeper import Keeper
from assistant.audio.rated import Rated
from assistant.audio.signs import signs
from assistant.audio.silent import SilentLoudspeaker, beats
from assistant.audio.zeros import Zeros
from assistant.errors import AssistantError, DeviceError

log = logging.getLogger(__name__)

FRAME_S = FRAME_SAMPLES / RATE
OVERLAP_S = 0.005
"""Times of frames wander by so much; one that is older belongs to another stream."""
PATIENCE_S = 4.0
"""An answer waits so many s for its loudspeaker, and then is given up."""

OnLost = Callable[[str], None]
Act = Callable[[], None]


class KeptMicrophone:
    """A `Microphone` that is opened again when it was lost, and closed while it is muted."""

    live = True

    def __init__(self, make: Callable[[OnLost], Microphone], on_lost: OnLost, on_back: Act) -> None:
        """``make(on_lost)`` returns the device, not yet started.

        ``on_lost(reason)`` and later ``on_back()`` are called from any thread.
        """
        self._make = make
        self.name = ""
        self._device: Microphone | None = None
        self._muted = self._ended = False
        self._turn = threading.RLock()  # one frame at a time, and nothing changes meanwhile
        self._last = float("-inf")  # end of the last frame, monotonic s
        self._dropped = 0  # by the devices before this one
        self._zeros = Zeros()
        self._silence: threading.Event | None = None  # ends the thread that gives it
        self._keeper = Keeper("microphone", self._open, self._shut, on_lost, on_back, signs=signs)

    @property
    def missing(self) -> str:
        """Why it is away; empty: it is there, or muted."""
        return self._keeper.missing

    @property
    def dropped(self) -> int:
        """See `Microphone`."""
        return self._dropped + (self._device.dropped if self._device else 0)

    def start(self, sink: Callable[[Frame], None]) -> None:
        """See `Microphone`; while it is muted nothing is opened."""
        self._sink = sink
        if self._muted:
            self._be_silent()
        else:
            self._open()
        self._keeper.start()

    def mute(self, muted: bool) -> None:
        """Let nothing be heard from now on, and close the device; or open it again.

        Once it has returned, no frame with sound reaches anybody.
        """
        with self._turn:
            self._muted = muted
        self._keeper.want(not muted)

    def stop(self) -> None:
        """See `Microphone`."""
        self._ended = True
        self._keeper.stop()
        self._drop()
        self._keeper.join()
        self._drop()
        self._no_silence()

    def _open(self) -> None:
        """Open the device anew; one that lives is heard until then, where two can be open."""
        if self._device:
            try:
                self._begin()
                return
            except DeviceError:  # only one may have it
                self._shut()
        self._begin()

    def _begin(self) -> None:
        old, device = self._device, self._make(lambda reason: self._lost(device, reason))
        if old is None:
            self._device = device  # to be found by `stop`, for this may take its time
        try:
            device.start(lambda frame: self._take(device, frame))
        except BaseException:
            if self._device is device:
                self._device = None
            raise
        with self._turn:
            self._device, self.name = device, device.name
            self._zeros.renewed()
        if old:
            self._dropped += old.dropped
            old.stop()
        self._no_silence()
        if self._ended:
            device.stop()

    def _shut(self) -> None:
        self._be_silent()
        self._drop()

    def _drop(self) -> None:
        with self._turn:
            device, self._device = self._device, None
        if device:
            self._dropped += device.dropped
            device.stop()

    def _lost(self, device: Microphone, reason: str) -> None:
        """The device is dead; called from one of its threads."""
        if device is self._device and not self._ended:
            self._shut()
            self._keeper.lost(reason)

    def _take(self, device: Microphone, frame: Frame) -> None:
        with self._turn:
            if device is not self._device:
                return
            self._hand_on(frame)
            if not self._muted and self._zeros.dead(frame):
                log.info("the microphone gives nothing but zeros; it is opened again")
                self._keeper.renew()

    def _hand_on(self, frame: Frame) -> None:
        with self._turn:
            if frame.time < self._last - OVERLAP_S:
                return
            self._last = frame.end
            self._sink(Frame(np.zeros_like(frame.pcm), frame.time) if self._muted else frame)

    def _be_silent(self) -> None:
        """Give frames of silence from now on: what was begun finds its end."""
        with self._turn:
            if self._silence is None and not self._ended:
                self._silence = threading.Event()
                thread = threading.Thread(
                    target=self._give_silence,
                    args=(self._silence,),
                    name="microphone away",
                    daemon=True,
                )
                thread.start()

    def _give_silence(self, stopped: threading.Event) -> None:
        begin = time.monotonic()
        for beat in beats(begin, FRAME_S, stopped):
            pcm: Pcm = np.zeros(FRAME_SAMPLES, np.int16)
            self._hand_on(Frame(pcm, begin + (beat - 1) * FRAME_S))

    def _no_silence(self) -> None:
        with self._turn:
            if self._silence:
                self._silence.set()
            self._silence = None


class KeptLoudspeaker:
    """A `Loudspeaker` that is opened again when it was lost; its rate stays."""

    def __init__(
        self,
        make: Callable[[OnLost], Loudspeaker],
        on_lost: OnLost,
        on_late: OnLost,
        on_back: Act,
    ) -> None:
        """``make(on_lost)`` returns the device, not yet started.

        ``on_lost(reason)``, ``on_late(reason)`` when it is not there after `PATIENCE_S`, and
        ``on_back()`` are called from any thread.
        """
        self._make, self._tell_late = make, on_late
        self.name, self.rate = "", 0
        self._device: Loudspeaker | None = None
        self._asking: Loudspeaker | None = None  # the one that gets sound
        self._instead: SilentLoudspeaker | None = None
        self._paused = self._ended = self._late = False
        self._turn = threading.RLock()
        self._keeper = Keeper(
            "loudspeaker",
            self._open,
            self._drop,
            on_lost,
            on_back,
            signs=signs,
            on_late=self._be_late,
            patience=PATIENCE_S,
        )

    @property
    def missing(self) -> str:
        """Why it is away; empty: it is there."""
        return self._keeper.missing

    def start(self, source: Source) -> None:
        """See `Loudspeaker`."""
        self._source = source
        self._open()
        self._keeper.start()

    def pause(self) -> None:
        """See `Loudspeaker`; it does not raise."""
        self._let(paused=True)

    def resume(self) -> None:
        """See `Loudspeaker`; it does not raise."""
        self._let(paused=False)

    def stop(self) -> None:
        """See `Loudspeaker`."""
        self._ended = True
        self._keeper.stop()
        self._drop()
        self._keeper.join()
        self._drop()
        self._no_substitute()

    def _open(self) -> None:
        device = self._make(lambda reason: self._lost(device, reason))
        self._device = device  # to be found by `stop`, for this may take its time
        try:
            device.start(lambda out, at: self._fill(device, out, at))
            with self._turn:
                if self._paused:
                    device.pause()
                self._no_substitute()
                self._give_to(device)
        except BaseException:
            self._drop()
            raise
        if self._ended:
            device.stop()

    def _give_to(self, device: Loudspeaker) -> None:
        self.name, self.rate, self._late = device.name, self.rate or device.rate, False
        other = self.rate != device.rate
        self._sound = Rated(self._source, self.rate, device.rate) if other else self._source
        if device is self._device:  # it may have died meanwhile
            self._asking = device

    def _fill(self, asking: Loudspeaker, out: Pcm, audible_at: float) -> None:
        """Give sound to the one whose turn it is; nothing is lost to one that only begins."""
        if asking is self._asking:
            self._sound(out, audible_at)
        else:
            out[:] = 0

    def _let(self, *, paused: bool) -> None:
        with self._turn:
            self._paused = paused
            device = self._asking if self._asking is self._device else None
        try:
            if device:
                (device.pause if paused else device.resume)()
        except AssistantError as error:
            self._lost(device, str(error))
        if paused:
            self._no_substitute()
        elif self._late:
            self._substitute()

    def _lost(self, device: Loudspeaker | None, reason: str) -> None:
        """The device is dead; called from one of its threads."""
        if device and device is self._device and not self._ended:
            self._drop()
            self._keeper.lost(reason)

    def _drop(self) -> None:
        with self._turn:
            device, self._device, self._asking = self._device, None, None
        if device:
            device.stop()

    def _be_late(self) -> None:
        self._late = True
        self._tell_late(self.missing)
        if not self._paused:
            self._substitute()

    def _substitute(self) -> None:
        """Let what is said go by unheard."""
        with self._turn:
            if self._instead or self._ended:
                return
            self._instead = instead = SilentLoudspeaker(self.rate)
            self._sound, self._asking = self._source, instead
        instead.start(lambda out, at: self._fill(instead, out, at))

    def _no_substitute(self) -> None:
        with self._turn:
            instead, self._instead = self._instead, None
        if instead:
            instead.stop()
