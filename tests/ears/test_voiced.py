import numpy as np

from assistant.audio.edges import speech_span
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame
from assistant.ears.voiced import Voiced


def frames(pcm, start=100.0):
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield Frame(pcm[at : at + FRAME_SAMPLES], start + at / RATE)


def test_it_says_what_the_whole_recording_says():
    noise = np.random.default_rng(1).normal(0, 10, RATE * 3)
    noise[RATE : RATE * 2] += 8000 * np.sin(np.arange(RATE) / 5)
    pcm = noise.astype(np.int16)
    it = Voiced()
    for frame in frames(pcm):
        it.feed(frame)
    assert abs(it.end - (100.0 + speech_span(pcm)[1] / RATE)) < 0.011


def test_silence_has_no_voiced_end():
    it = Voiced()
    for frame in frames(np.zeros(RATE, np.int16)):
        it.feed(frame)
    assert it.end is None


def test_it_forgets():
    it = Voiced()
    for frame in frames(np.full(RATE, 9000, np.int16)):
        it.feed(frame)
    assert it.end
    it.reset()
    assert it.end is None
