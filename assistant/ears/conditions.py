"""What is wrong with the sound of a microphone: a running measure, and what to do about it.

It looks at every frame while somebody talks, and else at two a second.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm
from assistant.ears.level import FULL_SCALE, dbfs
from assistant.messages import say

Problem = Literal["silent", "offset", "clipping", "noise", "quiet"]

EVERY = 25
"""While nobody talks one frame of so many is looked at."""
SILENT_S = 10.0
"""A microphone that gives nothing but zeros for so many s is switched off: any other one hisses."""
OFFSET = 0.02
"""Mean of the samples, of full scale, that is worth telling; it is removed, but takes room."""
LIMIT = round(0.98 * FULL_SCALE)
"""Magnitude from which a sample may have been cut off."""
CUT_OFF = 4
"""Samples of a frame that must be beyond it: one alone may be a wave that just reaches it."""
CLIPPED = 0.1
"""Part of the frames of speech with samples that were cut off from which words suffer."""
NOISE_DBFS = -35.0
"""A noise floor above that is told of whatever the speech is like."""
DISTANCE_DB = 15.0
"""Speech that is less than so far above the noise floor is recognised badly."""
QUIET_DBFS = -45.0
"""The loudest frame of an utterance is usually 15 to 25 dB above that."""
ENOUGH = 30
"""Looks at the noise floor, and ..."""
UTTERANCES = 3
"""... utterances that are needed before anything is said about levels."""
WINDOW = 120
"""Looks that the noise floor is taken from: a minute while nobody talks."""


@dataclass(frozen=True, slots=True)
class Report:
    """How well it hears."""

    problems: tuple[Problem, ...]
    """What is wrong, what matters most first."""
    speech: float | None
    """Level of speech in dBFS: median of the loudest frame of each of the last utterances."""
    noise: float | None
    """Level of what is always there, in dBFS: the tenth of a minute that is the quietest."""
    clipped: float
    """Part of the frames of speech with samples that were cut off."""
    offset: float
    """Mean of the samples, as a part of full scale."""


class Conditions:
    """Fed by one thread; `spoken` and `report` may be called by others."""

    def __init__(self, every: int = EVERY, silent_s: float = SILENT_S) -> None:
        """Of the frames while nobody talks one of `every` is looked at.

        After `silent_s` s of nothing but zeros the microphone counts as switched off.
        """
        self._every, self._silent_s = every, silent_s
        self._count = 0
        self._zeros_s = 0.0
        self._offset = 0.0
        self._looks = 0
        self._loud = self._clipped = 0.0  # frames of speech, of late
        self._levels: deque[float] = deque(maxlen=WINDOW)
        self._spoken: deque[float] = deque(maxlen=5)

    def hear(self, pcm: Pcm, talking: bool) -> None:
        """Take a frame as the microphone gave it, (samples,) int16."""
        self._count += 1
        turn = self._count % self._every == 0
        if not (talking or turn):
            return
        low, high = int(pcm.min()), int(pcm.max())
        if talking:
            self._look_at_peaks(pcm, max(high, -low))
        if turn:
            seconds = self._every * FRAME_SAMPLES / RATE
            self._zeros_s = self._zeros_s + seconds if low == high == 0 else 0.0
            self._look_at_floor(pcm)

    def spoken(self, level: float) -> None:
        """An utterance is over whose loudest frame had `level` dBFS."""
        self._spoken.append(level)

    def report(self) -> Report:
        """Return what is known by now."""
        levels, spoken = tuple(self._levels), tuple(self._spoken)
        noise = float(np.percentile(levels, 10)) if len(levels) >= ENOUGH else None
        speech = float(np.median(spoken)) if len(spoken) >= UTTERANCES else None
        clipped = self._clipped / self._loud if self._loud >= ENOUGH else 0.0
        return Report(self._problems(noise, speech, clipped), speech, noise, clipped, self._offset)

    def _look_at_peaks(self, pcm: Pcm, peak: int) -> None:
        keep = 1.0 - 1.0 / (20 * ENOUGH)  # of the last dozen seconds of speech
        self._loud = self._loud * keep + 1.0
        cut = peak >= LIMIT and np.count_nonzero(np.abs(pcm.astype(np.int32)) >= LIMIT) >= CUT_OFF
        self._clipped = self._clipped * keep + float(cut)

    def _look_at_floor(self, pcm: Pcm) -> None:
        mean = float(pcm.mean())
        self._looks += 1
        self._offset += (mean / FULL_SCALE - self._offset) / min(self._looks, WINDOW)
        self._levels.append(dbfs(np.rint(pcm - mean).astype(np.int16)))

    def _problems(
        self, noise: float | None, speech: float | None, clipped: float
    ) -> tuple[Problem, ...]:
        if self._zeros_s >= self._silent_s:
            return ("silent",)
        found: list[Problem] = []
        if clipped > CLIPPED:
            found.append("clipping")
        near = speech is not None and noise is not None and speech - noise < DISTANCE_DB
        if noise is not None and (noise > NOISE_DBFS or near):
            found.append("noise")
        elif speech is not None and speech < QUIET_DBFS:
            found.append("quiet")
        if self._looks >= ENOUGH and abs(self._offset) > OFFSET:
            found.append("offset")
        return tuple(found)


def advice(problem: Problem) -> str:
    """Return a sentence that says what is wrong and what to do."""
    match problem:
        case "silent":
            return say(
                "the microphone gives nothing but zeros: it is switched off or muted; look for a "
                "switch on it, and in `alsamixer` (F4, M unmutes)."
            )
        case "clipping":
            return say(
                "the microphone is too loud, and speech is cut off: lower its level in "
                "`alsamixer` (F4), or switch its boost off."
            )
        case "noise":
            return say(
                "there is constant noise nearly as loud as speech: move the microphone away from "
                "fans and towards those who speak, or lower its boost in `alsamixer` (F4)."
            )
        case "quiet":
            return say(
                "speech is very soft: raise the microphone's level in `alsamixer` (F4), or move "
                "it closer."
            )
        case "offset":
            return say(
                "the microphone's sound is off its centre; that is mended here, but another sound "
                "card would hear more."
            )
