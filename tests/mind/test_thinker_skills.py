"""Skills in front of the model: what is said ahead, and what is done, once and not before its time.

The model and the book of sentences are fakes, the thinker and the skills' room are the real ones.
"""

import pytest
from test_thinker import Stage, until

from assistant.errors import AssistantError
from assistant.events import LAST_TAKE, Key
from assistant.mind.skills.skill import Answer, Request
from assistant.mind.skills.skills import FAILED, SURE, Skills

CLOCK, GATE, NOTE = "what time is it", "open the gate", "remind me to call"


class FakeBook:
    """Knows three sentences by heart."""

    def match(self, text):
        intents = {CLOCK: "clock", GATE: "gate", NOTE: "note", "nobody": "nobody"}
        return Request(intents[text], text, "en", whole=text != NOTE) if text in intents else None


class House:
    """A stage with skills: a clock that says something, a gate that does something, a note both."""

    def __init__(self):
        self.opened = []
        self.fails = None
        self.declines = False
        self.ends = []
        skills = {
            "clock": lambda request, context: None if self.declines else Answer("It is noon."),
            "gate": lambda request, context: Answer(act=self.open),
            "note": lambda request, context: Answer("Noted.", self.open),
        }
        made = Skills(
            FakeBook(), skills, None, self, writers=lambda: Skills(FakeBook(), skills, None)
        )
        self.stage = Stage(make_sources=lambda: [made]).load()

    def stop(self):
        """What the thinker tells the owner's actions; here the house is a fake of them."""
        self.ends.append("stop")

    def leave(self):
        self.ends.append("leave")

    def close(self):
        self.ends.append("close")

    def open(self):
        self.opened.append(1)
        if self.fails:
            raise self.fails
        return "It is open."

    def texts(self, turn):
        return [what[2] for what in self.stage.told if what[:2] == ("text", turn)]

    def ended(self, turn):
        until(lambda: any(what[:2] == ("end", turn) for what in self.stage.told))


@pytest.fixture
def house():
    made = House()
    yield made
    made.stage.thinker.stop()


def test_a_skill_answers_without_the_model(house):
    house.stage.thinker.think(Key(1, 1), CLOCK)
    house.ended(1)
    assert house.texts(1) == ["It is noon."]
    assert house.stage.model.asked == []
    assert ("judged", 1, CLOCK, SURE) in house.stage.told
    house.stage.thinker.remember(1, "It is noon.")
    assert house.stage.history() == [("user", CLOCK), ("assistant", "It is noon.")]
    house.stage.trace.keep(1, 1)
    timeline = house.stage.trace.turn(1)
    assert timeline.data("skill")["intent"] == "clock"
    assert timeline.data("first_token")["prompt_tokens"] == 0


def test_what_is_said_is_ready_in_secret_and_what_is_done_waits(house):
    thinker = house.stage.thinker
    thinker.think(Key(1, 1), NOTE, secret=True)
    until(lambda: house.texts(1) == ["Noted."])
    assert house.opened == []
    thinker.release(Key(1, 1))
    house.ended(1)
    assert house.texts(1) == ["Noted.", " It is open."]
    assert house.opened == [1]


def test_a_dropped_take_does_nothing_and_the_next_one_once(house):
    thinker = house.stage.thinker
    thinker.think(Key(1, 1), GATE, secret=True)
    thinker.cancel(Key(1, 1))
    thinker.think(Key(1, 2), GATE, secret=True)
    thinker.release(Key(1, 2))
    house.ended(1)
    thinker.cancel(Key(1, LAST_TAKE))
    thinker.think(Key(2, 1), CLOCK)
    house.ended(2)
    assert house.opened == [1]


def test_a_released_answer_to_a_dead_turn_does_nothing(house):
    thinker = house.stage.thinker
    thinker.cancel(Key(1, LAST_TAKE))
    thinker.think(Key(1, 1), GATE)
    thinker.think(Key(2, 1), CLOCK)
    house.ended(2)
    assert house.opened == []


@pytest.mark.parametrize(
    ("error", "said"),
    [(AssistantError("The gate is stuck."), "The gate is stuck."), (OSError("x"), FAILED["en"])],
)
def test_what_fails_costs_one_sentence(house, error, said):
    house.fails = error
    house.stage.thinker.think(Key(1, 1), GATE)
    house.ended(1)
    assert house.texts(1) == [said]
    house.stage.thinker.think(Key(2, 1), CLOCK)
    house.ended(2)
    assert house.texts(2) == ["It is noon."]


@pytest.mark.parametrize("text", ["tell me a story", "nobody"])
def test_what_no_skill_takes_is_for_the_model(house, text):
    house.stage.thinker.think(Key(1, 1), text)
    house.ended(1)
    assert "".join(house.texts(1)) == "One. Two. Three. "


def test_a_skill_that_declines_leaves_it_to_the_model(house):
    house.declines = True
    house.stage.thinker.think(Key(1, 1), CLOCK)
    house.ended(1)
    assert "".join(house.texts(1)) == "One. Two. Three. "


def test_read_along_a_whole_sentence_of_a_skill_is_whole_and_an_open_one_is_not(house):
    house.stage.model.judges = 0.01
    for turn, text in enumerate((CLOCK, NOTE, "tell me"), 1):
        house.stage.thinker.prepare(turn, text)
        until(lambda turn=turn: any(w[:2] == ("judged", turn) for w in house.stage.told))
    judged = {what[2]: what[3] for what in house.stage.told if what[0] == "judged"}
    assert judged == {CLOCK: SURE, NOTE: 0.01, "tell me": 0.01}


def test_an_open_sentence_is_judged_by_the_model(house):
    house.stage.model.judges = 0.3
    house.stage.thinker.think(Key(1, 1), NOTE)
    house.ended(1)
    assert ("judged", 1, NOTE, 0.3) in house.stage.told


def test_what_runs_is_stopped_when_that_is_said_and_at_the_end(house):
    house.stage.thinker.think(Key(1, 1), CLOCK)
    house.ended(1)
    house.stage.thinker.stop_actions()
    assert house.ends == ["stop"]
    house.stage.thinker.stop()
    assert house.ends == ["stop", "close"]


def test_who_takes_leave_is_waited_for_no_more(house):
    house.stage.thinker.think(Key(1, 1), CLOCK)
    house.ended(1)
    house.stage.thinker.leave()
    assert house.ends == ["leave"]


def test_to_those_who_write_it_is_said_and_done_at_once(house):
    told = []
    for text in (NOTE, GATE, CLOCK, "tell me"):
        house.stage.thinker.written(text, "page", told.append)
    until(lambda: len(told) == 4)
    assert told == ["Noted. It is open.", "It is open.", "It is noon.", None]
    assert house.opened == [1, 1]
    assert house.stage.model.asked == []
    assert house.stage.history() == []
