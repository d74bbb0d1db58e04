"""No clicks: a real voice is played, and whatever is done to it comes smoothly."""

import itertools

import numpy as np
import pytest

from assistant.events import Key
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.gain import RAMP_S
from assistant.mouth.playback import FADE_S, Player

KEY = Key(1, 1)
RATE = 22_050
BUFFER = 256
TEXTS = ("I am not sure about that, ", "but the library at the corner ", "may know more about it.")


@pytest.fixture(scope="module")
def clauses():
    voice = EspeakSynthesiser()
    return [
        np.concatenate([sound.pcm for sound in voice.synthesise(text, lambda: False)])
        for text in TEXTS
    ]


def jump(pcm):
    return int(np.abs(np.diff(pcm.astype(int), prepend=0, append=0)).max())


class Playing:
    def __init__(self, clauses, complete=True):
        self.player = Player(RATE, lambda *_: None, lambda *_: None)
        self.out = []
        for text, pcm in zip(TEXTS, clauses, strict=True):
            self.player.begin(KEY, text)
            self.player.add(KEY, pcm)
            if complete:
                self.player.complete(KEY)

    def pull(self, buffers=1):
        for _ in range(buffers):
            out = np.empty(BUFFER, np.int16)
            self.player.fill(out, 0.0)
            self.out.append(out)

    def steps(self, clauses):
        """The largest change of the factor on the samples from one of them to the next."""
        out, made = np.concatenate(self.out), np.concatenate(clauses)
        made = np.pad(made, (0, max(0, len(out) - len(made))))[: len(out)].astype(float)
        loud = np.abs(made) > 1000
        both = loud[1:] & loud[:-1]
        factors = out / np.where(loud, made, 1.0)
        return float(np.abs(np.diff(factors))[both].max())


def test_clauses_join_without_a_click(clauses):
    joins = [np.concatenate((a[-50:], b[:50])) for a, b in itertools.pairwise(clauses)]
    loudest = max(np.abs(np.diff(clause.astype(int))).max() for clause in clauses)
    assert max(int(np.abs(np.diff(join.astype(int))).max()) for join in joins) < loudest / 8


@pytest.mark.parametrize("after", range(5, 60, 6))
def test_a_stop_fades(clauses, after):
    it = Playing(clauses)
    it.pull(after)
    it.player.stop(KEY)
    it.pull(2)
    assert not it.out[-1].any()
    assert it.steps(clauses) <= 1 / (FADE_S * RATE) + 0.002


@pytest.mark.parametrize("after", range(5, 60, 6))
def test_another_volume_comes_smoothly(clauses, after):
    it = Playing(clauses)
    for volume in (0.3, 0.9, 0.0, 1.0):
        it.pull(after)
        it.player.volume = volume
    it.pull(10)
    assert it.steps(clauses) <= 1 / (RAMP_S * RATE) + 0.002  # of which .002 is rounding


def test_sound_that_is_made_too_slowly_does_not_click(clauses):
    player = Player(RATE, lambda *_: None, lambda *_: None)
    player.begin(KEY, TEXTS[0])
    out = []
    for piece in np.array_split(clauses[0], 23):
        player.add(KEY, piece)
        for _ in range(len(piece) // BUFFER + 2):  # one buffer more than there is sound for
            out.append(np.empty(BUFFER, np.int16))
            player.fill(out[-1], 0.0)
    assert jump(np.concatenate(out)) <= jump(clauses[0]) * 1.02
