import numpy as np
import pytest
from ears_sounds import austen
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import FRAME_SAMPLES
from assistant.config import parse
from assistant.ears import engines
from assistant.ears.agc import MOST_DB, AutomaticGain
from assistant.ears.hearing import Hearing

ZEROS = np.zeros(FRAME_SAMPLES, np.int16)


def noise(level, count, offset=0):
    made = np.random.default_rng(1).normal(offset, level, (count, FRAME_SAMPLES))
    return made.clip(-32768, 32767).astype(np.int16)


def test_each_problem_is_told_once_and_what_is_heard_is_centred():
    found = []
    hearing = Hearing(talking=lambda: False, found=found.append)
    for _ in range(2000):
        hearing.take(ZEROS)
    assert found == ["silent"]
    out = [hearing.take(frame) for frame in noise(1000, 6000, offset=3000)]
    assert sorted(found) == ["noise", "offset", "silent"]
    assert abs(out[-1].mean()) < 200
    for _ in range(2000):
        hearing.take(ZEROS)
    assert len(found) == 3


def test_its_own_voice_is_no_noise():
    found, speaking = [], [None]
    hearing = Hearing(talking=lambda: speaking[0], found=found.append)
    for frame in noise(3000, 3000):
        hearing.take(frame)
    assert hearing.report().noise is None
    assert not found


def spoken(level, count=30):
    """An utterance whose loudest frame has `level` dBFS."""
    return noise(32768 * 10 ** (level / 20), count)


def talk(hearing, talking, *utterances):
    """Let a quiet room be heard, then the utterances; return what the ears get of each."""
    got = []
    for utterance in utterances:
        talking[0] = False
        for frame in noise(5, 400):
            hearing.take(frame)
        talking[0] = True
        got.append(np.array([hearing.take(frame) for frame in utterance]))
    talking[0] = False
    hearing.take(ZEROS)
    return got


def test_soft_speech_is_told_and_made_louder():
    found, talking = [], [False]
    hearing = Hearing(talking=lambda: talking[0], found=found.append)
    soft = spoken(-50)
    first, second, third, fourth = talk(hearing, talking, soft, soft, soft, soft)
    assert (first == soft).all()
    assert (second == soft).all()
    for later in (third, fourth):
        assert later.std() / soft.std() == pytest.approx(10, rel=0.15)
    assert hearing.report().problems == ("quiet",)
    for frame in noise(5, 250):
        hearing.take(frame)
    assert found == ["quiet"]


def test_speech_that_is_loud_enough_stays_as_it_is():
    talking = [False]
    hearing = Hearing(talking=lambda: talking[0], found=lambda _: None)
    for level in (-40, -20, -6):
        for got in talk(hearing, talking, *[spoken(level)] * 4):
            assert (got == spoken(level)).all()


def test_the_gain_is_off_where_that_is_wished():
    talking = [False]
    hearing = Hearing(talking=lambda: talking[0], found=lambda _: None, automatic_gain=False)
    assert (talk(hearing, talking, *[spoken(-55)] * 4)[-1] == spoken(-55)).all()


@given(
    st.lists(st.tuples(st.floats(-120, 0), st.one_of(st.none(), st.floats(-120, 0))), max_size=20)
)
def test_the_gain_keeps_its_limits(utterances):
    gain = AutomaticGain()
    for loudest, noise_level in utterances:
        gain.heard(loudest, noise_level)
        assert 0 <= gain.decibels <= MOST_DB
    out = gain.apply(np.full(4, 30_000, np.int16))
    assert (out > 0).all()


def test_the_gain_does_not_lift_noise_to_where_speech_is():
    gain = AutomaticGain()
    for _ in range(3):
        gain.heard(-50.0, -80.0)
    assert gain.decibels == pytest.approx(20.0)
    for _ in range(3):
        gain.heard(-50.0, -63.0)
    assert gain.decibels == pytest.approx(18.0)
    for _ in range(3):
        gain.heard(-61.0, -63.0)  # no speech: nothing changes
    assert gain.decibels == pytest.approx(18.0)
    for _ in range(3):
        gain.heard(-25.0, -63.0)  # somebody turned the microphone up
    assert gain.decibels == 0.0


@pytest.mark.engine
def test_a_recogniser_understands_soft_speech_again():
    recogniser = engines.make(parse({"asr": {"engine": "moonshine"}}, "test"))
    soft = [
        np.rint(austen(number) * 10 ** (-46 / 20)).astype(np.int16) for number in (870, 890, 930)
    ]
    cut = [pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES] for pcm in soft]
    heard = {}
    for automatic in (False, True):
        talking = [False]
        hearing = Hearing(
            talking=lambda: talking[0],  # noqa: B023
            found=lambda _: None,
            automatic_gain=automatic,
        )
        got = talk(hearing, talking, *[pcm.reshape(-1, FRAME_SAMPLES) for pcm in cut])
        recogniser.start()
        recogniser.feed(got[-1].reshape(-1))
        heard[automatic] = recogniser.finish().text.lower()
    recogniser.close()
    assert "amiable" not in heard[False]
    assert heard[True].startswith("he might even have been made amiable")
