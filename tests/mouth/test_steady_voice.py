"""A voice that fails: the plainer one goes on, and the better one is tried again.

The voices here are fakes, for a real one cannot be made to fail on command.
"""

import numpy as np
import pytest

from assistant.errors import AssistantError
from assistant.fitness import FIRST_S, Fitness
from assistant.mouth.piper import _pcm
from assistant.mouth.steady import SteadyVoice
from assistant.mouth.synthesiser import Sound


class FakeVoice:
    """Says a tenth of a second a text, as `does` says."""

    speed = 1.0

    def __init__(self, name, rate, does=None):
        self.name, self.rate, self.does = name, rate, does
        self.said, self.closed = [], False

    def synthesise(self, text, cancelled):
        self.said.append((text, self.speed))
        yield Sound(np.full(self.rate // 10, 5000, np.int16), ((0, 0),))
        if self.does:
            yield from self.does(self)

    def close(self):
        self.closed = True


class World:
    """One better voice at 22,050 Hz that may be ill, one plainer one at 16,000 Hz."""

    def __init__(self, does=None, plain=True):
        self.does, self.now, self.made = does, 0.0, []
        self.fitness = Fitness(lambda: self.now)
        self.plain = FakeVoice("plain", 16_000)
        self.voice = SteadyVoice(self.make, (lambda: self.plain) if plain else None, self.fitness)

    def make(self):
        self.made.append(FakeVoice("better", 22_050, self.does))
        return self.made[-1]

    def say(self, text="Hello."):
        return list(self.voice.synthesise(text, lambda: False))


def raises(error):
    def does(voice):
        raise error
        yield

    return does


def gives(pcm):
    def does(voice):
        yield Sound(pcm)

    return does


def endless(voice):
    while True:
        yield Sound(np.full(voice.rate, 5000, np.int16))


ILLS = [
    raises(RuntimeError("onnx")),
    raises(MemoryError()),
    gives(np.zeros(10, np.float32)),
    gives(np.zeros((2, 10), np.int16)),
    gives(None),
    endless,
]


@pytest.mark.parametrize("does", ILLS)
def test_the_plainer_one_says_the_text_again_at_the_same_rate(does):
    world = World(does)
    sounds = world.say()
    before = sum(len(each.pcm) for each in sounds if each.words)
    assert world.plain.said == [("Hello.", 1.0)]
    assert sum(len(each.pcm) for each in sounds) - before >= 22_050 // 10 - 1
    assert all(each.pcm.dtype == np.int16 for each in sounds)
    assert (world.made[0].closed, world.fitness.total) == (True, 1)


@pytest.mark.parametrize("does", ILLS)
def test_without_a_plainer_one_it_is_raised_and_made_anew(does):
    world = World(does, plain=False)
    for number in range(5):  # it is never left alone: nobody else would speak
        with pytest.raises((AssistantError, RuntimeError, MemoryError)):
            world.say()
        assert len(world.made) == number + 1
    world.does = None
    assert len(world.say()) == 1
    assert not world.fitness.poor


def test_silence_is_no_speech_but_nothing_to_say_is_no_fault():
    world = World()
    world.made[0].synthesise = lambda text, cancelled: iter([Sound(np.zeros(99, np.int16))])
    world.say("...")
    assert world.plain.said == []
    world.say("Hello.")
    assert world.plain.said == [("Hello.", 1.0)]


def test_whoever_is_interrupted_has_not_failed():
    world = World()
    world.made[0].synthesise = lambda text, cancelled: iter(())
    assert list(world.voice.synthesise("Hello.", lambda: True)) == []
    assert world.fitness.total == 0


def test_after_three_failures_only_the_plainer_one_speaks_until_it_is_time():
    world = World(raises(RuntimeError("onnx")))
    for _ in range(5):
        world.say()
    assert len(world.made) == 3
    assert world.voice.name == "plain"
    world.does, world.now = None, FIRST_S
    world.say()
    assert len(world.made) == 4
    assert (world.voice.name, world.fitness.poor) == ("better", False)


def test_one_that_cannot_be_made_again_is_a_failure_too():
    world = World(raises(RuntimeError("onnx")))
    world.say()
    world.make = None
    world.voice._make = lambda: (_ for _ in ()).throw(MemoryError())
    world.say()
    assert len(world.plain.said) == 2
    assert world.fitness.total == 2


def test_both_speak_as_fast_as_is_wanted():
    world = World(raises(RuntimeError("onnx")))
    world.voice.speed = 1.5
    world.say()
    assert world.made[0].said == world.plain.said == [("Hello.", 1.5)]


def test_what_hangs_is_never_touched_again():
    world = World()
    world.voice.renew()
    world.say()
    assert len(world.made) == 2
    assert not world.made[0].closed


def test_the_end_frees_both():
    world = World(raises(RuntimeError("onnx")))
    world.say()
    world.voice.close()
    assert world.plain.closed


def test_numbers_that_are_no_sound_never_get_out_of_piper():
    wave = np.zeros(8, np.float32)
    assert _pcm(wave).dtype == np.int16
    for rubbish in (np.nan, np.inf):
        wave[3] = rubbish
        with pytest.raises(AssistantError, match="no sound"):
            _pcm(wave)
