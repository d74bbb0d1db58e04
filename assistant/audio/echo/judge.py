"""Whether what is cleaned can be trusted: is the loudspeaker still heard in it?"""

from collections import deque

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm

FRAMES = 10
"""Frames that are looked at together: 0.2 s."""
LOOKS = 25
"""Looks that count: the last 5 s in which the loudspeaker sounded."""
HOPELESS = 40
"""After so many looks in a row it is known to be of no use: 8 s."""
ENOUGH = 5
"""Looks before there is an opinion."""
GONE_DB = 13.0
"""An echo that has lost so much is rarely taken for speech any more."""
FLOOR_DB = 4.0
"""What is no louder than this above the room's noise is nothing."""
GOOD, BAD = 0.35, 0.08
"""Shares of good looks from which it is usable, and down to which it stays so: somebody who talks
over the loudspeaker, or a television, makes looks bad, and does so for some seconds."""
LOUDER = 6.0
"""So many times louder than the loudspeaker usually is it is somebody else: that says nothing."""
SOUNDS = 30.0
"""RMS of int16 samples from which the loudspeaker sounds: -60 dBFS."""


class Judge:
    """Used by one thread."""

    def __init__(self) -> None:
        self._near = self._cleaned = self._far = 0.0
        self._frames = 0
        self._looks: deque[bool] = deque(maxlen=LOOKS)
        self._loudness: deque[float] = deque(maxlen=2 * LOOKS)
        self._floor = 0.0  # power of the room's noise, a sample
        self.usable: bool | None = None
        """None: not known yet."""
        self._useless = 0  # looks since it was usable last

    def quiet(self, near: Pcm) -> None:
        """A frame in which the loudspeaker cannot be heard: the room's noise, at times a voice."""
        power = _power(near) / len(near)
        rise = 1 + 0.2 * FRAME_SAMPLES / RATE  # 0.8 dB a s
        self._floor = min(power, self._floor * rise) if self._floor else power

    def feed(self, near: Pcm, cleaned: Pcm, far: Pcm) -> bool | None:
        """Take a frame before and after; return whether it is usable, when that has changed."""
        power = _power(far)
        if power < SOUNDS**2 * len(far):
            return None
        self._far += power
        self._near += _power(near)
        self._cleaned += _power(cleaned)
        self._frames += 1
        if self._frames < FRAMES:
            return None
        floor = self._floor * FRAMES * FRAME_SAMPLES * 10 ** (FLOOR_DB / 10)
        good = self._cleaned < max(floor, self._near * 10 ** (-GONE_DB / 10))
        self._loudness.append(self._near / self._far)
        usual = float(np.quantile(self._loudness, 0.25))
        talk = self._loudness[-1] > LOUDER * usual
        self._near = self._cleaned = self._far = 0.0
        self._frames = 0
        if talk and not good:
            return None
        self._looks.append(good)
        return self._opinion()

    @property
    def hopeless(self) -> bool:
        """Whether it has been of no use for a long time."""
        return self._useless >= HOPELESS

    def _opinion(self) -> bool | None:
        if len(self._looks) < ENOUGH:
            return None
        share = sum(self._looks) / len(self._looks)
        usable = share > BAD if self.usable else share >= GOOD
        changed = usable is not self.usable
        self.usable = usable
        self._useless = 0 if usable else self._useless + 1
        return usable if changed else None


def _power(pcm: Pcm) -> float:
    return float(np.square(pcm, dtype=np.float32).sum())
