"""How well it is known which words were heard when a reply is cut off: `benchmarks/heard_words.py`.

Sentences are said by each voice and played as far as a random sample. What the player says was
heard is compared with what a recogniser that times its words (Whisper base) finds in the sound,
once with the voice's word marks and once without, when time is shared out by letters. Sentences in
which the recogniser finds another number of words are left out: they have no truth.
"""

import argparse
import random
import re
from pathlib import Path

import numpy as np

from assistant.audio.frames import RATE
from assistant.audio.resample import resample
from assistant.config import Config
from assistant.ears.whisper import WhisperRecogniser
from assistant.events import Key
from assistant.mouth import engines
from assistant.mouth.playback import Player
from assistant.mouth.spoken import speakable
from assistant.mouth.words import carried, starts

SAMPLE = Path(__file__).parents[1] / "assistant" / "data" / "sample-en.txt"
LONGEST, SHORTEST = 26, 6
"""Words of the sentences that are said."""
CUTS = 20
"""Places at which each is cut off."""
KEY = Key(1, 1)


def sentences(count: int) -> list[str]:
    """Return sentences of the sample text, spread over all of it."""
    found = re.findall(r"[A-Z][^.?!:]*[.?!]", SAMPLE.read_text(encoding="utf-8"))
    fits = [text for text in found if SHORTEST <= len(text.split()) <= LONGEST]
    return fits[:: max(1, len(fits) // count)][:count]


def heard(text, blocks, rate, cut):
    """Return how many words the player says were heard of `text` up to sample `cut`."""
    ends = []
    player = Player(rate, lambda *_: None, lambda _, said, __: ends.append(said))
    player.begin(KEY, text)
    for pcm, words in blocks:
        player.add(KEY, pcm, words)
    player.complete(KEY)
    player.fill(np.zeros(cut, np.int16), 0.0)
    player.stop(KEY)
    player.fill(np.zeros(1, np.int16), 0.0)
    return len(starts(ends[0]))


def truth(recogniser, pcm, rate):
    """Return when each word that the recogniser finds has ended, in s."""
    waves = (resample(pcm, rate, RATE) / 32768.0).astype(np.float32)
    segments, _ = recogniser._model.transcribe(
        waves, language="en", beam_size=1, temperature=0.0, word_timestamps=True
    )
    return [word.end for segment in segments for word in segment.words]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=12)
    count = parser.parse_args().sentences
    rng = random.Random(7)
    recogniser = WhisperRecogniser(Config().models_dir / "whisper-base", "en", threads=1)
    print("voice    sentences  cuts   marks: exact  within 1   letters: exact  within 1")
    for name in ("piper", "espeak"):
        voice = engines.make(Config.model_validate({"speech": {"engine": name, "threads": 1}}))
        kept, errors = 0, {True: [], False: []}
        for text in sentences(count):
            spoken = speakable(text, "en")
            blocks = [
                (sound.pcm, carried(sound.words, spoken, text))
                for sound in voice.synthesise(spoken, lambda: False)
            ]
            sound = np.concatenate([pcm for pcm, _ in blocks])
            times = truth(recogniser, sound, voice.rate)
            if len(times) != len(starts(text)):
                continue
            kept += 1
            for _ in range(CUTS):
                cut = rng.randrange(1, len(sound))
                real = sum(at <= cut / voice.rate for at in times)
                for marked in errors:
                    given = blocks if marked else [(pcm, ()) for pcm, _ in blocks]
                    errors[marked].append(abs(heard(text, given, voice.rate, cut) - real))
        figures = [
            f"{np.mean(np.array(errors[marked]) <= most):.3f}"
            for marked in (True, False)
            for most in (0, 1)
        ]
        print(f"{name:8} {kept:9} {len(errors[True]):5} {'':8}" + "       ".join(figures))
        voice.close()


if __name__ == "__main__":
    main()
