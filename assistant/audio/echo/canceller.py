"""What every echo canceller looks like."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm


class Canceller(Protocol):
    """An adaptive filter that learns how the loudspeaker sounds at the microphone.

    Used by one thread.
    """

    name: str
    """As the settings call it."""

    learns: bool
    """Whether it learns from what it hears; at first it does."""
    expected: NDArray[np.float32] | None
    """What it took for echo in the last frame, (`FRAME_SAMPLES`,) as parts of full scale; None: it
    does not tell."""

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        """Return `near` without the echo of `far`.

        All are (`FRAME_SAMPLES`,) int16, mono, 16 kHz. `near` is what was heard, `far` what left
        the loudspeaker at the same time or up to its tail before; frames follow one another.
        """

    def reset(self) -> None:
        """Forget what was learned: the way of the sound is another one now."""
