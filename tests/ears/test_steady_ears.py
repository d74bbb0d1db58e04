"""A recogniser that fails: what was said is heard again, by itself made anew or by another one.

The recognisers here are fakes, for a real one cannot be made to fail on command.
"""

import numpy as np
import pytest

from assistant.ears.recogniser import Transcript
from assistant.ears.steady import KEPT_S, MOST_LETTERS, SteadyRecogniser
from assistant.errors import AssistantError
from assistant.fitness import FIRST_S, Fitness

BLOCK = np.zeros(1600, np.int16)


class FakeEars:
    """Hears how many blocks were fed; fails where the world has an ill left."""

    streaming = True

    def __init__(self, world, name):
        self.world, self.name, self.closed = world, name, False
        self.blocks = None

    def _ill(self):
        if self.name == "first" and self.world.ills and (ill := self.world.ills.pop(0)):
            raise ill

    def start(self):
        self.blocks = 0

    def feed(self, pcm):
        self._ill()
        assert self.blocks is not None, "fed before it was started"
        self.blocks += 1
        return self.world.text or f"{self.name} {self.blocks}"

    def settle(self):
        self._ill()
        return self.world.text or f"{self.name} {self.blocks}"

    def finish(self):
        return Transcript(self.settle())

    def close(self):
        self.closed = True


class World:
    def __init__(self, *ills, other=True):
        self.ills, self.text, self.made, self.now = list(ills), None, [], 0.0
        self.fitness = Fitness(lambda: self.now)
        self.ears = SteadyRecogniser(
            lambda: self.make("first"), lambda: self.make("other") if other else None, self.fitness
        )

    def make(self, name):
        self.made.append(FakeEars(self, name))
        return self.made[-1]

    def hear(self, blocks=3):
        self.ears.start()
        for _ in range(blocks):
            self.ears.feed(BLOCK)
        return self.ears.finish().text


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("ill", [RuntimeError("onnx"), MemoryError()])
def test_nothing_of_the_utterance_is_lost_wherever_it_fails(at, ill):
    world = World(*[None] * at, ill)
    assert world.hear() == "first 3"
    assert world.made[0].closed
    assert len(world.made) == 2


def test_twice_in_one_utterance_is_raised_and_the_next_one_is_heard():
    world = World(RuntimeError("a"), RuntimeError("b"))
    with pytest.raises(RuntimeError):
        world.hear()
    with pytest.raises(AssistantError):
        world.ears.feed(BLOCK)  # what still waits of the same utterance is no other failure
    assert world.fitness.total == 2
    assert world.hear() == "first 3"


def test_after_three_failures_another_one_hears_until_it_is_time():
    world = World(*[RuntimeError()] * 3)
    with pytest.raises(RuntimeError):
        world.hear()
    assert world.hear() == "other 3"  # the third failure is heard again by the other one
    assert world.hear() == "other 3"
    world.now = FIRST_S
    assert world.hear() == "first 3"
    assert not world.fitness.poor
    assert all(each.closed for each in world.made[:-1])


def test_without_another_one_it_goes_on_trying():
    world = World(*[RuntimeError()] * 6, other=False)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            world.hear()
    assert world.hear() == "first 3"


@pytest.mark.parametrize(
    ("text", "heard"),
    [("a\x00b\udcff", "a b"), ("你好", "你好"), ("x" * 9999, "x" * MOST_LETTERS), ("a\nb", "a b")],
)
def test_what_cannot_have_been_said_is_left_out(text, heard):
    world = World()
    world.text = text
    assert world.hear() == heard


@pytest.mark.parametrize("text", [b"bytes", 3.0])
def test_what_is_no_text_is_a_failure(text):
    world = World(other=False)
    world.text = text
    with pytest.raises(AssistantError, match="in place of text"):
        world.hear()
    assert world.fitness.total == 2


def test_a_very_long_utterance_is_not_kept():
    world = World(*[None] * 700, RuntimeError("late"))
    with pytest.raises(RuntimeError):
        world.hear(blocks=701)
    assert 700 * len(BLOCK) / 16_000 > KEPT_S
    assert world.hear() == "first 3"


def test_what_hangs_is_never_touched_again():
    world = World()
    world.ears.start()
    world.ears.renew()
    with pytest.raises(AssistantError):
        world.ears.feed(BLOCK)
    assert world.hear() == "first 3"
    assert not world.made[0].closed
