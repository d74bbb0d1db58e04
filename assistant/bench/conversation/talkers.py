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
from assistant.mouth.synthesiser import Synthesiser

PITCHES = (0.9, 1.0, 1.13)
"""A voice that is played so much faster is another talker: smaller or larger, higher or lower."""
ESPEAK = {"en": ("en-gb", "en-us"), "zh": ("cmn-latn-pinyin",)}
DEBIAN = Path("/usr/share/pocketsphinx/test/data/librivox")
"""Sentences read by a man, of the Debian package pocketsphinx-testdata."""
SENTENCES = {
    "0880": "he was not an ill disposed young man",
    "0930": "he might even have been made amiable himself",
    "0890": "unless to be rather cold hearted and rather selfish is to be ill disposed",
}


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
    """Return the sound (samples,) int16 16 kHz from its first voiced sample to its last."""
    span = speech_span(pcm)
    return pcm[span[0] : span[1]] if span else pcm


def synthetic(config: Config) -> list[Talker]:
    """Return talkers of the settings' language: Piper's voice at several pitches, espeak's."""
    from assistant.mouth import engines
    from assistant.mouth.espeak import EspeakSynthesiser

    language = "zh" if config.language == "zh" else "en"
    found: list[Talker] = []
    speech = config.speech.model_copy(update={"engine": "auto", "voice": "", "rate": 1.0})
    best = engines.make(config.model_copy(update={"language": language, "speech": speech}))
    if best.name == "piper":
        found += [Talker(f"piper x {pitch}", _speaking(best, pitch)) for pitch in PITCHES]
    for voice in ESPEAK[language]:
        espeak = EspeakSynthesiser(voice, language, 1.0)
        found.append(Talker(f"espeak {voice}", _speaking(espeak, 1.0)))
    return found


def people() -> list[Recording]:
    """Return sentences of people: none where the recordings are not installed."""
    found = []
    for number, text in SENTENCES.items():
        for path in DEBIAN.glob(f"*-{number}.wav"):
            found.append(Recording(f"human {number}", text, trimmed(wav.read(path))))
    return found


def others() -> list[Pcm]:
    """Return long recordings of people, for a television: those of the recogniser's package."""
    spec = importlib.util.find_spec("moonshine_voice")
    if not spec or not spec.origin:
        return []
    return [wav.read(path) for path in sorted(Path(spec.origin).parent.glob("assets/*.wav"))]


def _speaking(engine: Synthesiser, pitch: float) -> Callable[[str], Pcm]:
    def say(text: str) -> Pcm:
        blocks = [sound.pcm for sound in engine.synthesise(text, lambda: False)]
        whole = np.concatenate([np.zeros(0, np.int16), *blocks])
        return trimmed(resample(whole, round(engine.rate * pitch), RATE))

    return say
