"""What recognisers make of sound without speech: `benchmarks/phantoms.py [ENGINE:LANGUAGE]`.

The sounds are computed: silence, noises, hum, chords, drums, birds, rhythm. Each line is what was
written, whether the voice activity detector would have let it through, and whether
`assistant.ears.phantoms` tells it for what it is.
"""

import json
import sys
from collections.abc import Iterator

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.config import parse
from assistant.ears import engines
from assistant.ears.phantoms import Phantoms
from assistant.ears.vad import Vad

SECONDS = (1.0, 4.0)
LEVELS = (-50.0, -30.0, -15.0)
TIME = np.arange(int(max(SECONDS) * RATE)) / RATE


def coloured(slope: float, generator: np.random.Generator) -> np.ndarray:
    """Return noise whose power falls with frequency to the power of `slope`."""
    spectrum = np.fft.rfft(generator.standard_normal(TIME.size))
    shape = np.maximum(np.fft.rfftfreq(TIME.size), 1 / TIME.size) ** (-slope / 2)
    return np.fft.irfft(spectrum * shape, TIME.size)


def chord(*notes: float, partials: int = 6) -> np.ndarray:
    tones = [np.sin(2 * np.pi * f * k * TIME) / k for f in notes for k in range(1, partials)]
    return np.sum(tones, axis=0)


def beat(sound: np.ndarray, hertz: float, decay: float) -> np.ndarray:
    """Return `sound` struck so often, each time dying away with `decay` s."""
    return sound * np.exp(-(TIME % (1 / hertz)) / decay)


def sounds() -> Iterator[tuple[str, np.ndarray]]:
    generator = np.random.default_rng(7)
    white, pink, brown = (coloured(slope, generator) for slope in (0.0, 1.0, 2.0))
    yield "white noise", white
    yield "pink noise", pink
    yield "brown noise", brown
    yield "mains hum", chord(50.0, 100.0)
    yield "chord", chord(261.6, 329.6, 392.0)
    yield "organ", chord(130.8, 164.8, 196.0, 261.6, partials=10)
    notes = np.repeat([261.6, 329.6, 392.0, 523.3, 392.0, 329.6, 293.7, 349.2], RATE // 2)
    yield "melody", beat(np.sin(2 * np.pi * np.cumsum(notes) / RATE), 2.0, 0.3)
    yield "piano", beat(chord(220.0, 277.2, 329.6), 1.0, 0.4)
    yield "drums", beat(pink, 2.0, 0.06) + beat(np.sin(2 * np.pi * 60 * TIME), 1.0, 0.1)
    yield "clapping", beat(white, 5.0, 0.02)
    yield "bird", np.sin(2 * np.pi * (3000 * TIME + 80 * np.sin(2 * np.pi * 7 * TIME)))
    yield "humming", beat(chord(140.0, partials=12) * (1 + np.sin(2 * np.pi * 3 * TIME)), 1.0, 0.8)
    vowel = chord(120.0, partials=30) * (0.2 + np.abs(np.sin(2 * np.pi * 2.2 * TIME)))
    yield "vowel", vowel
    yield "syllables of noise", pink * np.maximum(0, np.sin(2 * np.pi * 4 * TIME))
    yield "engine", beat(brown, 30.0, 0.02)
    yield "silence", np.zeros(TIME.size)


def at(sound: np.ndarray, dbfs: float, seconds: float) -> Pcm:
    part = sound[: int(seconds * RATE)]
    rms = np.sqrt(np.mean(part**2)) or 1.0
    return np.clip(part / rms * 32767 * 10 ** (dbfs / 20), -32768, 32767).astype(np.int16)


def speech_in(pcm: Pcm) -> float:
    """Return for how many s the voice activity detector takes it for speech."""
    vad, spoken = Vad(0.5, 0.1, 0.06), 0
    for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        vad.feed(Frame(pcm[start : start + FRAME_SAMPLES], start / RATE))
        spoken += vad.speaking
    return round(spoken * FRAME_SAMPLES / RATE, 2)


def main() -> None:
    for choice in sys.argv[1:] or ["moonshine:en", "whisper:en", "whisper:zh"]:
        engine, language = choice.split(":")
        recogniser = engines.make(parse({"language": language, "asr": {"engine": engine}}, "here"))
        phantoms = Phantoms(engine)
        for seconds in SECONDS:
            for name, sound in sounds():
                for level in LEVELS if sound.any() else LEVELS[:1]:
                    pcm = at(sound, level, seconds)
                    recogniser.start()
                    recogniser.feed(pcm)
                    if text := recogniser.finish().text:
                        speech_s = speech_in(pcm)
                        known = phantoms.unreal(text, speech_s or seconds)
                        line = {"engine": choice, "sound": name, "dbfs": level, "s": seconds}
                        print(
                            json.dumps(
                                {**line, "text": text, "speech_s": speech_s, "known": known},
                                ensure_ascii=False,
                            ),
                            flush=True,
                        )
        recogniser.close()


if __name__ == "__main__":
    main()
