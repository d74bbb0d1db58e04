"""Who speaks in the room: voices made here, and recordings of people where some are installed."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.config import Config
from assistant.ears.level import dbfs
from assistant.mouth.synthesiser import Synthesiser

BLOCK, FALL = RATE // 50, 25.0
"""What is so many dB below the loudest 20 ms is no speech at the beginning or the end."""
PITCHES = (0.9, 1.0, 1.13)
"""A voice that is played so much faster is another talker: smaller or larger, higher or lower."""
ESPEAK = {"en": ("en-gb", "en-us"), "zh": ("cmn-latn-pinyin",)}
DEBIAN = Path("/usr/share/pocketsphinx/test/data")
"""Of the Debian package pocketsphinx-testdata: a man who reads, and one who gives an order."""
READ = {
    "0880": "he was not an ill disposed young man",
    "0930": "he might even have been made amiable himself",
}
ORDER = "go forward ten meters"


@dataclass(frozen=True, slots=True)
class Talker:
    """Somebody who can say anything."""

    name: str
    say: Callable[[str], Pcm]
    """Returns (samples,) int16 16 kHz, without silence before and after."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sentence of a person."""

    name: str
    text: str
    pcm: Pcm


def trimmed(pcm: Pcm) -> Pcm:
    """Return the sound (samples,) int16 16 kHz from its first voiced sample to its last.

    Breath and hiss before the first word, which nobody would give way to, are no part of it.
    """
    span = speech_span(pcm)
    if not span:
        return pcm
    pcm = pcm[span[0] : span[1]]
    blocks = range(0, len(pcm), BLOCK)
    levels = [dbfs(pcm[begin : begin + BLOCK]) for begin in blocks]
    least = max(levels) - FALL
    loud = [begin for begin, level in zip(blocks, levels, strict=True) if level > least]
    return pcm[loud[0] : loud[-1] + BLOCK]


def synthetic(config: Config) -> list[Talker]:
    """Return talkers of the settings' language: Piper's voice at several pitches, espeak's."""
    from assistant.mouth import engines
    from assistant.mouth.espeak import EspeakSynthesiser

    language = "zh" if config.language == "zh" else "en"
    found: list[Talker] = []
    speech = config.speech.model_copy(update={"engine": "auto", "voice": "", "rate": 1.0})
    best = engines.make(config.model_copy(update={"language": language, "speech": speech}))
    if best.name == "piper":
        found += [Talker(f"piper x {pitch}", speaking(best, pitch)) for pitch in PITCHES]
    for voice in ESPEAK[language]:
        espeak = EspeakSynthesiser(voice, language, 1.0)
        found.append(Talker(f"espeak {voice}", speaking(espeak, 1.0)))
    return found


def own_voice(config: Config, text: str, rate: int) -> Pcm:
    """Return its own voice saying `text`, as loud as it will be, (samples,) int16 at `rate` Hz."""
    from assistant.mouth import engines
    from assistant.mouth.gain import factor

    engine = engines.make(config)
    for _ in range(2):  # a voice that is heard for the first time is measured
        blocks = [sound.pcm for sound in engine.synthesise(text, lambda: False)]
    pcm = resample(np.concatenate([np.zeros(0, np.int16), *blocks]), engine.rate, rate)
    engine.close()
    return (pcm * factor(config.speech.volume)).astype(np.int16)


def readers() -> list[Recording]:
    """Return sentences that people read: none where the recordings are not installed."""
    return [
        Recording(f"human {number}", text, trimmed(wav.read(path)))
        for number, text in READ.items()
        for path in DEBIAN.glob(f"librivox/*-{number}.wav")
    ]


def orders() -> list[Recording]:
    """Return what people want of it: nothing where the recordings are not installed."""
    return [
        Recording("human order", ORDER, trimmed(np.fromfile(path, "<i2")))
        for path in DEBIAN.glob("goforward.raw")
    ]


def others() -> list[Pcm]:
    """Return long recordings of people, for a television: those of the recogniser's package."""
    spec = importlib.util.find_spec("moonshine_voice")
    if not spec or not spec.origin:
        return []
    return [wav.read(path) for path in sorted(Path(spec.origin).parent.glob("assets/*.wav"))]


def speaking(engine: Synthesiser, pitch: float) -> Callable[[str], Pcm]:
    """Return what lets a voice speak `pitch` times as high and as fast, as `Talker.say`."""

    def say(text: str) -> Pcm:
        blocks = [sound.pcm for sound in engine.synthesise(text, lambda: False)]
        whole = np.concatenate([np.zeros(0, np.int16), *blocks])
        return trimmed(resample(whole, round(engine.rate * pitch), RATE))

    return say
