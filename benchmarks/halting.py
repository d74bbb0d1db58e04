"""Writes made recordings of people who stop in the middle of what they say to think.

    python benchmarks/halting.py DIR

Each `|` below is a pause. What stands before it is spoken as a piece of its own, with a comma
behind it where nothing else stands, so that the voice is held and does not fall; then come .25 to
1.6 s of silence (a fixed draw; for the lengths of pauses within speech see Campione & Veronis 2002:
most are below 1 s). Each is spoken by Piper (voice piper-en-joe) and by espeak-ng.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from questions import trimmed

from assistant.audio import wav
from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.config import Config
from assistant.models import Shelf
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.piper import PiperSynthesiser
from assistant.mouth.synthesiser import Synthesiser

SAID = [
    # a conjunction
    "Turn on the light in the kitchen and | in the living room.",
    "I would like to know the weather because | we are going to the beach.",
    "Tell me a story about a dragon and then | one about a princess.",
    "Set a timer for ten minutes and | another one for an hour.",
    "I want to cook something quick but | it should be without meat.",
    "What should I wear today if | it is going to rain?",
    "Is it faster by train or | by bus?",
    "Read me the news because | I have not seen any today.",
    # an article, a possessive, a preposition
    "What is the | capital of Australia?",
    "Who wrote the | Lord of the Rings?",
    "Remind me to call my | sister this evening.",
    "How far is it from here to the | nearest station?",
    "Play something by | the Rolling Stones.",
    "I am looking for a | good book about the sea.",
    # a filler
    "What is the weather like in, um | in Berlin tomorrow?",
    "Could you, uh | tell me how old the Earth is?",
    "I need a recipe for, um | apple pie.",
    "Um | what is the time in Tokyo?",
    "Remind me in, uh | twenty minutes to take out the bread.",
    "How do I, um | get to the airport?",
    # a number or a word, dictated
    "My phone number is five five five | one two three | four five six seven.",
    "The code is seven two | nine one.",
    "Write down two zero eight | four four six | nine nine one three.",
    "My account number is four four one | seven eight two | zero three.",
    "The name is spelled S M I | T H.",
    "The password is three nine | eight eight five.",
    # an unfinished sentence that says nothing of that
    "Can you tell me | how many people live in Canada?",
    "I want to | learn how to play the guitar.",
    "What do you think about | the new museum?",
    "When I was in Italy | I saw a strange bird, what could it have been?",
    "If I leave at eight | when will I be in London?",
    "Yesterday evening | I forgot to water the plants, is that bad?",
    "My brother and his wife | are coming for dinner, what can I cook?",
    "Do you know | who painted the Mona Lisa?",
    "How long | does it take to boil potatoes?",
    "Please explain | why the sea is salty.",
    "I would like to ask you | something about history.",
    "The last time I was there | it was very cold, is it always like that?",
    # a whole sentence, and then another one
    "I am going to Rome next week. | What should I see there?",
    "It is too dark in here. | Turn on the light.",
    "I have eggs and some cheese. | What can I make of that?",
    "My dog is afraid of thunder. | How can I calm him down?",
    "I cannot sleep. | Tell me something boring.",
    "We have guests tonight. | Is there a quick dessert?",
    # nothing but a question: whoever waits for more is slow
    "What is the tallest mountain in the world?",
    "Set an alarm for seven thirty.",
    "How do you make pancakes?",
    "Who was the first man on the moon?",
    "Turn off the light in the bedroom.",
    "Tell me something about elephants.",
    "What time is it?",
    "How many minutes are there in a day?",
    "Is it healthy to drink coffee?",
    "Where does chocolate come from?",
]
SHORTEST, MEDIAN, SPREAD, LONGEST = 0.25, 0.5, 0.5, 1.6
"""Pauses in s: log-normal around the median, within these limits."""


def lengths(number: int, count: int) -> list[float]:
    """Return how long the pauses of a recording are: always the same for the same recording."""
    draw = random.Random(number)
    drawn = (MEDIAN * np.exp(draw.gauss(0.0, SPREAD)) for _ in range(count))
    return [round(float(np.clip(length, SHORTEST, LONGEST)), 2) for length in drawn]


def piece(voice: Synthesiser, text: str) -> Pcm:
    """Return `text`, spoken, without silence around it, at 16 kHz."""
    sound = np.concatenate([s.pcm for s in voice.synthesise(text, lambda: False)])
    pcm = trimmed(resample(sound, voice.rate, RATE))
    return pcm[RATE // 20 : -RATE // 20]


def spoken(voice: Synthesiser, text: str, pauses: list[float]) -> Pcm:
    """Return `text`, spoken with silence at each `|`, and .1 s of it around."""
    silence = np.zeros(RATE // 10, np.int16)
    parts = [silence]
    pieces = [part.strip() for part in text.split("|")]
    for at, part in enumerate(pieces):
        held = at < len(pieces) - 1 and part[-1].isalnum()
        parts.append(piece(voice, part + "," if held else part))
        if at < len(pieces) - 1:
            parts.append(np.zeros(round(pauses[at] * RATE), np.int16))
    return np.concatenate([*parts, silence])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = Shelf(Config().models_dir).locate("piper-en-joe", "tts", engine="piper")
    voices = {"piper": PiperSynthesiser(path), "espeak": EspeakSynthesiser("en-us")}
    for name, voice in voices.items():
        for number, text in enumerate(SAID):
            pauses = lengths(number, text.count("|"))
            stem = options.folder / f"{name}-{number:02}"
            wav.write(stem.with_suffix(".wav"), spoken(voice, text, pauses), RATE)
            line = " ".join(text.replace("|", "").split())
            stem.with_suffix(".txt").write_text(f"{line}\n", encoding="utf-8")
    print(f"{options.folder}: {len(voices) * len(SAID)} recordings")


if __name__ == "__main__":
    main()
