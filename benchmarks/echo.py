"""Echo cancellers in the room of `assistant bench conversation`, on this project's own questions.

The assistant's voice reads `assistant/data/sample-en.txt` through a distorting loudspeaker into a
room with noise; people of Debian's pocketsphinx-testdata speak over it, and synthetic ones say the
wake word. All goes through `EchoPath`, so that delay and drift have to be found as they are there,
from stamps that jitter by 0.1 ms. For each canceller it prints

- learning: dB that the echo loses, second by second from the first sound on;
- double: word error rate of the people, by the recogniser, after 5 s of learning;
- wake: wake words found of all that were said over it;
- alone: share of the time in which the voice activity detector takes what is left of the echo for
  speech, after 5 s of learning, and the words that the recogniser finds in it, a minute;
- cost: ms for a frame of 20 ms, with all that aligns it.

`kalman` is the one that is used. The others are looked at where they are installed: `speex`
(libspeexdsp1 of Debian, BSD), `webrtc` (pywebrtc-audio of the index, AEC3, Apache-2.0), `livekit`
(livekit of the index, AEC3 with noise suppression, Apache-2.0). `none` cancels nothing.

    python benchmarks/echo.py [--only learning,double,wake,alone] [--cancellers NAMES] [--json]
"""

import argparse
import ctypes
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import wer

import assistant
from assistant.audio.echo.canceller import Canceller
from assistant.audio.echo.kalman import KalmanCanceller
from assistant.audio.echo.path import EchoPath
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.resample import resample
from assistant.bench.room import Room, Setup
from assistant.config import Config, parse
from assistant.ears import engines as ears
from assistant.ears import wake
from assistant.ears.vad import Vad
from assistant.mouth.espeak import EspeakSynthesiser

TAIL_S = 0.2
LEARNED_S = 5.0
JITTER_S = 1e-4
BUFFER_S = 0.03
"""So much earlier than it sounds the loudspeaker asks for samples."""
ROOMS = {
    "echo -20 dB": Setup(echo_db=-20.0),
    "echo -6 dB": Setup(echo_db=-6.0),
    "echo 0 dB": Setup(),
    "echo +6 dB": Setup(echo_db=6.0),
    "delay 20 ms": Setup(delay=0.02),
    "delay 250 ms": Setup(delay=0.25),
    "drift 50 ppm": Setup(drift_ppm=50.0),
    "drift 200 ppm": Setup(drift_ppm=-200.0),
    "no distortion": Setup(drive=0.0),
    "much distortion": Setup(drive=3.0),
    "hall": Setup(size=(9.0, 7.0, 3.2), rt60=0.6),
    "noise -50 dBFS": Setup(noises={"pink": -50.0}),
}
LEVELS = ("echo -20 dB", "echo -6 dB", "echo 0 dB", "echo +6 dB")
CALLERS = (
    "en-us",
    "en-us-nyc",
    "en-gb",
    "en-gb-scotland",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-029",
)


class Mute:
    """Does not tell what it takes for echo."""

    learns, expected = True, None


class Nothing(Mute):
    name = "none"

    def __init__(self, tail: float) -> None:
        pass

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        return near

    def reset(self) -> None:
        pass


class Speex(Mute):
    """libspeexdsp's, by four functions of its speex_echo.h."""

    name = "speex"

    def __init__(self, tail: float) -> None:
        self._library = ctypes.CDLL("libspeexdsp.so.1")
        self._library.speex_echo_state_init.restype = ctypes.c_void_p
        self._library.speex_echo_cancellation.argtypes = [ctypes.c_void_p] * 4
        self._library.speex_echo_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        self._library.speex_echo_state_reset.argtypes = [ctypes.c_void_p]
        self._state = self._library.speex_echo_state_init(RATE // 100, round(tail * RATE))
        self._library.speex_echo_ctl(self._state, 24, ctypes.byref(ctypes.c_int(RATE)))

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        near, far = np.ascontiguousarray(near), np.ascontiguousarray(far)
        out = np.empty_like(near)
        for at in range(0, len(near), RATE // 100):
            pointers = (each[at:].ctypes.data for each in (near, far, out))
            self._library.speex_echo_cancellation(self._state, *pointers)
        return out

    def reset(self) -> None:
        self._library.speex_echo_state_reset(self._state)


class WebRtc(Mute):
    """AEC3 by pywebrtc-audio."""

    name = "webrtc"

    def __init__(self, tail: float) -> None:
        from pywebrtc_audio import EchoCanceller

        self._engine: Any = EchoCanceller(RATE, 1)

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        return self._engine.process(np.ascontiguousarray(near), np.ascontiguousarray(far))

    def reset(self) -> None:
        self._engine.reset()


class LiveKit(Mute):
    """AEC3 with noise suppression by livekit."""

    name = "livekit"

    def __init__(self, tail: float) -> None:
        from livekit.rtc import AudioFrame
        from livekit.rtc.apm import AudioProcessingModule

        self._frame: Any = AudioFrame
        self._make: Any = lambda: AudioProcessingModule(
            echo_cancellation=True, noise_suppression=True
        )
        self._engine = self._make()

    def cancel(self, near: Pcm, far: Pcm) -> Pcm:
        out = []
        for at in range(0, len(near), RATE // 100):
            played, heard = (
                self._frame(each[at : at + RATE // 100].tobytes(), RATE, 1, RATE // 100)
                for each in (far, near)
            )
            self._engine.process_reverse_stream(played)
            self._engine.process_stream(heard)
            out.append(np.frombuffer(bytes(heard.data), np.int16))
        return np.concatenate(out)

    def reset(self) -> None:
        self._engine = self._make()


ALL: dict[str, Callable[[float], Canceller]] = {
    each.name: each for each in (Nothing, KalmanCanceller, Speex, WebRtc, LiveKit)
}


@dataclass
class Run:
    """One hearing of a room."""

    heard: Pcm
    left: Pcm
    ms: float
    """A frame, by all of `EchoPath`."""
    usable_s: float | None
    """When the path found itself usable last."""


@cache
def reply(seconds: float) -> tuple[Pcm, int]:
    """Return the assistant's voice, (samples,) int16, and its rate in Hz."""
    voice = EspeakSynthesiser("", "en")
    text = (Path(assistant.__file__).parent / "data/sample-en.txt").read_text()
    made = [sound.pcm for sound in voice.synthesise(text[:4000], lambda: False)]
    return np.resize(np.concatenate(made), round(seconds * voice.rate)), voice.rate


@cache
def calls() -> list[Pcm]:
    """Return the wake word by several synthetic voices, 16 kHz."""
    said = []
    for name, rate in itertools.product(CALLERS, (0.8, 1.0)):
        voice = EspeakSynthesiser(name, "en", rate)
        pcm = np.concatenate([s.pcm for s in voice.synthesise("okay nabu", lambda: False)])
        said.append(resample(pcm, voice.rate, RATE))
    return said


def hear(setup: Setup, said: list[tuple[float, Pcm]], seconds: float, canceller: Canceller) -> Run:
    """Play the reply for so long into the room, say what is `said` at its time, and clean it."""
    played, rate = reply(seconds)
    room = Room(setup, seed=3, rate=rate)
    room.play(played)
    for at, pcm in said:
        room.speak(pcm, round(at * RATE))
    heard = room.hear(round(seconds * RATE) // FRAME_SAMPLES * FRAME_SAMPLES)
    told: list[tuple[float, bool]] = []
    now = 0.0
    path = EchoPath(canceller, TAIL_S, lambda usable: told.append((now, usable)))
    path.play_at(rate)
    random = np.random.default_rng(4)
    block, speed, given = rate // 200, rate * (1 + setup.drift_ppm * 1e-6), 0
    pieces = iter(np.split(played, range(block, len(played), block)))

    def source(out: Pcm, _: float) -> None:
        out[:] = np.resize(next(pieces, out * 0), len(out))

    tap = path.tapped(source)
    left, busy = [], 0.0
    for at in range(0, len(heard), FRAME_SAMPLES):
        now = at / RATE
        while given / speed < now + FRAME_SAMPLES / RATE + BUFFER_S:
            tap(np.zeros(block, np.int16), 100 + given / speed + random.normal(0, JITTER_S))
            given += block
        frame = Frame(heard[at : at + FRAME_SAMPLES], 100 + now + random.normal(0, JITTER_S))
        began = time.thread_time()
        left.append(path.clean(frame).pcm)
        busy += time.thread_time() - began
    usable = told[-1][0] if told and told[-1][1] else None
    return Run(heard, np.concatenate(left), 1000 * busy / len(left), usable)


def loss(run: Run) -> list[float]:
    """Return the dB that are lost in each second."""
    powers = [
        (each[: len(each) // RATE * RATE].reshape(-1, RATE).astype(float) ** 2).mean(axis=1)
        for each in (run.heard, run.left)
    ]
    return [round(float(db), 1) for db in 10 * np.log10((powers[0] + 1) / (powers[1] + 1))]


def learning(name: str) -> Iterator[dict[str, Any]]:
    for room, setup in ROOMS.items():
        run = hear(setup, [], 10.0, ALL[name](TAIL_S))
        yield {"room": room, "loss_db": loss(run), "usable_s": run.usable_s, "ms": round(run.ms, 3)}


def double(name: str) -> Iterator[dict[str, Any]]:
    recogniser = ears.make(parse({"asr": {"engine": "moonshine"}}, "benchmark"))
    clips = list(wer.clips())
    spoken, at = [], LEARNED_S
    for _, _, pcm in clips:
        spoken.append((at, pcm))
        at += len(pcm) / RATE + 0.6
    for room in LEVELS:
        run = hear(ROOMS[room], spoken, at, ALL[name](TAIL_S))
        errors = count = 0
        for (begin, pcm), (_, text, _) in zip(spoken, clips, strict=True):
            piece = run.left[round((begin - 0.2) * RATE) : round((begin + 0.4) * RATE) + len(pcm)]
            said, got = wer.words(text), wer.words(wer.recognise(recogniser, piece)[0])
            errors, count = errors + wer.distance(said, got), count + len(said)
        yield {"room": room, "wer": round(errors / count, 3)}


def waking(name: str) -> Iterator[dict[str, Any]]:
    called = [(LEARNED_S + 2.5 * number, pcm) for number, pcm in enumerate(calls())]
    for room in LEVELS:
        run = hear(ROOMS[room], called, called[-1][0] + 3.0, ALL[name](TAIL_S))
        (detector,) = wake.make(Config())
        found = [
            at / RATE
            for at in range(0, len(run.left), FRAME_SAMPLES)
            if detector.feed(Frame(run.left[at : at + FRAME_SAMPLES], at / RATE))
        ]
        hits = sum(any(begin < at < begin + 2.4 for at in found) for begin, _ in called)
        yield {"room": room, "found": hits, "said": len(called), "false": len(found) - hits}


def alone(name: str) -> Iterator[dict[str, Any]]:
    recogniser = ears.make(parse({"asr": {"engine": "moonshine"}}, "benchmark"))
    for room in LEVELS:
        run = hear(ROOMS[room], [], 25.0, ALL[name](TAIL_S))
        detector = Vad(0.5, 0.1, 0.06)
        speech = 0
        for at in range(0, len(run.left), FRAME_SAMPLES):
            detector.feed(Frame(run.left[at : at + FRAME_SAMPLES], at / RATE))
            speech += detector.speaking and at > LEARNED_S * RATE
        rest = run.left[round(LEARNED_S * RATE) :]
        words = wer.words(wer.recognise(recogniser, rest)[0])
        seconds = len(rest) / RATE
        share = speech * FRAME_SAMPLES / len(rest)
        yield {
            "room": room,
            "speech": round(share, 3),
            "words_a_minute": round(len(words) * 60 / seconds, 1),
        }


PARTS = {"learning": learning, "double": double, "wake": waking, "alone": alone}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by comma")
    parser.add_argument("--cancellers", default=",".join(ALL), help="names, by comma")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for part in options.only.split(","):
        for name in options.cancellers.split(","):
            try:
                ALL[name](TAIL_S)
            except (ImportError, OSError):
                print(f"{name}: not installed")
                continue
            for row in PARTS[part](name):
                told = {"part": part, "canceller": name, **row}
                if options.json:
                    print(json.dumps(told), flush=True)
                else:
                    print("  ".join(f"{key} {value}" for key, value in told.items()), flush=True)


if __name__ == "__main__":
    main()
