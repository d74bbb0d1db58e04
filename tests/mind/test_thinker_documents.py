"""Documents in front of the model: the store and the embedding are real, the model is a fake."""

import pytest
from test_thinker import Stage, until

from assistant.events import Key
from assistant.mind.knowledge.adding import Adder
from assistant.mind.knowledge.knowledge import FILE, UNKNOWN, Documents
from assistant.mind.knowledge.meaning import E5
from assistant.mind.knowledge.store import Store

pytestmark = pytest.mark.engine

GUIDE = b"The museum opens at nine in the morning. Dogs wait in the garden. Tickets cost ten euros."


class Never:
    """A hybrid that must not be asked."""

    def route(self, text):
        raise AssertionError("it was about to leave the device")

    def close(self):
        pass


@pytest.fixture
def stage(tmp_path):
    store = Store(tmp_path / FILE)
    Adder(store, E5(), 1_000_000).put("visitor-guide.md", "visitor guide", GUIDE)
    store.close()
    made = Stage(make_sources=lambda: [Documents(tmp_path)]).load()
    yield made
    assert made.thinker.stop()


def answered(stage, turn, text, **how):
    stage.thinker.think(Key(turn, 1), text, **how)
    until(lambda: any(what[:2] == ("end", turn) for what in stage.told))
    return next(what[2] for what in stage.told if what[:2] == ("end", turn))


def test_what_stands_there_is_said_with_its_source_and_never_sent(stage):
    stage.settle()
    stage.thinker.hybrid = Never()
    said = answered(stage, 1, "when does the museum open")
    stage.thinker.hybrid = None
    assert said.startswith("From the visitor guide: ")
    assert "nine" in said
    assert stage.model.asked == []


def test_the_model_never_reads_a_source_that_it_could_name_for_what_it_invents(stage):
    said = answered(stage, 1, "when does the museum open")
    stage.thinker.remember(1, said)
    history = []
    stage.thinker.transcript(history.append)
    until(lambda: history)
    [(_, question), (_, kept)] = history[0]
    assert question == "when does the museum open"
    assert kept == said.removeprefix("From the visitor guide: ") != said


def test_it_is_ready_in_secret_like_any_other_answer(stage):
    assert "nine" in answered(stage, 1, "when does the museum open", secret=True)


def test_what_it_is_not_about_is_for_the_model(stage):
    assert answered(stage, 1, "what is the square root of eighty one") == "One. Two. Three. "


def test_whether_the_question_is_whole_is_still_judged(stage):
    stage.model.judges = 0.4
    answered(stage, 1, "when does the museum open")
    assert ("judged", 1, "when does the museum open", 0.4) in stage.told


def test_of_what_they_are_about_and_leave_open_it_says_that_it_does_not_know(stage):
    assert answered(stage, 1, "where is the museum's garden gate") == UNKNOWN["en"]
    assert stage.model.asked == []
