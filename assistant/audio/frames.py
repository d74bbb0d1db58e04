"""The shape that sound has everywhere between the devices.

Sound comes in as `Frame`s and goes out by a `Source` being asked for samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.audio.pace import FRAME_SAMPLES as FRAME_SAMPLES
from assistant.audio.pace import RATE as RATE

Pcm = NDArray[np.int16]
"""Mono samples, shape (samples,), dtype int16."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of captured sound."""

    pcm: Pcm
    """Shape (`FRAME_SAMPLES`,), int16, mono, `RATE` Hz."""
    time: float
    """`time.monotonic` seconds at which the first sample was captured."""
    echo: float | None = None
    """RMS of the int16 samples as they were before the assistant's own sound was taken out of them;
    None: nothing was."""

    @property
    def end(self) -> float:
        """`time.monotonic` seconds just after the last sample."""
        return self.time + len(self.pcm) / RATE


Source = Callable[[Pcm, float], None]
"""``source(out, audible_at)`` fills `out` (samples,) int16 at the loudspeaker's rate.

`audible_at` is the `time.monotonic` time in seconds at which ``out[0]`` will leave the
loudspeaker. It is called from the audio callback: it must neither block nor raise.
"""


class Microphone(Protocol):
    """A stream of frames; one start, one stop."""

    name: str
    """What the user calls it, for messages."""
    live: bool
    """Whether it hears a real room, whose sound may be bad; else it is a file, or nothing."""

    @property
    def dropped(self) -> int:
        """Samples (at the device's rate) lost so far because nobody took them in time."""

    def start(self, sink: Callable[[Frame], None]) -> None:
        """Begin to call `sink` with consecutive frames, from one thread of its own.

        Raises `DeviceError` when there is no such device or it is busy.
        """

    def stop(self) -> None:
        """End; no frame comes after this returns. May be called twice, or before `start`."""


class Loudspeaker(Protocol):
    """Asks a `Source` for samples as time goes by."""

    name: str
    rate: int
    """Sample rate in Hz at which the source is asked; fixed once `start` returned."""

    def start(self, source: Source) -> None:
        """Begin to ask `source`, from the device's callback. Raises `DeviceError`."""

    def pause(self) -> None:
        """Stop asking after what was given has sounded. Raises `DeviceError`."""

    def resume(self) -> None:
        """Ask again, after `pause`. Raises `DeviceError` when the device is gone."""

    def stop(self) -> None:
        """End; the source is not asked again. May be called twice, or before `start`."""
