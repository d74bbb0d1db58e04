"""Noise of several kinds, and coughs; all made here or from voices that the caller brings.

Every kind is a ring: its end joins its beginning, so that it may be repeated for ever.
"""

from collections.abc import Callable, Sequence

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.bench.room.acoustics import Sound
from assistant.bench.room.levels import active_dbfs, gain, parts

LENGTH_S = 20
"""Whole s, so that every whole frequency fits."""
BABBLERS = 6
MAINS_HZ = 50.0
HARMONICS = (1.0, 0.5, 0.7, 0.2, 0.4, 0.1, 0.25)
"""Of hum, relative to its first: transformers and their rectifiers."""
NOTES_S = 0.25
"""Length of a note of the music-like noise."""
PENTATONIC = (0, 2, 4, 7, 9)


def _ring() -> Sound:
    return np.zeros(LENGTH_S * RATE)


def white(rng: np.random.Generator, _: Sequence[Pcm] = ()) -> Sound:
    """Every frequency alike: a microphone's own noise."""
    return rng.standard_normal(LENGTH_S * RATE)


def pink(rng: np.random.Generator, _: Sequence[Pcm] = ()) -> Sound:
    """As much in every octave: fans, traffic, a crowd far away."""
    spectrum = np.fft.rfft(white(rng))
    frequency = np.arange(len(spectrum)) / LENGTH_S
    spectrum[frequency < 20.0] = 0.0
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 20.0)), LENGTH_S * RATE)


def hum(rng: np.random.Generator, _: Sequence[Pcm] = ()) -> Sound:
    """The mains and its harmonics."""
    time = np.arange(LENGTH_S * RATE) / RATE
    phases = rng.uniform(0, 2 * np.pi, len(HARMONICS))
    waves = (
        level * np.sin(2 * np.pi * MAINS_HZ * number * time + phase)
        for number, (level, phase) in enumerate(zip(HARMONICS, phases, strict=True), 1)
    )
    return np.asarray(sum(waves), np.float64)


def babble(rng: np.random.Generator, voices: Sequence[Pcm]) -> Sound:
    """Several people at once; raises `ValueError` without `voices`."""
    ring = _ring()
    for _ in range(BABBLERS):
        ring += _talk(rng, voices)
    return ring


def music(rng: np.random.Generator, _: Sequence[Pcm] = ()) -> Sound:
    """Something like music: a melody that wanders, over a bass, with a beat."""
    ring = _ring()
    steps = round(LENGTH_S / NOTES_S)
    degree = 7
    for step in range(steps):
        at = round(step * NOTES_S * RATE)
        if rng.random() < 0.8:
            degree = int(np.clip(degree + rng.integers(-2, 3), 0, 14))
            _add(ring, at, _note(_pitch(degree), 0.6))
        if step % 4 == 0:
            _add(ring, at, 1.5 * _note(_pitch(int(rng.integers(0, 5))) / 4, 1.0))
        if step % 2 == 0:
            strike = rng.standard_normal(round(0.05 * RATE))
            _add(ring, at, 0.3 * strike * np.exp(-np.arange(len(strike)) / (0.01 * RATE)))
    return ring


def television(rng: np.random.Generator, voices: Sequence[Pcm]) -> Sound:
    """One voice after the other, and music below them; raises `ValueError` without `voices`."""
    talk, below = _talk(rng, voices), music(rng)
    return talk + below * gain(active_dbfs(talk) - active_dbfs(below) - 15.0)


KINDS: dict[str, Callable[[np.random.Generator, Sequence[Pcm]], Sound]] = {
    each.__name__: each for each in (white, pink, hum, babble, music, television)
}


def cough(rng: np.random.Generator) -> Sound:
    """One cough or two: a burst of air, then a voiced rest, both through a throat's resonances.

    Durations and bands follow A. Korpas et al., Analysis of the cough sound (Eur. Respir. J. 1996):
    an explosive phase of some 40 ms, a breath of 150 ms, at times a voiced end.
    """
    from scipy import signal

    bursts = []
    for _ in range(int(rng.integers(1, 3))):
        length = round(rng.uniform(0.22, 0.38) * RATE)
        time = np.arange(length) / RATE
        air = rng.standard_normal(length)
        shape = np.exp(-time / 0.03) + 0.25 * np.exp(-(((time - 0.12) / 0.06) ** 2))
        throat = signal.sawtooth(2 * np.pi * rng.uniform(110, 240) * time)
        rest = np.exp(-(((time - 0.24) / 0.05) ** 2)) * rng.uniform(0.0, 0.4)
        burst = air * shape + throat * rest
        formants = rng.uniform((450, 1100, 2300), (750, 1700, 3200))
        heard = sum(
            signal.lfilter(*signal.iirpeak(hz, hz / 250, fs=RATE), burst) for hz in formants
        )
        bursts += [heard * np.minimum(1.0, time / 0.004), np.zeros(round(0.12 * RATE))]
    sound = np.concatenate(bursts)
    return np.asarray(sound / np.abs(sound).max() * 0.5, np.float64)


def _talk(rng: np.random.Generator, voices: Sequence[Pcm]) -> Sound:
    """Fill a ring with the voices in a random order, all of them as loud."""
    if not voices:
        raise ValueError("noise that is made of voices needs some")
    pieces: list[Sound] = []
    missing = LENGTH_S * RATE
    while missing > 0:
        voice = parts(voices[int(rng.integers(len(voices)))])
        piece = voice[int(rng.integers(max(1, len(voice) - 8 * RATE))) :][: 8 * RATE]
        pieces.append(piece * gain(-26.0 - active_dbfs(piece)))
        missing -= max(1, len(piece))
    return np.roll(np.concatenate(pieces)[: LENGTH_S * RATE], int(rng.integers(LENGTH_S * RATE)))


def _pitch(degree: int) -> float:
    """Return the Hz of a step of the scale; step 5 is an octave above step 0, at 220 Hz."""
    octave, step = divmod(degree, len(PENTATONIC))
    return float(220.0 * 2 ** (octave + PENTATONIC[step] / 12))


def _note(hertz: float, length_s: float) -> Sound:
    time = np.arange(round(length_s * RATE)) / RATE
    waves = (np.sin(2 * np.pi * hertz * number * time) / number**1.5 for number in (1, 2, 3, 4, 5))
    return np.asarray(sum(waves) * np.exp(-time / 0.2) * np.minimum(1.0, time / 0.005), np.float64)


def _add(ring: Sound, at: int, sound: Sound) -> None:
    """Add `sound` to the ring from sample number `at` on, round its end."""
    places = (at + np.arange(len(sound))) % len(ring)
    ring[places] += sound
