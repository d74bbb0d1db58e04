"""Sound for the tests of the ears: human, synthetic, and none."""

import shutil
import subprocess
import wave
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm

DATA = Path(__file__).parents[1] / "data"
HUMAN = Path("/usr/share/pocketsphinx/test/data")
"""Debian's pocketsphinx-testdata: LibriVox sentences and lists of playing cards."""
BEGAN = 1000.0
"""The time of the first frame in these tests."""


@cache
def wav(path: Path) -> Pcm:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def cards(number: int) -> Pcm:
    return wav(HUMAN / f"cards/00{number}.wav")


def austen(number: int) -> Pcm:
    return wav(HUMAN / f"librivox/sense_and_sensibility_01_austen_64kb-0{number}.wav")


@cache
def read_speech() -> Pcm:
    """All the human speech there is, 34 s."""
    listed = [*sorted(HUMAN.glob("librivox/*.wav")), *sorted(HUMAN.glob("cards/*.wav"))]
    assert len(listed) == 10
    return np.concatenate([wav(path) for path in listed])


@cache
def say(text: str, voice: str, words_a_minute: int = 150) -> Pcm:
    """Let espeak-ng say it."""
    assert shutil.which("espeak-ng"), "apt-get install espeak-ng"
    command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    pcm = np.frombuffer(made[44:], np.int16).astype(np.float32)  # its header has no length
    return (soxr.resample(pcm, 22_050, RATE) * 0.8).clip(-32768, 32767).astype(np.int16)


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), np.int16)


def white(seconds: float, level: float = 3000.0) -> Pcm:
    noise = np.random.default_rng(5).normal(0.0, level, round(seconds * RATE))
    return noise.clip(-32768, 32767).astype(np.int16)


def sine(seconds: float, hertz: float) -> Pcm:
    phase = np.arange(round(seconds * RATE)) * 2 * np.pi * hertz / RATE
    return (8000 * np.sin(phase)).astype(np.int16)


def join(*pieces: Pcm) -> Pcm:
    return np.concatenate(pieces)


def frames(pcm: Pcm, sizes: Iterable[int] = ()) -> list[Frame]:
    """Cut into frames of `sizes` samples, then of the usual size."""
    cut, at = [], 0
    wanted = iter(sizes)
    while at < len(pcm):
        size = next(wanted, FRAME_SAMPLES)
        cut.append(Frame(pcm[at : at + size], BEGAN + at / RATE))
        at += size
    return cut
