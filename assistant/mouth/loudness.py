"""Brings all voices to the same loudness, as EBU R 128 measures it.

A voice is about equally loud in all that it says, so it is measured once, over some seconds, and
what was found is kept; a clause by itself would be brought to the loudness of a shout or a sigh.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant import files
from assistant.audio.frames import Pcm
from assistant.errors import AssistantError
from assistant.mouth.limiter import Limiter
from assistant.mouth.synthesiser import Sound, Synthesiser

log = logging.getLogger(__name__)

ENOUGH_S = 2.0
"""Seconds of speech from which on its loudness is known: five give it within 1 LU."""
MOST_DB = 20.0
"""A voice is made no more than so much louder or softer: what needs more is broken."""
MOST_VOICES = 200
"""So many are kept; the ones that were measured first go."""
FORMAT = "1"
"""Changes with the level at which the engines here give their sound."""
SAMPLES = {
    "en": "The quick brown fox jumps over the lazy dog, and a voice is measured by what it says.",
    "zh": "今天天气很好，我们一起去公园散步吧。",
}
"""What a voice says to be measured: 5 s, with all kinds of sounds in it."""


def measured(pcm: Pcm, rate: int) -> float:
    """Return the integrated loudness in LUFS of speech (samples,) int16 at `rate` Hz.

    -inf where there is no sound of 0.4 s or more. By libebur128, after ITU-R BS.1770-4.
    """
    import pyebur128

    state = pyebur128.R128State(1, rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(np.ascontiguousarray(pcm), len(pcm))
    return float(pyebur128.get_loudness_global(state))


class Book:
    """The loudness of each voice that was measured, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, voice: str) -> float | None:
        """Return the loudness of `voice` in LUFS, None where it is not known."""
        found = self._read().get(voice)
        return found if isinstance(found, float) and -100.0 < found < 0.0 else None

    def keep(self, voice: str, loudness: float) -> None:
        """Write down the loudness of `voice` in LUFS; a full disk only costs measuring again."""
        before = {name: found for name, found in self._read().items() if name != voice}
        known = {**dict(list(before.items())[-MOST_VOICES + 1 :]), voice: round(loudness, 2)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.write_whole(self._path, json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            log.info("%s: a voice's loudness cannot be kept there: %s", self._path, error)

    def _read(self) -> dict[str, object]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):  # absent or damaged: it is measured again
            return {}
        return known if isinstance(known, dict) else {}


class Loudness:
    """How loud one voice is, from the book or from what it says, and the factor that follows."""

    def __init__(self, who: str, book: Book, target: float) -> None:
        """`who` is what the voice is called in the `book`; it is brought to `target` LUFS."""
        self._who, self._book, self._target = f"{who} {FORMAT}", book, target
        self._said: list[Pcm] = []  # as long as it is not known how loud it is
        self.lufs = book.find(self._who)
        """Integrated loudness in LUFS of the voice as it is, None as long as it is not known."""

    @property
    def factor(self) -> float:
        """The factor on its samples; 1 as long as it is not known how loud it is."""
        if self.lufs is None:
            return 1.0
        gain = min(MOST_DB, max(-MOST_DB, self._target - self.lufs))
        return float(10.0 ** (gain / 20.0))

    def hear(self, pcm: Pcm) -> None:
        """Take what the voice says, (samples,) int16, as it is."""
        if self.lufs is None:
            self._said.append(pcm)

    def measure(self, rate: int) -> None:
        """Measure what was heard, at `rate` Hz; nothing follows from less than `ENOUGH_S`."""
        if sum(map(len, self._said)) < ENOUGH_S * rate:
            return
        loudness = measured(np.concatenate(self._said), rate)
        self._said.clear()
        if np.isfinite(loudness):
            self.lufs = loudness
            self._book.keep(self._who, loudness)
            log.info("%s: %.1f LUFS", self._who, loudness)


class Levelled:
    """A `Synthesiser` in front of another one, whose sound it brings to `target` LUFS.

    As long as it does not know how loud the other one is, it leaves it as it is, and measures.
    """

    def __init__(self, voice: Synthesiser, who: str, book: Book, target: float) -> None:
        """`who` is what the voice is called in the `book`, where it differs from all others."""
        self.voice = voice
        """The one that it asks."""
        self.rate = voice.rate
        self._who, self._measure = who, Loudness(who, book, target)

    @property
    def loudness(self) -> float | None:
        """Integrated loudness in LUFS of the other one, None as long as it is not known."""
        return self._measure.lufs

    @property
    def name(self) -> str:
        """The name of the other one."""
        return self.voice.name

    @property
    def speed(self) -> float:
        """How fast it speaks, see `Synthesiser`."""
        return self.voice.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self.voice.speed = speed

    @property
    def factor(self) -> float:
        """The factor on its samples."""
        return self._measure.factor

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as it comes; see `Synthesiser`."""
        factor, limiter = np.float32(self.factor), Limiter(self.rate)
        for sound in self.voice.synthesise(text, cancelled):
            self._measure.hear(sound.pcm)
            yield replace(sound, pcm=limiter.apply(sound.pcm * factor))
        self._measure.measure(self.rate)

    def learn(self, language: str) -> "Levelled":
        """Measure the voice now where it is not known; `language` is what it speaks."""
        if self.loudness is None:
            try:
                for _ in self.synthesise(SAMPLES.get(language, SAMPLES["en"]), lambda: False):
                    pass
            except AssistantError as error:  # it will say so again when it is to say something
                log.info("%s: cannot be measured: %s", self._who, error)
        return self

    def close(self) -> None:
        """Free the other one."""
        self.voice.close()
