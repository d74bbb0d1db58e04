"""Earcons: short tones that say what the assistant does, made here rather than shipped."""

from typing import Literal

import numpy as np

from assistant.audio.frames import Pcm

Name = Literal["wake", "done", "cancel", "out", "offline", "error", "sleep", "ring"]

NOTES: dict[str, tuple[float, ...]] = {
    "wake": (660.0, 880.0),  # rising: go on
    "done": (880.0, 660.0),  # falling: understood
    "cancel": (660.0, 440.0, 660.0),  # a dip: as you like, nothing is done
    "out": (660.0, 990.0, 1320.0),  # up and away: the question leaves the device
    "offline": (1320.0, 990.0, 660.0),  # back down again: the device is on its own
    "error": (330.0, 330.0),  # twice the same, low
    "sleep": (440.0,),
    "ring": (523.25, 659.25, 783.99),  # a soft chord, upwards
}
"""Frequencies in Hz of the notes, one after another."""
NOTE_S = 0.07
FADE_S = 0.015
"""A cosine slope of this many s at both ends of a note keeps it from clicking."""
RINGS, RING_GAP_S = 3, 0.3
LEVEL = -20.0
"""Where nothing else is said: loudness in LUFS of a note between its slopes."""


def earcon(name: str, rate: int, level: float = LEVEL) -> Pcm:
    """Return the tone `name` (see `NOTES`), (samples,) int16 at `rate` Hz; `level`: see `tone`."""
    return np.concatenate([tone(frequency, NOTE_S, rate, level) for frequency in NOTES[name]])


def bell(rate: int, level: float = LEVEL) -> Pcm:
    """Return what sounds when something is due, (samples,) int16 at `rate` Hz: `ring`, repeated."""
    gap = np.zeros(round(RING_GAP_S * rate), np.int16)
    return np.concatenate([earcon("ring", rate, level), gap] * RINGS)


def tone(frequency: float, seconds: float, rate: int, level: float = LEVEL) -> Pcm:
    """Return a sine of `frequency` Hz with soft ends, (samples,) int16; `level` in LUFS.

    From 300 to 1500 Hz that is its RMS in dBFS within 1 dB: ITU-R BS.1770 weighs little else there,
    and is made so that a sine of 997 Hz is.
    """
    time = np.arange(round(seconds * rate)) / rate
    slope = np.clip(np.minimum(time, seconds - time) / FADE_S, 0.0, 1.0)
    envelope = 0.5 - 0.5 * np.cos(np.pi * slope)
    amplitude = 32767 * np.sqrt(2) * 10 ** (level / 20)
    sine = amplitude * envelope * np.sin(2 * np.pi * frequency * time)
    pcm: Pcm = np.rint(sine).astype(np.int16)
    return pcm
