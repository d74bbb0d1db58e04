"""Is a tone of the assistant's in a recording, and how loud?"""

import numpy as np

from assistant.audio.tones import NOTE_S, NOTES

STEP_S = 0.005


def tone_in(pcm, rate, name):
    """Return how much (0 to 1) the likest place of a sound is like a tone, and its level in LUFS.

    The sound is (samples,) at `rate` Hz. Each note is looked for by itself, some ms earlier or
    later, for a busy machine loses sound.
    """
    note, step = round(NOTE_S * rate), round(STEP_S * rate)
    window = np.hanning(note)
    places = np.lib.stride_tricks.sliding_window_view(pcm.astype(float), note)[::step] * window
    energy = np.sqrt((places**2).sum(axis=1) * (window**2).sum() / 2) + 1.0
    each, late = round(NOTE_S / STEP_S), 3
    count = len(places) - each * len(NOTES[name]) - late
    louds, likes = [], []
    for number, frequency in enumerate(NOTES[name]):
        wave = window * np.exp(2j * np.pi * frequency * np.arange(note) / rate)
        loud = np.abs(places @ wave)
        begin = max(0, number * each - late)
        near = np.lib.stride_tricks.sliding_window_view(loud / energy, 2 * late)[begin:]
        likes.append(near[:count].max(axis=1))
        louds.append(loud[begin : begin + count + 2 * late])
    likest = np.min(likes, axis=0)
    best = int(np.argmax(likest))
    amplitude = 2 * louds[0][best : best + 2 * late].max() / (window**2).sum()
    return float(likest[best]), float(20 * np.log10(amplitude / np.sqrt(2) / 32767))
