"""What a face's mouth does while speech sounds: how far it is open, and in which shape."""

import bisect
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm
from assistant.events import Key

STEP_S = 0.02
"""A mouth is told fifty times a second what to do ..."""
AHEAD_STEPS = 10
"""... ten times at once, before it sounds, ..."""
MARGIN_S = 0.1
"""... and again when there is only so much left of it, in s."""
SHAPES = ("closed", "lip", "teeth", "mid", "wide", "open", "round", "pout")
"""Shapes of a mouth, told by their numbers."""
QUIET, LOUD = -45.0, -12.0
"""dBFS of speech whose levels are 0 and 1."""
DARK, BRIGHT = 300.0, 3000.0
"""Mean frequencies in Hz of sound whose widths are 0 and 1."""

_CLOSED = SHAPES.index("closed")
_MADE_BY = {
    "closed": "mbpɓ",
    "lip": "fvɱʋ",
    "teeth": "tdnszlθðɾɬɲɳʈɖʂʐɕʑ",
    "mid": "əɜɚɝɐʌɤɨɘɹɻrʀkɡgŋxχhɦʔqɣʁcɟç",
    "wide": "iɪeɛjy",
    "open": "aɑæɶ",
    "round": "oɔɒɵœø",
    "pout": "uʊwʉɯʃʒɥʍ",
}
_SHAPE_OF = {letter: SHAPES.index(name) for name, letters in _MADE_BY.items() for letter in letters}
_VOWELS = frozenset(SHAPES.index(name) for name in ("mid", "wide", "open", "round", "pout"))


@dataclass(frozen=True, slots=True)
class Ahead:
    """Speech that is about to sound."""

    key: Key
    at: float
    """`time.monotonic` s at which it begins to be audible."""
    blocks: tuple[Pcm, ...]
    """Its samples and some around them, (samples,) int16; nobody writes to them."""
    skip: int
    """Samples of `blocks` before it."""
    steps: int
    """Its length in steps of `STEP_S`."""
    lips: Sequence[tuple[int, int]]
    """See `assistant.mouth.synthesiser.Sound`; may grow meanwhile."""
    sample: int
    """What its first sample is numbered in `lips`."""


def step_samples(rate: int) -> int:
    """Return how many samples a step has at `rate` Hz."""
    return max(1, round(rate * STEP_S))


def told(ahead: Ahead, rate: int) -> dict[str, object]:
    """Return what a face is told of it: a level for each step, and a shape or a width."""
    step = step_samples(rate)
    sound = _steps(ahead, step)
    levels = loudness(sound)
    data: dict[str, object] = {"at": round(ahead.at, 4), "step": STEP_S, "levels": levels}
    if ahead.lips:
        middle = step // 2
        starts = [at for at, _ in ahead.lips]
        samples = range(ahead.sample + middle, ahead.sample + ahead.steps * step, step)
        places = [bisect.bisect_right(starts, sample) - 1 for sample in samples]
        data["visemes"] = [ahead.lips[n][1] if n >= 0 else _CLOSED for n in places]
    else:
        data["widths"] = widths(sound, rate)
    return data


def _steps(ahead: Ahead, step: int) -> NDArray[np.float32]:
    """Return its samples, (steps, samples)."""
    wanted, found, count = ahead.skip + ahead.steps * step, [], 0
    for block in ahead.blocks:
        if count >= wanted:
            break
        found.append(block)
        count += len(block)
    joined = np.concatenate(found)[ahead.skip : wanted]
    return joined.astype(np.float32).reshape(ahead.steps, step) / 32768.0


def loudness(sound: NDArray[np.float32]) -> list[float]:
    """Return the level of each row of (steps, samples): 0 for `QUIET` dBFS RMS, 1 for `LOUD`."""
    power = np.mean(np.square(sound), axis=1) + 1e-12
    part = (10.0 * np.log10(power) - QUIET) / (LOUD - QUIET)
    return [round(float(each), 2) for each in np.clip(part, 0.0, 1.0)]


def widths(sound: NDArray[np.float32], rate: int) -> list[float]:
    """Return how wide the lips may be in each row of (steps, samples): 0 for "oo", 1 for "ee".

    A guess by the sound's mean frequency, for voices that do not tell their phonemes: energy of
    the differences by the energy itself, one multiplication a sample.
    """
    power = np.mean(np.square(sound), axis=1) + 1e-12
    slope = np.mean(np.square(np.diff(sound, axis=1)), axis=1)
    half = np.minimum(np.sqrt(slope / power) / 2.0, 1.0)
    frequency = np.maximum(np.arcsin(half) * rate / np.pi, 1.0)
    part = np.log(frequency / DARK) / np.log(BRIGHT / DARK)
    return [round(float(each), 2) for each in np.clip(part, 0.0, 1.0)]


def shapes(phonemes: Iterable[tuple[int, bytes]]) -> list[tuple[int, int]]:
    """Turn phonemes, (sample, name in IPA), into shapes of the mouth, (sample, shape).

    A phoneme of two vowels is two shapes, and takes the second at half its time.
    """
    marks = list(phonemes)
    found: list[tuple[int, int]] = []
    for number, (at, name) in enumerate(marks):
        first, second = _ends(name)
        _put(found, at, first)
        if second != first and number + 1 < len(marks):
            _put(found, (at + marks[number + 1][0]) // 2, second)
    return found


def _put(found: list[tuple[int, int]], at: int, shape: int) -> None:
    """Add a shape in place of what begins no earlier, unless it goes on."""
    while found and found[-1][0] >= at:
        found.pop()
    if not found or found[-1][1] != shape:
        found.append((at, shape))


@functools.cache
def _ends(name: bytes) -> tuple[int, int]:
    """Return the shapes that a phoneme begins and ends with."""
    known = [_SHAPE_OF[letter] for letter in name.decode("utf-8", "ignore") if letter in _SHAPE_OF]
    if not known:
        return _CLOSED, _CLOSED
    vowels = [shape for shape in known if shape in _VOWELS]
    return (known[0], vowels[-1]) if known[0] in _VOWELS else (known[0], known[0])
