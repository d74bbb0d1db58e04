"""A loudspeaker in a room with a microphone, made up: stamps, drift, delay, reverberation, noise.

Recorded speech is played and spoken; everything goes through `EchoPath` as the daemon would do it,
in the time that the test makes up. Not a real room, and no real devices.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.audio import wav
from assistant.audio.clock import StreamClock
from assistant.audio.echo.canceller import Canceller
from assistant.audio.echo.kalman import KalmanCanceller
from assistant.audio.echo.path import EchoPath
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.resample import resample

LEVEL = 10 ** (-26 / 20)
"""RMS of a voice at the microphone."""
DRY_S = 0.03
HERE = Path(__file__).parent
CHINESE = HERE / "data" / "zh-thousand-characters.wav"
ENGLISH = HERE.parent / "assistant" / "data" / "question-en.wav"


def speech(path: Path, rate: int, seconds: float) -> Pcm:
    """Return recorded speech at `rate` Hz, (samples,) int16; it begins anew at its end."""
    pcm = wav.read(path)
    return np.resize(resample(pcm, RATE, rate), round(seconds * rate))


@dataclass
class Room:
    """What is between the loudspeaker and the microphone; all times in s."""

    rate: int = 48_000
    """Of the loudspeaker, in Hz."""
    way: float = 0.02
    """How much later than stamped the sound arrives."""
    ppm: float = 0.0
    """How much faster than claimed the loudspeaker's crystal is."""
    jitter: float = 1e-3
    """Of the devices' stamps, RMS."""
    lies: bool = False
    """Stamps as PulseAudio's ALSA plug-in makes them: the loudspeaker's first ones in a burst, the
    microphone's 12 ms late for some seconds, though not a sample is lost."""
    dry: tuple[float, ...] = ()
    """When the loudspeaker runs dry for 30 ms, which nobody tells; in s from the beginning."""
    echo_db: float = 0.0
    """Of the echo, relative to a voice; -inf: the loudspeaker is muted."""
    noise_db: float = -70.0
    """dBFS."""
    reverberation: float = 0.25
    """Until it is 60 dB less."""
    buffer: float = 0.03
    """So much earlier than it sounds the loudspeaker asks for samples."""
    seed: int = 0
    heard_at: StreamClock = field(default_factory=lambda: StreamClock(RATE), repr=False)
    """The microphone's."""
    told: list[tuple[float, bool]] = field(default_factory=list)
    """What the path said: (s, usable)."""

    def response(self) -> NDArray[np.float64]:
        """The room's impulse response at 16 kHz: the direct sound, and noise that dies away."""
        time = np.arange(int(self.reverberation * RATE)) / RATE
        late = np.random.default_rng(self.seed).standard_normal(len(time))
        response = 0.03 * late * 10 ** (-3 * time / self.reverberation)
        response[0] = 1.0
        return np.concatenate((np.zeros(round(max(0.0, self.way) * RATE)), response))

    def microphone(self, played: Pcm, spoken: Pcm | None) -> Pcm:
        """Return what is heard while `played` (at `rate`) sounds and `spoken` (16 kHz) is said."""
        sound = soxr.resample(played.astype(np.float32), self.rate * (1 + self.ppm * 1e-6), RATE)
        for at in self.dry:
            place = round(at * RATE)
            sound = np.insert(sound, place, np.zeros(round(DRY_S * RATE), np.float32))
        count = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
        heard = at_level(np.convolve(sound, self.response())[:count], self.echo_db)
        if spoken is not None:
            heard[: len(spoken)] += at_level(spoken.astype(float), 0.0)[:count]
        noise = np.random.default_rng(self.seed + 1).standard_normal(count)
        heard += noise * 10 ** (self.noise_db / 20)
        return np.clip(np.rint(heard * 32768), -32768, 32767).astype(np.int16)

    def path(self, canceller: Canceller | None = None, tail: float = 0.2) -> EchoPath:
        """Return the path of this room's devices."""
        path = EchoPath(
            canceller or KalmanCanceller(tail), tail, lambda usable: self.told.append((0.0, usable))
        )
        path.play_at(self.rate)
        return path

    def cleaned(
        self, path: EchoPath, played: Pcm, spoken: Pcm | None = None, start: float = 100.0
    ) -> tuple[Pcm, Pcm]:
        """Return what was heard and what is left of it, both (samples,) int16 at 16 kHz.

        The loudspeaker begins at `start` s, the microphone goes on.
        """
        heard = self.microphone(played, spoken)
        random = np.random.default_rng(self.seed + 2)
        block, speed = self.rate // 200, self.rate * (1 + self.ppm * 1e-6)
        given, played_at, heard_at = 0, StreamClock(self.rate), self.heard_at

        def source(out: Pcm, audible_at: float) -> None:
            out[:] = played[given : given + block]

        tap = path.tapped(source)
        left = []
        for at in range(0, len(heard), FRAME_SAMPLES):
            now = start + (at + FRAME_SAMPLES) / RATE
            while given + block <= len(played) and start + given / speed < now + self.buffer:
                stamp = start + given / speed + max(0.0, -self.way) + self._off(random)
                stamp += DRY_S * sum(start + at < stamp for at in self.dry)
                if self.lies and given < 0.2 * self.rate:
                    stamp -= 0.03
                tap(np.zeros(block, np.int16), played_at.advance(block, stamp))
                given += block
            pcm = heard[at : at + FRAME_SAMPLES]
            stamp = start + at / RATE + self._off(random)
            if self.lies and 2.5 < at / RATE < 7.0:
                stamp += 0.012
            left.append(path.clean(Frame(pcm, heard_at.advance(len(pcm), stamp))).pcm)
        return heard, np.concatenate(left)

    def _off(self, random: np.random.Generator) -> float:
        return float(random.standard_normal()) * self.jitter


def at_level(sound: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
    """Return `sound` at `level_db` relative to a voice, full scale 1."""
    rms = float(np.sqrt(np.mean(sound**2)))
    return sound / rms * LEVEL * float(10 ** (level_db / 20)) if rms else sound


def loss(before: Pcm, after: Pcm, begin: float) -> float:
    """Return by how many dB `after` is quieter than `before`, from `begin` s on."""
    power = [
        float(np.mean(each[round(begin * RATE) :].astype(float) ** 2)) for each in (before, after)
    ]
    return 10 * float(np.log10((power[0] + 1e-9) / (power[1] + 1e-9)))
