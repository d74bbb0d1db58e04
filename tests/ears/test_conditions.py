"""How well it hears: human recordings, worsened in the ways in which microphones are bad."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import wav
from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.ears.conditions import Conditions, Problem, advice
from assistant.ears.level import dbfs

SPOKEN = sorted(Path("/usr/share/pocketsphinx/test/data/cards").glob("*.wav"))


@pytest.fixture(scope="module")
def day():
    """Half a minute of a quiet room, and then one talker, (samples,) float, with where he talks."""
    clips = [wav.read(path).astype(float) for path in SPOKEN]
    room = np.random.default_rng(7).normal(0, 20, 30 * RATE)  # -64 dBFS
    return room, [clip + np.random.default_rng(8).normal(0, 20, len(clip)) for clip in clips]


def heard(day, worsen, every=25):
    """What is found after such a day with a microphone that does `worsen(samples)`."""
    conditions = Conditions(every)
    room, clips = day
    for sound, talking in [(room, False), *((clip, True) for clip in clips)]:
        pcm = np.clip(worsen(sound), -32768, 32767).astype(np.int16)
        frames = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        for frame in frames:
            conditions.hear(frame, talking)
        if talking:
            conditions.spoken(max(map(dbfs, frames)))
    return conditions.report()


def louder(decibels):
    return lambda sound: sound * 10 ** (decibels / 20)


def white(level):
    """Noise at `level` dBFS."""
    made = np.random.default_rng(1).normal(0, 32768 * 10 ** (level / 20), 40 * RATE)
    return lambda sound: sound + made[: len(sound)]


def hum(level):
    """What a bad earth gives: 50 Hz and some of its harmonics, `level` dBFS in all."""
    time = np.arange(40 * RATE) / RATE
    made = sum(np.sin(2 * np.pi * 50 * n * time) / n for n in (1, 2, 3, 5))
    made *= 32768 * 10 ** (level / 20) / np.sqrt((made**2).mean())
    return lambda sound: sound + made[: len(sound)]


def test_a_good_microphone_in_a_quiet_room_has_no_problem(day):
    report = heard(day, louder(0))
    assert report.problems == ()
    assert -30 < report.speech < -5
    assert report.noise == pytest.approx(-64, abs=2)
    assert report.clipped < 0.02
    assert abs(report.offset) < 0.001


@pytest.mark.parametrize(
    ("worsen", "problems"),
    [
        (louder(-12), ()),
        (louder(-34), ("quiet",)),
        (louder(24), ("clipping",)),
        (white(-30), ("noise",)),
        (white(-55), ()),
        (hum(-30), ("noise",)),
        (lambda sound: sound + 3000, ("offset",)),
        (lambda sound: sound - 3000, ("offset",)),
        (lambda sound: sound * 0, ("silent",)),
        (lambda sound: white(-54)(louder(-30)(sound)), ("noise",)),  # too soft for its own hiss
        (lambda sound: louder(30)(sound) + 3000, ("clipping", "noise", "offset")),
    ],
)
def test_what_is_wrong_with_a_microphone_is_found_and_nothing_else(day, worsen, problems):
    assert heard(day, worsen).problems == problems


def test_all_that_can_be_wrong_has_its_advice():
    assert len({advice(problem) for problem in get_args(Problem)}) == len(get_args(Problem))


def test_nothing_is_said_before_enough_was_heard():
    conditions = Conditions()
    assert conditions.report().problems == ()
    noise = np.random.default_rng(1).normal(0, 3000, (100, FRAME_SAMPLES)).astype(np.int16)
    for frame in noise:
        conditions.hear(frame, False)
    conditions.spoken(-60.0)
    report = conditions.report()
    assert (report.problems, report.speech, report.noise) == ((), None, None)


def test_a_microphone_that_is_switched_on_again_is_no_longer_silent():
    conditions = Conditions(1)
    for _ in range(1000):
        conditions.hear(np.zeros(FRAME_SAMPLES, np.int16), False)
    assert conditions.report().problems == ("silent",)
    conditions.hear(np.ones(FRAME_SAMPLES, np.int16), False)
    assert conditions.report().problems == ()


def test_what_was_wrong_is_forgotten_once_it_is_better(day):
    conditions = Conditions(1)
    for level in (-60.0, -60.0, -60.0, -20.0, -20.0, -20.0):
        conditions.spoken(level)
    assert conditions.report().problems == ()


@given(
    st.lists(
        st.tuples(st.integers(-32768, 32767), st.integers(0, 32767), st.booleans()), max_size=60
    )
)
def test_whatever_is_heard_the_figures_are_figures(frames):
    conditions = Conditions(1)
    for middle, width, talking in frames:
        wave = middle + width * np.sin(np.arange(FRAME_SAMPLES))
        conditions.hear(np.clip(wave, -32768, 32767).astype(np.int16), talking)
    report = conditions.report()
    assert 0 <= report.clipped <= 1
    assert -1 <= report.offset <= 1
    assert report.noise is None or -120 <= report.noise <= 0
