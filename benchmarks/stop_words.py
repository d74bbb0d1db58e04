"""How many stop words over its own voice are understood, and how much else is taken for one.

    .venv/bin/python benchmarks/stop_words.py [--trials 200] [--echo 0] [--seed 0] [--show]

Piper reads into the room of `assistant bench conversation` (extra `bench`), and every few seconds
somebody says a stop word, what listeners say, or a word that sounds like "stop"; or coughs. Echo
path and voice activity are the daemon's, devices and decider are left out, so it runs faster than
real time. Each sound that the voice activity detector finds goes to Moonshine: told is the share
that it writes as a stop word, and the share where a stop word's own log-probability is above
`listener.LIKELY`, which is what counts. The talkers are made, and not all of them are understood in
a quiet room either: "quiet" tells that share.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import numpy as np
from self_echo import START_S, Stream, pieces, script

from assistant.audio.echo.kalman import KalmanCanceller
from assistant.audio.echo.path import EchoPath
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.bench.conversation.talkers import Talker, speaking
from assistant.bench.room import Room, Setup
from assistant.bench.room.noises import cough
from assistant.config import parse
from assistant.conversation.overheard import halts
from assistant.ears import engines as ears
from assistant.ears.listener import LIKELY, PREROLL_S, TAIL_S
from assistant.ears.vad import Vad
from assistant.mouth import engines as mouth
from assistant.mouth.espeak import EspeakSynthesiser

SAID = {
    "stop": ("Stop!", "Stop.", "stop"),
    "murmur": ("uh-huh", "yeah", "right", "I see", "mm-hmm", "okay", "what", "no", "sure", "oh"),
    "alike": ("top", "star", "start", "step", "stuff", "stow", "store", "sir"),
    "cough": ("cough",),
}
OFTEN = (4, 4, 1, 2)
"""How often each kind comes."""
PITCHES = (0.85, 0.92, 1.0, 1.06, 1.13, 1.2)
VOICES = (("en-gb", 1.0), ("en-us", 1.0), ("en-us", 1.15), ("en-gb-scotland", 1.0), ("en-us", 0.88))
FIRST_S = 8.0
"""The canceller learns before."""
REST_S = 1.6
"""Between the end of one and the beginning of the next."""


@dataclass
class Trial:
    """Something that is said, and what the detector found of it; None: nothing."""

    kind: str
    what: str
    who: str
    at: float
    pcm: Pcm
    found: Pcm | None = None


def talkers() -> list[Talker]:
    """Return Piper's voice at several pitches and espeak's."""
    piper = mouth.make(parse({"speech": {"engine": "piper"}}, "benchmark"))
    made = [Talker(f"piper x {pitch}", speaking(piper, pitch)) for pitch in PITCHES]
    for voice, pitch in VOICES:
        espeak = EspeakSynthesiser(voice, "en", 1.0)
        made.append(Talker(f"{voice} x {pitch}", speaking(espeak, pitch)))
    return made


def trials(rng: np.random.Generator) -> Iterator[Trial]:
    """Yield what is said, for ever."""
    people = talkers()
    kinds = [kind for kind, often in zip(SAID, OFTEN, strict=True) for _ in range(often)]
    while True:
        kind, who = str(rng.choice(kinds)), people[rng.integers(len(people))]
        what = str(rng.choice(SAID[kind]))
        if kind == "cough":
            pcm = np.asarray(np.clip(cough(rng), -1, 1) * 32767, np.int16)
            yield Trial(kind, what, "made", 0.0, pcm)
        else:
            yield Trial(kind, what, who.name, 0.0, who.say(what))


def played(count: int, setup: Setup, seed: int) -> list[Trial]:
    """Play them over a reading, and return them with what was found."""
    voice = parse({"speech": {"engine": "piper"}}, "benchmark")
    text = (resources.files("assistant") / "data" / "sample-en.txt").read_text()
    path = EchoPath(KalmanCanceller(voice.echo.tail), voice.echo.tail, lambda _: None)
    coming = trials(np.random.default_rng(seed))
    done: list[Trial] = []
    room: Room | None = None
    due = FIRST_S
    for piece in pieces(text, 150):
        made = script(voice, piece)
        if room is None:
            room = Room(setup, seed=seed, rate=made.rate)
            room.calibrate(made.pcm)
            path.play_at(made.rate)
            stream = Stream(path, room, made.rate)
            detector = Segments()
        stream.add(made.pcm)
        for _ in range(round(len(made.pcm) / made.rate * RATE) // FRAME_SAMPLES):
            now = room.now / RATE
            if now >= due:
                if len(done) == count:
                    return done
                trial = next(coming)
                trial.at = room.speak(trial.pcm) / RATE
                done.append(trial)
                due = trial.at + len(trial.pcm) / RATE + REST_S
            stream.play(now + FRAME_SAMPLES / RATE)
            left = path.clean(Frame(room.hear(FRAME_SAMPLES), START_S + now))
            found = detector.feed(Frame(left.pcm, START_S + now))
            if found and done and found[0] < START_S + done[-1].at + len(done[-1].pcm) / RATE + 0.3:
                done[-1].found = found[1] if done[-1].found is None else done[-1].found
    return done


class Segments:
    """What the recogniser gets of each sound: as the listener cuts it."""

    def __init__(self) -> None:
        self._vad = Vad(0.5, 0.1, 0.1)
        self._before: list[Pcm] = []
        self._now: list[Pcm] = []
        self._began = self._quiet = 0.0

    def feed(self, frame: Frame) -> tuple[float, Pcm] | None:
        """Return when a sound began that has just ended, in s, and its samples."""
        for edge in self._vad.feed(frame):
            if edge.kind == "start" and not self._now:
                self._began, self._now = edge.time, list(self._before)
        self._before = [*self._before, frame.pcm][-round(PREROLL_S * RATE / FRAME_SAMPLES) :]
        if not self._now:
            return None
        self._now.append(frame.pcm)
        self._quiet = 0.0 if self._vad.speaking else self._quiet + FRAME_SAMPLES / RATE
        if self._quiet < TAIL_S:
            return None
        sound, self._now = np.concatenate(self._now), []
        return self._began, sound


def measure(count: int, setup: Setup, seed: int, show: bool) -> dict[str, object]:
    """Return the shares, by kind."""
    config = parse({"asr": {"engine": "moonshine"}}, "benchmark")
    recogniser, words = ears.make(config), config.turn.stop_words
    tried, found, written, weighed, quiet = (Counter() for _ in range(5))

    def understood(pcm: Pcm, skip: float) -> tuple[str, float]:
        recogniser.start()
        recogniser.feed(pcm)
        text = recogniser.settle()
        return text, (recogniser.nearest(words, skip) or ("", -99.0))[1]

    for trial in played(count, setup, seed):
        tried[trial.kind] += 1
        room = Room(Setup(echo_db=-200.0), seed)
        room.speak(trial.pcm, RATE // 2)
        text, _ = understood(room.hear(RATE + len(trial.pcm) + RATE), 0.0)
        quiet[trial.kind] += halts(text, words)
        if trial.found is None:
            continue
        found[trial.kind] += 1
        text, weight = understood(trial.found, PREROLL_S / 2)
        written[trial.kind] += halts(text, words)
        weighed[trial.kind] += halts(text, words) or weight >= LIKELY
        if show:
            print(f"{trial.kind:7} {trial.what:8} {trial.who:20} {weight:6.1f} {text}")
    recogniser.close()
    rows = {"sounds": found, "written": written, "weighed": weighed, "quiet": quiet}
    return {
        kind: {"count": tried[kind], **{name: each[kind] for name, each in rows.items()}}
        for kind in SAID
        if tried[kind]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--echo", type=float, default=0.0, help="dB, relative to a person")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="each sound, too")
    options = parser.parse_args()
    setup = Setup(echo_db=options.echo, delay=0.06)
    print(json.dumps(measure(options.trials, setup, options.seed, options.show)))


if __name__ == "__main__":
    main()
