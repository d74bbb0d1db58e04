"""Stops the loudspeaker's stream while the assistant sleeps.

An open stream asks for samples two hundred times a second, day and night. To stop and start it
takes some milliseconds (PortAudio on ALSA and PulseAudio), which the tone after the wake word has.
"""

from collections.abc import Callable
from typing import Protocol

from assistant.audio.frames import Loudspeaker
from assistant.errors import AssistantError
from assistant.worker import Worker

AFTER_S = 2.0
"""Seconds of sleep after which it stops: the tone that says good night has sounded."""


class Handle(Protocol):
    """A call that may still come; asyncio's `TimerHandle`."""

    def cancel(self) -> None:
        """Let it not come."""


class Standby:
    """Used from one thread; the device, which may block, is stopped and started on another."""

    def __init__(
        self,
        loudspeaker: Loudspeaker,
        later: Callable[[float, Callable[[], None]], Handle],
        on_failed: Callable[[AssistantError], None],
    ) -> None:
        """``later(seconds, act)`` calls `act` on this thread.

        `on_failed` is told, on another one, when the device does not come back.
        """
        self._loudspeaker, self._later = loudspeaker, later
        self._device = Worker("loudspeaker", lambda _, error: on_failed(error))
        self._timer: Handle | None = None
        self._stopped = False

    def sleeps(self) -> None:
        """Nobody is spoken to now."""
        if self._timer is None and not self._stopped:
            self._timer = self._later(AFTER_S, self._pause)

    def awake(self) -> None:
        """Something may have to sound: let the stream run."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._stopped:
            self._stopped = False
            self._device.post(self._loudspeaker.resume)

    def stop(self) -> None:
        """End, from any thread; the stream stays as it is."""
        self._device.stop()

    def _pause(self) -> None:
        self._timer, self._stopped = None, True
        self._device.post(self._loudspeaker.pause)
