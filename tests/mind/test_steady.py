"""A language model that fails: it is made anew, left alone after three failures, and tried again.

The models here are fakes, for a real one cannot be made to fail on command.
"""

import pytest

from assistant.config import Llm
from assistant.errors import AssistantError, BadInput
from assistant.fitness import FIRST_S, Fitness
from assistant.mind import steady
from assistant.mind.model import Message, Usage
from assistant.mind.steady import SteadyModel
from assistant.mind.thin import SENTENCES, NoModel

HELLO = [Message("user", "hello")]


class FakeModel:
    """A model of a world in which `ills` says how each answer goes wrong, in order."""

    name = "fake"
    usage = Usage(1, 0, 1, 0.0, 0.0)

    def __init__(self, world):
        self.world, self.closed, self.adapter, self.besides = world, False, "", []

    def count(self, text):
        return len(text)

    def warm(self, messages, cancelled=None, *, judged=None):
        self._go_wrong()
        if judged:
            judged(self.world.complete)

    def reply(self, messages, cancelled, judged=None):
        yield "Well, "
        self._go_wrong()
        yield from self.world.pieces

    def answer(self, messages, settings, cancelled, *, interrupted=None, grammar=""):
        for piece in ("one ", "two ", "three"):
            assert not self.closed, "used after it was freed"
            yield piece

    def use_adapter(self, name):
        self.adapter = name

    def beside(self):
        self.besides.append(FakeModel(self.world))
        return self.besides[-1]

    def close(self):
        assert all(each.closed for each in self.besides), "freed under those beside it"
        self.closed = True

    def _go_wrong(self):
        if self.world.ills and (ill := self.world.ills.pop(0)):
            raise ill


class World:
    """What the fakes have in common."""

    def __init__(self, *ills, no_memory=0):
        self.ills, self.no_memory = list(ills), no_memory
        self.made, self.pieces, self.complete = [], ["yes."], 0.5
        self.now = 0.0
        self.fitness = Fitness(lambda: self.now)
        self.model = SteadyModel(self.make, NoModel("en"), self.fitness)

    def make(self):
        if self.no_memory:
            self.no_memory -= 1
            raise BadInput("too large for this machine")
        self.made.append(FakeModel(self))
        return self.made[-1]

    def said(self):
        return "".join(self.model.reply(HELLO, lambda: False))

    def tried(self, error=Exception):
        with pytest.raises(error):
            self.said()


@pytest.mark.parametrize("ill", [RuntimeError("C++"), MemoryError(), AssistantError("decode -3")])
def test_it_is_freed_and_made_anew_after_a_failure(ill):
    world = World(ill)
    world.tried(type(ill))
    assert world.made[0].closed
    assert world.said() == "Well, yes."
    assert len(world.made) == 2
    assert world.fitness.total == 1


def test_a_question_that_cannot_be_answered_is_no_failure_of_the_model():
    world = World(BadInput("too long"))
    world.tried(BadInput)
    assert world.said() == "Well, yes."
    assert (len(world.made), world.fitness.total) == (1, 0)


def test_after_three_in_a_row_it_is_left_alone_and_tried_again_later():
    world = World(*[RuntimeError()] * 4)
    for _ in range(3):
        world.tried()
    assert world.said() == SENTENCES["en"]
    assert world.model.name == "none"
    world.now += FIRST_S
    world.tried()
    assert world.said() == SENTENCES["en"]  # one try, not three
    world.now += 2 * FIRST_S
    assert world.said() == "Well, yes."
    assert (world.model.name, world.fitness.poor) == ("fake", False)


def test_without_memory_for_it_skills_go_on_and_it_comes_back():
    world = World(RuntimeError(), no_memory=0)
    world.tried()
    world.no_memory = 2
    for _ in range(2):
        world.tried(BadInput)
    assert world.said() == SENTENCES["en"]
    world.now += FIRST_S
    assert world.said() == "Well, yes."


def test_the_adapter_that_was_chosen_is_chosen_again():
    world = World(RuntimeError())
    world.model.use_adapter("pirate")
    world.tried()
    world.said()
    assert [each.adapter for each in world.made] == ["pirate", "pirate"]


@pytest.mark.parametrize(("piece", "text"), [("a\udcffb", "ab"), ("好", "好"), ("", "")])
def test_text_that_cannot_be_written_down_is_left_out(piece, text):
    world = World()
    world.pieces = [piece]
    assert world.said() == f"Well, {text}"


@pytest.mark.parametrize("piece", [None, b"bytes", 7])
def test_what_is_no_text_is_a_failure(piece):
    world = World()
    world.pieces = [piece]
    world.tried(AssistantError)
    assert world.fitness.total == 1


def test_a_probability_that_is_no_number_is_a_failure():
    world, judged = World(), []
    world.model.warm(HELLO, judged=judged.append)
    world.complete = float("nan")
    with pytest.raises(AssistantError):
        world.model.warm(HELLO, judged=judged.append)
    assert judged == [0.5]
    assert world.made[0].closed


def test_those_beside_it_break_off_and_come_back_with_it():
    world = World(RuntimeError())
    guest = world.model.beside()
    words = guest.answer(HELLO, Llm(), lambda: False)
    assert next(words) == "one "
    world.tried()
    with pytest.raises(AssistantError, match="broke off"):
        next(words)
    assert world.made[0].closed
    assert "".join(guest.answer(HELLO, Llm(), lambda: False)) == "one two three"
    guest.close()
    world.model.close()
    assert world.made[1].closed


def test_what_hangs_is_left_to_its_thread_and_never_touched_again():
    world = World()
    guest = world.model.beside()
    words = guest.answer(HELLO, Llm(), lambda: False)
    next(words)
    world.model.renew()
    assert world.said() == "Well, yes."
    assert "".join(guest.answer(HELLO, Llm(), lambda: False)) == "one two three"
    assert not world.made[0].closed
    assert len(world.made) == 2


def test_whoever_looks_whether_it_is_cancelled_is_alive(monkeypatch):
    signs = []
    monkeypatch.setattr(steady, "sign", lambda: signs.append(1))
    ask = steady.beating(lambda: False)
    assert not any(ask() for _ in range(1000))
    assert 10 < len(signs) < 30
