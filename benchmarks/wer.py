"""Word error rate of a recogniser on human speech, at the pace at which a microphone gives it.

The speech is that of Debian's package pocketsphinx-testdata: five sentences read for LibriVox and
five lists of playing cards, 92 words in 34 s. A number or a mark may be written either way.

    python benchmarks/wer.py --engine moonshine [--model PATH] [--json]

With `--gain -30` the speech is so many dB softer (and rounded to 16 bits again), with `--gain 20`
louder and cut off where it is beyond them.
"""

import argparse
import json
import re
import resource
import statistics
import sys
import time
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm
from assistant.config import parse
from assistant.ears import engines
from assistant.ears.recogniser import Recogniser
from assistant.errors import AssistantError

DATA = Path("/usr/share/pocketsphinx/test/data")
TRANSCRIPTS = ("librivox/transcription", "cards/cards.transcription")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SAME = {"mr": "mister"} | {str(number): word for number, word in enumerate(NUMBERS)}


@dataclass
class Clip:
    name: str
    said: str
    heard: str
    errors: int
    words: int
    audio_s: float
    busy_s: float
    """Time spent in `feed` and `finish`."""
    finish_s: float


def clips() -> Iterator[tuple[str, str, Pcm]]:
    """Yield name, transcript and samples (samples,) int16, 16 kHz."""
    if not DATA.is_dir():
        sys.exit(f"{DATA}: not there; `apt-get install pocketsphinx-testdata` brings it.")
    for listing in TRANSCRIPTS:
        for line in (DATA / listing).read_text().splitlines():
            if match := re.fullmatch(r"<s>\s*(.*?)\s*</s> \((.+)\)", line.strip()):
                path = (DATA / listing).parent / f"{match[2]}.wav"
                with wave.open(str(path)) as file:
                    assert file.getframerate() == RATE
                    pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
                yield match[2], match[1], pcm


def words(text: str) -> list[str]:
    """Lower case, without marks, digits as words."""
    found = re.findall(r"[a-z']+|\d+", text.lower().replace("-", " "))
    return [SAME.get(word, word) for word in found]


def distance(said: list[str], heard: list[str]) -> int:
    """Return the fewest words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def recognise(recogniser: Recogniser, pcm: Pcm) -> tuple[str, float, float]:
    """Return the text, the time spent in all, and the time spent in `finish` (s)."""
    recogniser.start()
    began = time.perf_counter()
    for at in range(0, len(pcm), FRAME_SAMPLES):
        recogniser.feed(pcm[at : at + FRAME_SAMPLES])
    ended = time.perf_counter()
    text = recogniser.finish().text
    now = time.perf_counter()
    return text, now - began, now - ended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["auto", *engines.ORDER], default="auto")
    parser.add_argument("--model", default="", help="a name of the catalogue, or a path")
    parser.add_argument("--gain", type=float, default=0.0, help="dB by which speech is louder")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    asr = {"engine": options.engine, "model": options.model}
    began = time.perf_counter()
    try:
        recogniser = engines.make(parse({"asr": asr}, "command line"))
    except AssistantError as error:
        print(f"wer: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    load_s = time.perf_counter() - began
    results = []
    for name, said, clip in clips():
        pcm = np.clip(np.rint(clip * 10 ** (options.gain / 20)), -32768, 32767).astype(np.int16)
        heard, busy_s, finish_s = recognise(recogniser, pcm)
        errors = distance(words(said), words(heard))
        length = len(pcm) / RATE
        results.append(Clip(name, said, heard, errors, len(words(said)), length, busy_s, finish_s))
    audio_s = sum(clip.audio_s for clip in results)
    summary = {
        "engine": recogniser.name,
        "wer": sum(clip.errors for clip in results) / sum(clip.words for clip in results),
        "load_s": load_s,
        "real_time_factor": sum(clip.busy_s for clip in results) / audio_s,
        "finish_s": statistics.median(clip.finish_s for clip in results),
        "finish_max_s": max(clip.finish_s for clip in results),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if options.json:
        print(json.dumps({**summary, "clips": [asdict(clip) for clip in results]}))
        return
    for clip in results:
        print(f"{clip.errors}/{clip.words} {clip.finish_s * 1000:5.0f} ms  {clip.heard}")
    for key, value in summary.items():
        print(f"{key}: {value if isinstance(value, str) else round(value, 3)}")


if __name__ == "__main__":
    main()
