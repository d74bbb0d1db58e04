"""Writes the spoken questions that latency is measured with: WAV files, each with its text beside.

    python benchmarks/questions.py DIR [--pauses]

Most are spoken by Piper (voice piper-en-joe); those called human-* are people: Debian's package
pocketsphinx-testdata (LibriVox readers, card names, commands). With --pauses the human recordings
are written whole instead, monologues of Moonshine's package included: speech with pauses in it, to
count how often it is cut in two.
"""

import argparse
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.config import Config
from assistant.models import Shelf
from assistant.mouth.piper import PiperSynthesiser

HUMAN = Path("/usr/share/pocketsphinx/test/data")
SPOKEN = [
    "What is the capital of France?",
    "How many days are there in a leap year?",
    "Who wrote Romeo and Juliet?",
    "Why is the sky blue?",
    "What is seven times eight?",
    "Tell me a short joke.",
    "How do I boil an egg?",
    "What is the largest ocean on Earth?",
    "Can you recommend a book about space?",
    "How far away is the moon?",
    "What should I cook for dinner tonight?",
    "Which planet is closest to the sun?",
    "How do airplanes stay in the air?",
    "What does a battery do?",
    "Where do penguins live?",
    "When was the first computer built?",
    "Please explain how rainbows form.",
    "What is a good name for a cat?",
    "How long does it take to fly from London to New York?",
    "Is a tomato a fruit or a vegetable?",
    "What can I do when I cannot sleep?",
    "Give me three words that rhyme with light.",
    "Why do cats purr when you stroke them?",
    "I am going to Rome next week, what should I see there?",
]


def human() -> list[tuple[str, Pcm, str]]:
    """Return name, samples (samples,) int16 16 kHz and transcript of the human clips."""
    if not HUMAN.is_dir():
        sys.exit(f"{HUMAN}: not there; `apt-get install pocketsphinx-testdata` brings it.")
    clips = []
    for listing in ("librivox/transcription", "cards/cards.transcription"):
        for line in (HUMAN / listing).read_text().splitlines():
            if match := re.fullmatch(r"<s>\s*(.*?)\s*</s> \((.+)\)", line.strip()):
                pcm = wav.read((HUMAN / listing).parent / f"{match[2]}.wav")
                clips.append((match[2].rpartition("/")[2], pcm, match[1]))
    for name, text in (("goforward", "go forward ten meters"), ("something", "")):
        pcm = np.fromfile(HUMAN / f"{name}.raw", np.int16)
        clips.append((name, pcm, text))
    return clips


def monologues() -> list[tuple[str, Pcm, str]]:
    """Return the human monologues that Moonshine's package carries."""
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "assets"
    return [(path.stem, wav.read(path), "") for path in sorted(folder.glob("*.wav"))]


def trimmed(pcm: Pcm) -> Pcm:
    """Cut silence off both ends, .1 s of it stays."""
    first, last = speech_span(pcm) or (0, len(pcm))
    return pcm[max(0, first - RATE // 10) : last + RATE // 10]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pauses", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    clips = [(f"human-{name}", pcm, text) for name, pcm, text in human()]
    if options.pauses:
        clips += [(f"human-{name}", pcm, text) for name, pcm, text in monologues()]
    else:
        path = Shelf(Config().models_dir).locate("piper-en-joe", "tts", engine="piper")
        voice = PiperSynthesiser(path)
        for number, text in enumerate(SPOKEN, 1):
            sound = np.concatenate([s.pcm for s in voice.synthesise(text, lambda: False)])
            clips.append((f"spoken-{number:02}", resample(sound, voice.rate, RATE), text))
    for name, pcm, text in clips:
        wav.write(options.folder / f"{name}.wav", trimmed(pcm), RATE)
        (options.folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    print(f"{options.folder}: {len(clips)} recordings")


if __name__ == "__main__":
    main()
