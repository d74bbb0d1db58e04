"""Tools as they run: the real embedding, the real model, and skills that remember being called.

The skills themselves are fakes, and so is the book, which knows no sentence.
"""

import logging

import numpy as np
import pytest

from assistant.config import Config, Llm
from assistant.errors import AssistantError
from assistant.mind.knowledge.meaning import E5
from assistant.mind.llama import LlamaModel
from assistant.mind.skills.skill import Answer
from assistant.mind.skills.skills import Skills
from assistant.mind.tools.choosing import Nearest
from assistant.mind.tools.deciding import Decider
from assistant.mind.tools.grammar import NONE
from assistant.mind.tools.tool import Catalogue, Example, Tool, own
from assistant.mind.tools.tools import Tools

pytestmark = pytest.mark.engine

MODEL = (
    Config().models_dir / "qwen2.5-coder-0.5b-q4_k_m" / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
)
NAMES = ("timer_set", "volume_up", "reminder_set")
EGGS = "the eggs need nine minutes so shout when they are done"
REMINDER = "at noon say something about the letter"
CHAT = "who wrote this song"


def small():
    """Few of the tools, with few examples: vectors take their time."""
    whole = own("en")
    tools = [each for each in whole.tools if each.name in NAMES]
    few = [Tool(t.name, t.does, t.examples[:4], t.params) for t in tools]
    return Catalogue(few, whole.others[:12])


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def meaning():
    return E5()


@pytest.fixture(scope="module")
def decider(meaning, cache):
    return Decider(small(), Nearest(small(), meaning, cache), "en")


@pytest.fixture(scope="module")
def model():
    made = LlamaModel(MODEL, Llm(threads=1, batch_threads=1, context=1024))
    yield made
    made.close()


class FakeBook:
    """Knows no sentence."""

    def match(self, text):
        return None


class Room:
    """Tools before skills that remember what they were asked, and did."""

    def __init__(self, decider, model, how="meaning", threshold=0.3):
        self.asked, self.done, self.over = [], [], False
        skills = Skills(FakeBook(), dict.fromkeys(NAMES, self.skill), None)
        self.tools = Tools({"en": decider}, skills, threshold, how)
        if model:
            self.tools.meet(model, lambda: self.over)

    def skill(self, request, context):
        self.asked.append((request.intent, dict(request.slots)))
        return Answer("Noted.", lambda: self.done.append(request.intent))


@pytest.fixture(scope="module")
def room(decider, model):
    made = Room(decider, model)
    yield made
    made.tools.close()


def test_what_is_meant_is_answered_and_done_only_later(room):
    known = room.tools.known(EGGS)
    assert known
    assert (known.text, known.stage, known.data) == ("Noted.", "tool", {"intent": "timer_set"})
    assert room.asked[-1] == ("timer_set", {"duration_s": 540})
    assert not room.done
    assert known.act
    known.act()
    assert room.done == ["timer_set"]


def test_nothing_is_chosen_for_those_who_write(room):
    asked = len(room.asked)
    assert room.tools.written(EGGS, "page") is None
    assert len(room.asked) == asked


def test_the_model_says_the_free_words_and_only_what_was_said(room):
    known = room.tools.known(REMINDER)
    assert known
    intent, slots = room.asked[-1]
    assert intent == "reminder_set"
    assert slots["time"] == "12:00"
    assert str(slots["message"]) in REMINDER


def test_chat_costs_the_model_nothing(room, model, monkeypatch):
    monkeypatch.setattr(LlamaModel, "answer", None)
    assert room.tools.known(CHAT) is None


def test_the_model_chooses_a_call_or_none(decider, model):
    found = decider.candidates(EGGS)
    said = "".join(
        model.answer(
            decider.messages(found), Llm(temperature=0), lambda: False, grammar='root ::= "none"\n'
        )
    )
    assert said == NONE
    request = decider.ask(found, model)
    assert request is None or request.intent in NAMES


def test_the_conversation_stays_read(decider, model):
    before = model._kv.dump()[0]
    room = Room(decider, model, how="both")
    room.tools.known(EGGS)
    room.tools.close()
    assert model._kv.dump()[0] == before


def test_a_take_that_was_dropped_is_not_remembered_as_none(room):
    room.tools.known(CHAT)
    room.over = True
    assert room.tools.known(REMINDER) is None
    room.over = False
    assert room.tools.known(REMINDER)


def test_a_grammar_that_is_none_is_refused_with_a_sentence(model, capfd):
    with pytest.raises(AssistantError, match="cannot read this grammar"):
        list(model.answer([], Llm(), lambda: False, grammar="root ::= ("))
    capfd.readouterr()  # llama.cpp writes what it thinks of it


def test_without_memory_for_it_there_are_no_tools(decider, caplog):
    class Full:  # a fake: only how it fails counts
        def beside(self):
            raise AssistantError("no memory")

    with caplog.at_level(logging.WARNING):
        full = Room(decider, Full())
    assert "no memory" in caplog.text
    assert full.tools.known(EGGS) is None


def test_nearness_puts_each_example_nearest_to_its_own_tool(decider, meaning, cache):
    nearest = Nearest(small(), meaning, cache)
    for tool in small().tools:
        for each in tool.examples:
            near = nearest(each.text)
            assert near.tools[0][0] == tool.name
            assert near.tools[0][1] > near.other
            assert near.examples[0] == (tool.name, each)
    assert nearest(CHAT).tools[0][1] < nearest(CHAT).other


def test_vectors_are_kept_and_made_anew_where_the_file_is_broken(meaning, tmp_path):
    catalogue = Catalogue([Tool("a", "does a", (Example("louder"),))], ["hello"])
    first = Nearest(catalogue, meaning, tmp_path)
    kept = next(tmp_path.iterdir())
    kept.write_bytes(b"\x93NUMPY broken")
    again = Nearest(catalogue, meaning, tmp_path)
    assert np.array_equal(first._vectors, again._vectors)
    assert np.load(kept).shape == (2, 384)


def test_a_tool_with_one_example_can_be_chosen(meaning):
    catalogue = Catalogue([Tool("action.gate", "opens the gate", (Example("open the gate"),))],
                          ["hello", "what is this"])  # fmt: skip
    near = Nearest(catalogue, meaning)("please open that gate")
    assert near.tools[0][0] == "action.gate"
    assert near.tools[0][1] > near.other
