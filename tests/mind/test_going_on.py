"""Going on with an answer that was interrupted, and saying again what was heard of it.

The thinker is real; its language model is the fake of `test_thinker`.
"""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_thinker import Stage, until

from assistant.events import Key
from assistant.mind.going_on import TURNS, Unheard, goes_on, last_sentence
from assistant.mind.history import History
from assistant.mind.model import Message

STORY = "The sea is deep. It is full of fish. Ships cross it."
ASKED = (
    "Go on.", "Please continue.", "Okay, go on, please.", "carry on", "Keep going!",
    "What were you saying?", "and then?", "继续", "接着说。", "好的，你继续说吧", "然后呢？",
    "往下说", "Could you go on with the story",
)  # fmt: skip
NOT_ASKED = (
    "Continue the timer.", "Go on holiday with me", "go", "继续播放音乐", "继续计时", "", "然后",
    "What were you saying about ships", "keep the light on",
)  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_who_wants_it_to_go_on_is_understood(text):
    assert goes_on(text)


@pytest.mark.parametrize("text", NOT_ASKED)
def test_who_wants_something_else_is_not(text):
    assert not goes_on(text)


@pytest.mark.parametrize(
    ("text", "heard", "sentence"),
    [
        (STORY, 20, "It is full of fish."),
        (STORY, 16, "The sea is deep."),
        (STORY, 0, "The sea is deep."),
        ("海很深。里面有很多鱼。", 6, "里面有很多鱼。"),
        ("Pi is 3.14 or so. Yes.", 8, "Pi is 3.14 or so."),
        ("No point here", 4, "No point here"),
        ("...", 1, "..."),
    ],
)
def test_the_last_sentence_that_was_heard_is_whole(text, heard, sentence):
    assert last_sentence(text, heard) == sentence


@given(st.text(max_size=60), st.integers(0, 60))
def test_the_last_sentence_is_a_part_of_the_text(text, heard):
    assert last_sentence(text, heard) in text


@given(st.text("ab .。", max_size=30), st.integers(0, 30), st.booleans())
def test_what_was_heard_and_the_rest_are_what_was_made(text, heard, whole):
    it = Unheard()
    it.made(1, text, whole)
    it.heard(1, "why", text[:heard])
    cut = it.wanted("go on")
    if cut:
        assert (cut.said, cut.heard) == (text, text[:heard])
    else:
        assert whole
        assert not text[heard:].strip()


def test_the_rest_is_forgotten_after_some_turns_or_with_the_conversation():
    it = Unheard()
    for forgets in (lambda: [it.heard(n, "x", "y") for n in range(TURNS)], it.forget):
        it.made(1, STORY, True)
        it.heard(1, "why", "The sea ")
        assert it.wanted("go on")
        forgets()
        assert not it.wanted("go on")


def interrupted(stage, heard, pieces=3):
    """Ask for a story and interrupt it when so many pieces were made and so much was heard."""
    stage.thinker.think(Key(1, 1), "Tell me of the sea.")
    stage.model.go.release(pieces)
    until(lambda: len(stage.told) == pieces)
    stage.thinker.cancel(Key(1, 9))
    stage.model.go.release(100)
    stage.thinker.remember(1, heard)
    stage.settle()
    stage.told.clear()
    stage.model.asked.clear()


def said(stage, turn):
    return "".join(what[2] for what in stage.settle() if what[0] == "text" and what[1] == turn)


@pytest.fixture
def stage():
    made = Stage().load()
    made.model.answer = STORY
    made.model.go = threading.Semaphore(0)
    yield made
    made.model.go.release(1000)
    assert made.thinker.stop()


def test_it_goes_on_from_the_word_that_was_cut_off_and_the_model_writes_on(stage):
    interrupted(stage, "The sea ", pieces=6)
    stage.model.answer = "fish."
    stage.thinker.think(Key(2, 1), "Go on.")
    assert said(stage, 2).split() == ["is", "deep.", "It", "is", "fish."]
    assert stage.model.asked == [
        [
            Message("system", "Be kind."),
            Message("user", "Tell me of the sea."),
            Message("assistant", "The sea is deep. It is "),
        ]
    ]
    stage.thinker.remember(2, "is deep.")
    assert stage.history()[-2:] == [("user", "Go on."), ("assistant", "is deep.")]
    stage.thinker.think(Key(3, 1), "继续")
    assert said(stage, 3).split() == ["It", "is", "fish."]


def test_an_answer_that_was_whole_is_only_said_to_its_end(stage):
    stage.model.go.release(1000)
    stage.thinker.think(Key(1, 1), "Tell me of the sea.")
    stage.settle()
    stage.thinker.remember(1, "The sea is deep. It is full ")
    stage.settle()
    stage.model.asked.clear()
    stage.thinker.think(Key(2, 1), "please continue")
    assert said(stage, 2).strip() == "of fish. Ships cross it."
    assert not stage.model.asked
    assert stage.thinker.last_said == "It is full of fish."


def test_in_secret_the_model_does_not_write_on_before_it_is_wanted(stage):
    interrupted(stage, "The sea ", pieces=3)
    stage.thinker.think(Key(2, 1), "go on", secret=True)
    until(lambda: any(what[0] == "text" for what in stage.told))
    stage.thinker.cancel(Key(2, 1))
    assert said(stage, 2).strip() == "is"
    assert not stage.model.asked
    stage.thinker.think(Key(2, 2), "go on")
    assert said(stage, 2).strip().endswith("Ships cross it.")


def test_after_another_question_it_still_goes_on_where_it_was(stage):
    interrupted(stage, "The sea ", pieces=6)
    stage.model.answer = "Four."
    stage.thinker.think(Key(2, 1), "What is two and two?")
    stage.settle()
    stage.thinker.remember(2, "Four. ")
    stage.thinker.think(Key(3, 1), "Go on.")
    stage.settle()
    assert [m.text for m in stage.model.asked[-1]][-4:] == [
        "What is two and two?",
        "Four. ",
        "Tell me of the sea.",
        "The sea is deep. It is ",
    ]


def test_where_nothing_was_cut_off_the_model_is_asked(stage):
    stage.model.go.release(1000)
    stage.thinker.think(Key(1, 1), "Tell me of the sea.")
    stage.settle()
    stage.thinker.remember(1, stage.told[-1][2])
    stage.thinker.think(Key(2, 1), "Go on.")
    stage.settle()
    assert [m.text for m in stage.model.asked[-1]][-1] == "Go on."
    assert stage.thinker.last_said == stage.told[-1][2]


def test_what_was_no_answer_was_said_all_the_same(stage):
    stage.thinker.remember(7, "The egg is done.")
    stage.settle()
    assert stage.thinker.last_said == "The egg is done."
    assert History(10, len).messages() == stage.history()
