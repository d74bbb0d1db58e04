"""Whether its own voice interrupts it, in many minutes of nothing else.

    .venv/bin/python benchmarks/self_echo.py [--minutes 30] [--echo 0] [--drift 0] [--delay 0.06]

A text is spoken by Piper and by espeak in turn into the room of `assistant bench conversation`
(extra `bench`): loudspeaker beside the microphone, nobody else there. Everything that hears is the
daemon's: echo path, voice activity, recogniser, and the decider, which believes that it is in full
duplex from the moment on when the echo path says so. Language model and devices are left out, so it
runs about ten times faster than real time; the recogniser is always in time, which a busy machine's
is not.

Told are: how often the voice became soft or waited, for nothing; how often the reply was ended; and
what was recognised then.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources

import numpy as np

from assistant.audio.echo.kalman import KalmanCanceller
from assistant.audio.echo.path import EchoPath
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.bench.room import Room, Setup
from assistant.config import Config, parse
from assistant.conversation import Phase, Rules, State, decide
from assistant.daemon import rules
from assistant.ears import engines as ears
from assistant.ears.level import FULL_SCALE, dbfs
from assistant.ears.recogniser import Recogniser
from assistant.ears.vad import Vad
from assistant.events import (
    ClauseStarted,
    Duck,
    DuplexChanged,
    Event,
    Partial,
    Pause,
    SayRequested,
    Settle,
    Settled,
    SpeechEnded,
    SpeechStarted,
    Started,
    Tick,
)
from assistant.mouth import engines as mouth
from assistant.mouth.chunker import Chunker

PREROLL = 20
"""Frames before the start of speech that the recogniser gets, too."""
ECHOES = 25
"""Frames in which its own voice is looked for."""
JITTER_S = 2e-4
"""Of the devices' stamps, RMS."""
BUFFER_S = 0.03
START_S = 100.0


@dataclass
class Script:
    """A voice's clauses, each with the sample at which it begins."""

    pcm: Pcm
    rate: int
    clauses: list[tuple[int, str]]


@dataclass
class Told:
    """What became of it."""

    minutes: float = 0.0
    ducked: int = 0
    waited: int = 0
    ended: int = 0
    woken: int = 0
    half_duplex_s: float = 0.0
    texts: Counter[str] = field(default_factory=Counter)


def script(config: Config, text: str) -> Script:
    """Let the voice of `config` say `text`."""
    voice = mouth.make(config)
    chunker = Chunker(config.speech.first_clause, config.speech.clause)
    clauses, sounds, at = [], [], 0
    for clause in [*chunker.feed(text), *chunker.finish()]:
        clauses.append((at, clause.text))
        for sound in voice.synthesise(clause.text, lambda: False):
            sounds.append(sound.pcm)
            at += len(sound.pcm)
    return Script(np.concatenate(sounds), voice.rate, clauses)


class Stream:
    """One stream of the loudspeaker, silent where there is nothing to play."""

    def __init__(self, path: EchoPath, room: Room, rate: int) -> None:
        self._room, self._rate = room, rate
        self._queue: Pcm = np.zeros(0, np.int16)
        self._given = 0
        self._tap = path.tapped(self._source)
        self._random = np.random.default_rng(0)

    def add(self, pcm: Pcm) -> None:
        """Play (samples,) next."""
        self._queue = np.concatenate((self._queue, pcm))

    def play(self, until: float) -> None:
        """Ask for all that sounds before `until`, in s since the beginning."""
        block = self._rate // 100
        while self._given / self._rate < until + BUFFER_S:
            out = np.zeros(block, np.int16)
            stamp = START_S + self._given / self._rate + self._random.normal(0, JITTER_S)
            self._tap(out, stamp)
            self._room.play(out)
            self._given += block

    def _source(self, out: Pcm, _: float) -> None:
        piece, self._queue = self._queue[: len(out)], self._queue[len(out) :]
        out[: len(piece)] = piece


class Listening:
    """The decider with ears, in made-up time."""

    def __init__(self, rules: Rules, recogniser: Recogniser, told: Told) -> None:
        self._rules, self._recogniser, self._told = rules, recogniser, told
        self._vad = Vad(0.5, 0.1, 0.1)
        self._preroll: list[Pcm] = []
        self._echoes: list[float | None] = []
        self._began = False
        self.state = State()
        self.turn = 0
        self.now = START_S
        self.random = np.random.default_rng(1)
        self.post(Started())

    def recite(self, text: str) -> None:
        """Begin to say a text."""
        self.post(SayRequested(text))
        self.turn = self.state.turn
        self._attend()

    def hear(self, frame: Frame) -> None:
        """Take what the echo path left of a frame."""
        self.now = frame.end
        if self.state.deadline is not None and self.now >= self.state.deadline:
            self.post(Tick())
        self._echoes = [*self._echoes, frame.echo][-ECHOES:]
        for edge in self._vad.feed(frame):
            if edge.kind == "start":
                level = max(map(dbfs, [*self._preroll, frame.pcm]))
                if not self._began:
                    self._recogniser.start()
                    for pcm in self._preroll:
                        self._recogniser.feed(pcm)
                self._began = True
                echo = max((each for each in self._echoes if each), default=None)
                own = None if echo is None else 20 * math.log10(echo / FULL_SCALE)
                self.post(SpeechStarted(self.turn, edge.time, level, own))
            else:
                self.post(SpeechEnded(self.turn, edge.time))
        self._preroll = [*self._preroll, frame.pcm][-PREROLL:]
        if self._began and self._vad.speaking:
            text = self._recogniser.feed(frame.pcm)
            if text is not None:
                self._told.texts[text] += 1
                self.post(Partial(self.turn, text))

    def post(self, event: Event) -> None:
        """Let it decide, and do what it wants."""
        before = self.state
        self.state, commands = decide(self._rules, before, event, self.now)
        self._told.ducked += any(isinstance(each, Duck) for each in commands)
        self._told.waited += any(isinstance(each, Pause) for each in commands)
        if any(isinstance(each, Settle) for each in commands) and self._began:
            text = self._recogniser.settle()
            self._told.texts[text] += 1
            self._attend()
            self.post(Settled(self.turn, text))

    def _attend(self) -> None:
        self._began = False


def recital(
    made: Script, path: EchoPath, room: Room, stream: Stream, listening: Listening, told: Told
) -> None:
    """Play a script, and hear what comes of it."""
    waiting = list(made.clauses)
    begin = room.now
    frames = round(len(made.pcm) / made.rate * RATE) // FRAME_SAMPLES
    stream.add(made.pcm)
    listening.recite(" ".join(text for _, text in made.clauses))
    for number in range(frames):
        now = (begin + number * FRAME_SAMPLES) / RATE
        stream.play(now + FRAME_SAMPLES / RATE)
        while waiting and waiting[0][0] <= number * FRAME_SAMPLES / RATE * made.rate:
            state = listening.state
            listening.post(ClauseStarted(state.turn, state.take, waiting.pop(0)[1]))
        stamp = START_S + now + listening.random.normal(0, JITTER_S)
        left = path.clean(Frame(room.hear(FRAME_SAMPLES), stamp))
        told.half_duplex_s += 0.0 if listening.state.duplex else FRAME_SAMPLES / RATE
        listening.hear(Frame(left.pcm, START_S + now, left.echo))
        if listening.state.turn != listening.turn or listening.state.phase is not Phase.SPEAKING:
            told.ended += 1
            listening.recite(" ".join(text for _, text in waiting) or "end")
            state = listening.state
            listening.post(ClauseStarted(state.turn, state.take, "and"))
    told.minutes += frames * FRAME_SAMPLES / RATE / 60


def pieces(text: str, count: int) -> Iterator[str]:
    """Cut a text into pieces of `count` words, again and again."""
    words, at = text.split(), 0
    while True:
        piece = [words[(at + each) % len(words)] for each in range(count)]
        at += count
        yield " ".join(piece)


def measure(minutes: float, setup: Setup, base: Config) -> Told:
    """Recite for so many minutes of sound."""
    told = Told()
    recogniser = ears.make(base)
    text = (resources.files("assistant") / "data" / "sample-en.txt").read_text()
    voices = [parse({"speech": {"engine": engine}}, "benchmark") for engine in ("piper", "espeak")]
    for part, config in enumerate(voices):
        listening = Listening(rules(base), recogniser, told)
        path = EchoPath(
            KalmanCanceller(base.echo.tail),
            base.echo.tail,
            lambda usable, it=listening: it.post(DuplexChanged(usable)),
        )
        stream: Stream | None = None
        target = minutes * (part + 1) / len(voices)
        for piece in pieces(text, 150):
            if told.minutes >= target:
                break
            made = script(config, piece)
            if stream is None:
                room = Room(setup, seed=part, rate=made.rate)
                room.calibrate(made.pcm)
                path.play_at(made.rate)
                stream = Stream(path, room, made.rate)
            recital(made, path, room, stream, listening, told)
    recogniser.close()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--echo", type=float, default=0.0, help="dB, relative to a person")
    parser.add_argument("--drift", type=float, default=0.0, help="millionths")
    parser.add_argument("--delay", type=float, default=0.06, help="s")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    setup = Setup(echo_db=options.echo, drift_ppm=options.drift, delay=options.delay)
    told = measure(options.minutes, setup, parse({"asr": {"engine": "moonshine"}}, "benchmark"))
    row = {
        "echo_db": options.echo,
        "self_minutes": round(told.minutes, 1),
        "self_interruptions": told.ended,
        "ducked": told.ducked,
        "waited": told.waited,
        "half_duplex_s": round(told.half_duplex_s, 1),
        "texts": told.texts.most_common(12),
    }
    print(json.dumps(row) if options.json else "\n".join(f"{k}: {v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
