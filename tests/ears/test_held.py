"""Asking in each pause whether the voice is held."""

import threading

import numpy as np
import pytest
from ears_sounds import BEGAN, austen, frames, silence

from assistant.ears.held import HeldVoice
from assistant.ears.smart_turn import SPAN
from assistant.ears.vad import Vad
from assistant.trace import Trace

FRAME = np.ones(320, np.int16)


class Asked:
    """A stand-in for the network: it remembers what it was asked, and waits where it shall."""

    def __init__(self):
        self.sounds, self.go, self.events = [], threading.Event(), []
        self.go.set()

    def __call__(self, pcm):
        self.go.wait(5)
        self.sounds.append(pcm)
        return 0.25


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def held(asked):
    def failed(turn, error):
        raise error

    return HeldVoice(lambda: asked, trace=Trace(), emit=asked.events.append, on_failed=failed)


def test_each_pause_is_asked_for_once_with_what_was_said_before(held, asked):
    held.begin([FRAME * 2, FRAME * 3])
    for pause in (None, 1.5, 1.5, 1.5):
        held.feed(7, FRAME, pause)
    assert held.stop()
    assert [(e.turn, e.at, e.complete) for e in asked.events] == [(7, 1.5, 0.25)]
    assert len(asked.sounds[0]) == 4 * len(FRAME)
    assert asked.sounds[0][0] == 2


def test_a_pause_in_which_speech_went_on_is_not_asked_for(held, asked):
    asked.go.clear()
    for pause in (0.5, None, 1.5):
        held.feed(7, FRAME, pause)
    held.feed(7, FRAME, None)
    held.feed(7, FRAME, 2.5)
    asked.go.set()
    assert held.stop()
    assert 2.5 in [event.at for event in asked.events]
    assert 1.5 not in [event.at for event in asked.events]


def test_no_more_is_kept_than_is_looked_at(held, asked):
    held.begin([])
    for _ in range(600):
        held.feed(1, FRAME, None)
    held.feed(1, FRAME, 9.0)
    assert held.stop()
    assert len(asked.sounds[0]) == SPAN


def test_the_pause_is_told_before_it_is_certain_and_until_speech_goes_on():
    vad = Vad(0.5, 0.1, 0.06)
    sound = np.concatenate([austen(880)[:24000], silence(1.0), austen(880)[:24000]])
    seen = []
    for frame in frames(sound):
        edges = vad.feed(frame)
        seen.append((vad.pause, [edge for edge in edges if edge.kind == "end"]))
    [first] = [at for at, (_, ends) in enumerate(seen) if ends and ends[0].time > BEGAN + 1.4][:1]
    began = seen[first][1][0].time
    assert seen[first - 1][0] == began, "known before it is certain"
    assert {pause for pause, _ in seen[first : first + 30]} == {began}
    assert seen[-20][0] != began
