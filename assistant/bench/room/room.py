"""The room itself, in samples: no thread and no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from assistant.audio.frames import RATE, Pcm
from assistant.bench.room.acoustics import Responses, Sound, responses
from assistant.bench.room.cone import Cone
from assistant.bench.room.levels import active_dbfs, gain, parts
from assistant.bench.room.noises import KINDS, LENGTH_S, pink
from assistant.bench.room.varispeed import Varispeed

Where = Literal["talker", "far"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What the room is like, who is in it, and how good the devices are."""

    size: tuple[float, float, float] = (4.5, 3.6, 2.5)
    """Length, width, height in m."""
    rt60: float = 0.35
    """Reverberation time in s."""
    loudspeaker_m: float = 0.2
    """From the loudspeaker to the microphone, in m."""
    talker_m: float = 1.2
    """From the talker to the microphone, in m."""
    talker_dbfs: float = -26.0
    """Level of the talker's speech at the microphone, pauses left out; ITU-T's nominal level."""
    echo_db: float = 0.0
    """The assistant's own speech at the microphone, relative to the talker's; -200: muted."""
    reply_dbfs: float = -20.0
    """Level of the assistant's speech as it is given to the loudspeaker, pauses left out."""
    drive: float = 1.0
    """How soon the loudspeaker saturates, see `Cone`; 0: never."""
    band: tuple[float, float] = (180.0, 7500.0)
    """Hz that the loudspeaker is able to play."""
    delay: float = 0.06
    """From when a sample is said to leave the loudspeaker until it does, in s."""
    drift_ppm: float = 0.0
    """By how much the loudspeaker's clock is faster than the microphone's, in millionths."""
    noises: Mapping[str, float] = field(default_factory=lambda: {"white": -65.0})
    """Kinds of `noises.KINDS` with their levels at the microphone in dBFS."""


class Room:
    """Give it what the loudspeaker plays and what people say; take what the microphone hears.

    Time is counted in the microphone's samples of `RATE` Hz; sample 0 of the loudspeaker sounds, if
    there is no delay, when sample 0 of the microphone is captured.
    """

    def __init__(
        self, setup: Setup, seed: int = 0, *, rate: int = RATE, voices: Sequence[Pcm] = ()
    ) -> None:
        """`rate` in Hz is the loudspeaker's; `voices` (samples,) int16 16 kHz make noise.

        Raises `EngineMissing` without the extra `bench`, `ValueError` for a room that cannot be.
        """
        from scipy import signal

        rng = np.random.default_rng(seed)
        self.setup, self.rate = setup, rate
        self.now = 0
        """The sample that the microphone captures next."""
        self.clipped = 0
        """Samples so far that were beyond full scale."""
        self._convolve = signal.oaconvolve
        self._paths: Responses = responses(
            setup.size, setup.rt60, setup.loudspeaker_m, setup.talker_m, rng
        )
        self._cone = Cone(rate, setup.band, setup.drive)
        self._speed = rate / RATE * (1 + setup.drift_ppm * 1e-6)
        self._tape = Varispeed(self._speed)
        self._past = np.zeros(len(self._paths.loudspeaker) - 1)  # of the loudspeaker, at RATE
        self._echo_gain = self._calibrated(rng)
        self._noise = self._beds(rng, voices)
        self._said = np.zeros(0)  # from sample `now` on

    def wanted(self, count: int) -> int:
        """Return how many more samples must be played before `count` ones can be heard."""
        last = self._positions(np.array([self.now + count - 1]))[0]
        return max(0, self._tape.needed(last) - self._tape.fed)

    def play(self, pcm: Pcm) -> None:
        """The loudspeaker's next samples (samples,) int16 at `rate` Hz."""
        if len(pcm):
            self._tape.feed(self._cone.feed(parts(pcm)))

    def speak(
        self, pcm: Pcm, at: int | None = None, *, where: Where = "talker", louder: float = 0.0
    ) -> int:
        """Somebody says `pcm` (samples,) int16 16 kHz, from sample number `at` on, or from now.

        It is as loud as the setup's talker, and `louder` dB more. Returns the sample number at
        which its first sample reaches the microphone.
        """
        path = self._paths.talker if where == "talker" else self._paths.far
        sound = self._convolve(parts(pcm), path)
        sound *= gain(self.setup.talker_dbfs + louder - active_dbfs(sound))
        start = 0 if at is None else max(0, at - self.now)
        missing = start + len(sound) - len(self._said)
        self._said = np.concatenate((self._said, np.zeros(max(0, missing))))
        self._said[start : start + len(sound)] += sound
        return self.now + start + int(np.abs(path).argmax())

    def calibrate(self, reply: Pcm) -> None:
        """From now on `reply` (samples,) int16, at `rate` Hz, is as loud as the setup says.

        Voices differ from noise of the same level: their strongest notes may be those that a small
        loudspeaker cannot play.
        """
        played = Cone(self.rate, self.setup.band, self.setup.drive).feed(parts(reply))
        self._echo_gain = self._gain_for(soxr.resample(played, self.rate, RATE))

    def hear(self, count: int) -> Pcm:
        """Return the microphone's next samples, shape (`count`,), int16.

        Where too little was played the loudspeaker was silent.
        """
        if missing := self.wanted(count):
            self.play(np.zeros(missing, np.int16))
        index = np.arange(self.now, self.now + count)
        heard = self._echo(index) + self._noise[index % len(self._noise)]
        said, self._said = self._said[:count], self._said[count:]
        heard[: len(said)] += said
        self.now += count
        samples = np.rint(heard * 32768.0)
        self.clipped += int(np.count_nonzero(np.abs(samples + 0.5) > 32768.0))
        return np.clip(samples, -32768, 32767).astype(np.int16)

    def _echo(self, index: NDArray[np.int64]) -> Sound:
        played = np.concatenate((self._past, self._tape.take(self._positions(index))))
        self._past = played[len(index) :]
        echo = self._convolve(played, self._paths.loudspeaker, mode="valid")
        return np.asarray(self._echo_gain * echo, np.float64)

    def _positions(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Which of its samples leave the loudspeaker at these samples of the microphone."""
        return np.asarray((index - self.setup.delay * RATE) * self._speed, np.float64)

    def _calibrated(self, rng: np.random.Generator) -> float:
        """Return the factor that gives the assistant's speech its level at the microphone.

        Found with pink noise, whose long-term spectrum is nearly that of speech.
        """
        setup = self.setup
        speech = pink(rng)[: 4 * RATE]
        speech *= gain(setup.reply_dbfs - active_dbfs(speech))
        played = Cone(RATE, setup.band, setup.drive).feed(speech)
        return self._gain_for(played)

    def _gain_for(self, played: Sound) -> float:
        heard = self._convolve(played, self._paths.loudspeaker)
        return gain(self.setup.talker_dbfs + self.setup.echo_db - active_dbfs(heard))

    def _beds(self, rng: np.random.Generator, voices: Sequence[Pcm]) -> Sound:
        """Return all noises together, as one ring."""
        bed = np.zeros(LENGTH_S * RATE)
        for kind, dbfs in sorted(self.setup.noises.items()):
            made = KINDS[kind](rng, voices)
            if kind in ("babble", "music", "television"):  # they stand somewhere in the room
                around = np.concatenate((made[-len(self._paths.far) + 1 :], made))
                made = self._convolve(around, self._paths.far, mode="valid")
            bed += made * gain(dbfs - active_dbfs(made))
        return bed
