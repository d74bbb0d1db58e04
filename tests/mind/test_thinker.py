"""The language model here is a fake: what matters is what the thinker does around it."""

import queue
import threading
import time
from types import SimpleNamespace

import pytest

from assistant.cores import Cores
from assistant.errors import AssistantError
from assistant.events import LAST_TAKE, NEVER, Key
from assistant.mind.model import Message, Usage
from assistant.mind.prompt import SWITCHED
from assistant.mind.thinker import PENDING, Thinker
from assistant.trace import Trace

WAIT = 20.0
"""Seconds until a test gives up."""


class FakeModel:
    """Answers every question with the words of `answer`, and waits before each for `go`."""

    name = "fake"

    def __init__(self):
        self.answer = "One. Two. Three."
        self.fails: Exception | None = None
        self.go: threading.Semaphore | None = None
        self.judges: float | None = None
        self.asked: list[list[Message]] = []
        self.warmed: list[list[Message]] = []
        self.threads = {threading.get_ident()}
        self.began: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.ends: list[str] = []
        self.closed = 0
        self.usage = Usage(0, 0, 0, 0.0, 0.0)

    def count(self, text):
        return len(text.split())

    def warm(self, messages, cancelled=lambda: False, *, judged=None):
        self.threads.add(threading.get_ident())
        self.warmed.append(messages)
        if judged and self.judges is not None:
            judged(self.judges)

    def reply(self, messages, cancelled, judged=None):
        self.threads.add(threading.get_ident())
        self.asked.append(messages)
        if judged and self.judges is not None:
            judged(self.judges)
        self.began.put(len(self.asked))
        self.usage = Usage(len(messages) * 10, 10, 0, 0.0, 0.0)
        try:
            for number, piece in enumerate(self.answer.split(), 1):
                if self.go:
                    assert self.go.acquire(timeout=WAIT)
                if self.fails:
                    raise self.fails
                if cancelled():
                    self.ends.append("cancelled")
                    return
                self.usage = Usage(len(messages) * 10, 10, number, 0.0, 0.0)
                yield piece + " "
            self.ends.append("whole")
        except GeneratorExit:
            self.ends.append("dropped")
            raise

    def close(self):
        self.threads.add(threading.get_ident())
        self.closed += 1


class Stage:
    """A thinker with the fake model, and all that it says, in order."""

    def __init__(self, make_model=None, **settings):
        self.model = FakeModel()
        self.trace = Trace()
        self.told: list[tuple] = []
        self.threads: set[int] = set()
        self.thinker = Thinker(
            make_model or (lambda: self.model),
            system="Be kind.",
            guests=4,
            trace=self.trace,
            cores=Cores(),
            on_text=lambda key, piece: self.note("text", key.turn, piece),
            on_judged=lambda turn, text, complete: self.note("judged", turn, text, complete),
            on_end=lambda key, text: self.note("end", key.turn, text),
            on_failed=lambda key, error: self.note("failed", key.turn, str(error)),
            **{"history_tokens": 100, "secret_tokens": 2, **settings},
        )

    def note(self, *what):
        self.threads.add(threading.get_ident())
        self.told.append(what)

    def load(self):
        loaded = threading.Event()
        self.thinker.load(loaded.set)
        assert loaded.wait(WAIT)
        return self

    def history(self):
        """Return the history once everything posted until now is done."""
        answer: queue.SimpleQueue[list[tuple[str, str]]] = queue.SimpleQueue()
        self.thinker.transcript(answer.put)
        return answer.get(timeout=WAIT)

    def settle(self):
        self.history()
        return self.told


@pytest.fixture
def stage():
    made = Stage().load()
    yield made
    if made.model.go:
        made.model.go.release(1000)
    assert made.thinker.stop()


@pytest.fixture
def slow(stage):
    """The model gives a piece for each `model.go.release()`."""
    stage.model.go = threading.Semaphore(0)
    return stage


def until(happened):
    """Wait until what another thread does has happened."""
    give_up = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.001)


def user(messages):
    return [m.text for m in messages if m.role == "user"]


# --- an answer ---------------------------------------------------------------------------------


def test_the_pieces_come_in_order_and_then_the_whole(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    assert stage.settle() == [
        ("text", 1, "One. "),
        ("text", 1, "Two. "),
        ("text", 1, "Three. "),
        ("end", 1, "One. Two. Three. "),
    ]


def test_each_piece_is_told_as_soon_as_it_is_made(slow):
    told = queue.SimpleQueue()
    slow.note = lambda *what: told.put(what)
    slow.thinker.think(Key(1, 1), "Count.")
    for piece in ("One. ", "Two. "):
        slow.model.go.release()
        assert told.get(timeout=WAIT) == ("text", 1, piece)
        assert told.empty()


def test_the_model_is_asked_what_the_user_said_after_who_it_is(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    stage.settle()
    assert stage.model.asked == [[Message("system", "Be kind."), Message("user", "Count.")]]


def test_questions_are_answered_one_after_the_other(stage):
    for turn in (1, 2, 3):
        stage.thinker.think(Key(turn, 1), "Count.")
    assert [what[1] for what in stage.settle() if what[0] == "end"] == [1, 2, 3]
    assert [what[1] for what in stage.told] == sorted(what[1] for what in stage.told)


def test_an_empty_answer_ends_too(stage):
    stage.model.answer = ""
    stage.thinker.think(Key(1, 1), "Count.")
    assert stage.settle() == [("end", 1, "")]


def test_everything_happens_on_one_thread_and_not_on_the_callers(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    stage.thinker.remember(1, "One.")
    stage.settle()
    stage.thinker.stop()
    (thread,) = stage.threads
    assert thread != threading.get_ident()
    stage.model.threads.discard(threading.get_ident())  # it was made here, by the test
    assert stage.model.threads == {thread}


def test_loading_reads_who_it_is_before_it_says_that_it_is_ready(stage):
    assert stage.model.warmed == [[Message("system", "Be kind."), Message("user", "")]]
    assert stage.told == []


def test_the_trace_knows_the_stages_and_their_tokens(stage):
    stage.thinker.think(Key(7, 1), "Count.")
    stage.settle()
    marks = stage.trace.turn(7).marks
    assert [(mark.stage, mark.data) for mark in marks] == [
        ("think", {"take": 1}),
        ("first_token", {"take": 1, "prompt_tokens": 20, "cached_tokens": 10}),
        ("reply_end", {"take": 1, "reply_tokens": 3}),
    ]
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)


# --- what is remembered ------------------------------------------------------------------------


def test_a_turn_is_history_only_once_it_is_remembered(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    assert stage.history() == []
    stage.thinker.think(Key(2, 1), "Again.")
    stage.settle()
    assert user(stage.model.asked[1]) == ["Again."]
    stage.thinker.remember(2, "One. Two.")
    assert stage.history() == [("user", "Again."), ("assistant", "One. Two.")]
    stage.thinker.think(Key(3, 1), "And now?")
    stage.settle()
    assert stage.model.asked[2] == [
        Message("system", "Be kind."),
        Message("user", "Again."),
        Message("assistant", "One. Two."),
        Message("user", "And now?"),
    ]


def test_a_turn_is_remembered_once(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    stage.thinker.remember(1, "One.")
    stage.thinker.remember(1, "One. Two.")
    assert stage.history() == [("user", "Count."), ("assistant", "One.")]


def test_a_turn_that_was_never_asked_is_not_remembered(stage):
    stage.thinker.remember(1, "One.")
    assert stage.history() == []


def test_an_answer_that_was_interrupted_is_remembered_as_far_as_it_was_heard(slow):
    slow.thinker.think(Key(1, 1), "Count.")
    slow.model.go.release(1)
    slow.model.began.get(timeout=WAIT)
    slow.thinker.cancel(Key(1, 1))
    slow.thinker.remember(1, "One.")
    slow.model.go.release(9)
    assert slow.history() == [("user", "Count."), ("assistant", "One.")]


def test_the_fate_of_a_few_turns_may_stay_open(stage):
    for turn in range(PENDING + 2):
        stage.thinker.think(Key(turn, 1), f"Question {turn}")
    for turn in range(PENDING + 2):
        stage.thinker.remember(turn, "One.")
    assert [text for role, text in stage.history() if role == "user"] == [
        f"Question {turn}" for turn in range(2, PENDING + 2)
    ]


def test_the_history_is_held_under_its_limit():
    stage = Stage(history_tokens=12).load()
    for turn in range(5):
        stage.thinker.think(Key(turn, 1), f"question {turn}")
        stage.thinker.remember(turn, "an answer")
    assert [text for role, text in stage.history() if role == "user"] == [
        "question 3",
        "question 4",
    ]
    assert stage.thinker.stop()


def test_while_an_answer_is_spoken_the_history_that_will_be_is_read():
    stage = Stage(history_tokens=12).load()
    for turn in range(3):
        stage.thinker.think(Key(turn, 1), f"question {turn}")
        stage.thinker.remember(turn, "an answer")
    stage.settle()
    stage.model.warmed.clear()
    stage.thinker.think(Key(3, 1), "question 3")  # with its answer the oldest turns must leave
    stage.settle()
    stage.settle()
    assert [m.text for m in stage.model.warmed[-1]] == [
        "Be kind.",
        "question 3",
        "One. Two. Three. ",
        "",
    ]
    assert "question 3" not in str(stage.history())
    assert stage.thinker.stop()


def test_for_an_answer_that_is_secret_still_no_history_is_read(stage):
    stage.model.answer = "One."
    stage.model.warmed.clear()
    stage.thinker.think(Key(1, 1), "Count.", secret=True)
    stage.settle()
    stage.settle()
    assert stage.model.warmed == []


def test_forget_begins_a_new_conversation(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    stage.thinker.remember(1, "One.")
    stage.thinker.forget()
    assert stage.history() == []
    stage.thinker.think(Key(2, 1), "Again.")
    stage.settle()
    assert user(stage.model.asked[-1]) == ["Again."]


def test_a_turn_that_was_still_open_when_all_was_forgotten_stays_forgotten(stage):
    stage.thinker.think(Key(1, 1), "Count.")
    stage.thinker.forget()
    stage.thinker.remember(1, "One.")
    assert stage.history() == []


# --- cancelling --------------------------------------------------------------------------------


def test_after_a_cancel_nothing_more_is_told(slow):
    slow.thinker.think(Key(1, 1), "Count.")
    slow.model.go.release(1)
    slow.model.began.get(timeout=WAIT)
    until(lambda: slow.told)
    slow.thinker.cancel(Key(1, 1))
    slow.model.go.release(9)
    assert slow.settle() == [("text", 1, "One. ")]
    assert slow.model.ends == ["cancelled"]


def test_a_piece_that_came_while_it_was_cancelled_is_not_told(slow):
    """The fake looks for a cancel before it makes a piece: one comes out after the cancel."""
    reply = slow.model.reply

    def careless(messages, cancelled, judged):
        return reply(messages, lambda: False, judged)

    slow.model.reply = careless
    slow.thinker.think(Key(1, 1), "Count.")
    slow.model.began.get(timeout=WAIT)
    slow.thinker.cancel(Key(1, 1))
    slow.model.go.release(9)
    assert slow.settle() == []
    assert slow.model.ends == ["dropped"]


def test_a_cancelled_question_that_waits_is_never_asked(slow):
    slow.thinker.think(Key(1, 1), "One?")
    slow.thinker.think(Key(2, 1), "Two?")
    slow.thinker.think(Key(3, 1), "Three?")
    slow.model.began.get(timeout=WAIT)
    slow.thinker.cancel(Key(2, 1))
    slow.model.go.release(9)
    assert {what[1] for what in slow.settle()} == {3}
    assert [user(messages) for messages in slow.model.asked] == [["One?"], ["Three?"]]


def test_cancelling_an_old_turn_does_not_touch_the_new_one(slow):
    slow.thinker.think(Key(5, 1), "Count.")
    slow.model.began.get(timeout=WAIT)
    slow.thinker.cancel(Key(4, 1))
    slow.model.go.release(9)
    assert slow.settle()[-1] == ("end", 5, "One. Two. Three. ")


def test_a_cancel_is_not_undone_by_an_older_one(slow):
    slow.thinker.cancel(Key(5, 1))
    slow.thinker.cancel(Key(3, 1))
    slow.thinker.think(Key(4, 1), "Count.")
    slow.model.go.release(9)
    assert slow.settle() == []
    assert slow.model.asked == []


# --- failing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AssistantError("the language model failed."), "the language model failed."),
        (ValueError("of the fake"), "mind: ValueError: of the fake"),
    ],
)
def test_a_failing_engine_is_told_instead_of_an_end(stage, error, sentence):
    stage.model.fails = error
    stage.thinker.think(Key(1, 1), "Count.")
    assert stage.settle() == [("failed", 1, sentence)]


def test_after_a_failure_the_next_question_is_answered(slow):
    slow.thinker.think(Key(1, 1), "Count.")
    slow.model.go.release(1)
    slow.model.began.get(timeout=WAIT)
    until(lambda: slow.told)
    slow.model.fails = AssistantError("failed in the middle.")
    slow.model.go.release(1)
    assert slow.settle() == [("text", 1, "One. "), ("failed", 1, "failed in the middle.")]
    slow.model.fails = None
    slow.model.go.release(9)
    slow.thinker.think(Key(2, 1), "Again.")
    assert slow.settle()[-1] == ("end", 2, "One. Two. Three. ")


def test_a_model_that_cannot_be_made_is_told():
    def make():
        raise AssistantError("no model.")

    stage = Stage(make)
    ready = threading.Event()
    stage.thinker.load(ready.set)
    assert stage.thinker.stop()
    assert stage.told == [("failed", NEVER.turn, "no model.")]
    assert not ready.is_set()


# --- the end -----------------------------------------------------------------------------------


def test_stop_frees_the_model_on_its_own_thread(stage):
    assert stage.thinker.stop()
    assert stage.model.closed == 1


def test_stop_ends_an_answer_and_drops_the_questions_that_wait(slow):
    slow.thinker.think(Key(1, 1), "Count.")
    slow.thinker.think(Key(2, 1), "Count.")
    slow.model.began.get(timeout=WAIT)
    stopped = []
    ends = threading.Thread(target=lambda: stopped.append(slow.thinker.stop()))
    ends.start()
    until(lambda: slow.thinker._dead >= Key(2, 1))
    slow.model.go.release(9)
    ends.join(WAIT)
    assert stopped == [True]
    assert slow.told == []
    assert len(slow.model.asked) == 1
    assert slow.model.closed == 1


# --- in secret ---------------------------------------------------------------------------------


def test_a_secret_answer_stops_at_its_limit_until_it_is_released(stage):
    key = Key(1, 1)
    stage.thinker.think(key, "Count.", secret=True)
    until(lambda: len(stage.told) == 2)
    time.sleep(0.1)
    assert [what[2] for what in stage.told] == ["One. ", "Two. "]
    stage.thinker.release(key)
    assert stage.settle()[-1] == ("end", 1, "One. Two. Three. ")


def test_a_secret_answer_that_is_dropped_while_it_waits_ends(stage):
    stage.thinker.think(Key(1, 1), "Count.", secret=True)
    until(lambda: len(stage.told) == 2)
    stage.thinker.cancel(Key(1, 1))
    stage.thinker.think(Key(1, 2), "Count again.")
    assert stage.settle()[-1][0] == "end"
    assert stage.model.ends[0] in ("cancelled", "dropped")


def test_the_question_that_is_remembered_is_that_of_the_last_take(stage):
    stage.thinker.think(Key(1, 1), "What", secret=True)
    stage.thinker.cancel(Key(1, 1))
    stage.thinker.think(Key(1, 2), "What time")
    stage.settle()
    stage.thinker.remember(1, "Two.")
    assert stage.history() == [("user", "What time"), ("assistant", "Two.")]


def test_what_was_asked_in_secret_and_dropped_is_never_history(stage):
    stage.thinker.think(Key(1, 1), "What", secret=True)
    until(lambda: len(stage.told) == 2)
    stage.thinker.cancel(Key(1, 1))
    stage.thinker.think(Key(2, 1), "Count.")
    stage.thinker.remember(1, "I did not catch that.")
    assert stage.history() == []


def test_a_secret_answer_that_was_released_is_history(stage):
    stage.thinker.think(Key(1, 1), "What time", secret=True)
    stage.thinker.release(Key(1, 1))
    stage.thinker.remember(1, "One.")
    assert stage.history() == [("user", "What time"), ("assistant", "One.")]


def test_a_late_release_of_a_dropped_answer_releases_nothing(stage):
    stage.thinker.think(Key(1, 1), "What", secret=True)
    stage.thinker.cancel(Key(1, 1))
    stage.thinker.think(Key(1, 2), "What time", secret=True)
    until(lambda: len(stage.told) >= 2)
    stage.thinker.release(Key(1, 1))
    time.sleep(0.1)
    assert [what[2] for what in stage.told if what[0] == "text"][-2:] == ["One. ", "Two. "]
    stage.thinker.remember(1, "One.")
    stage.thinker.release(Key(1, 2))
    assert stage.history() == []


def test_how_whole_a_question_is_is_told_with_its_words(stage):
    stage.model.judges = 0.25
    stage.thinker.prepare(1, "what is")
    stage.settle()
    stage.thinker.think(Key(1, 1), "what is it", secret=True)
    stage.thinker.release(Key(1, 1))
    told = [what for what in stage.settle() if what[0] == "judged"]
    assert told == [("judged", 1, "what is", 0.25), ("judged", 1, "what is it", 0.25)]


def test_words_that_were_read_along_are_not_judged_by_the_model_again_but_told_again(stage):
    stage.model.judges = 0.25
    stage.thinker.prepare(1, "what is it")
    stage.settle()
    stage.model.judges = 0.75
    stage.thinker.think(Key(1, 1), "what is it", secret=True)
    stage.thinker.release(Key(1, 1))
    told = [what for what in stage.settle() if what[0] == "judged"]
    assert told == [("judged", 1, "what is it", 0.25)] * 2


def test_only_the_newest_beginning_of_a_question_is_read(stage):
    stage.model.go = threading.Semaphore(0)
    stage.thinker.think(Key(1, 1), "Count.")
    stage.model.began.get(timeout=WAIT)
    for text in ("what", "what is", "what is the"):
        stage.thinker.prepare(2, text)
    stage.model.go.release(1000)
    stage.settle()
    read = [messages[-1].text for messages in stage.model.warmed if messages[-1].text]
    assert read == ["what is the"]


def test_it_reads_on_after_a_secret_take_was_dropped(stage):
    stage.thinker.think(Key(1, 1), "what is", secret=True)
    stage.thinker.cancel(Key(1, 1))
    stage.thinker.prepare(1, "what is the time")
    stage.settle()
    assert stage.model.warmed[-1][-1].text == "what is the time"


def test_a_beginning_is_not_read_once_its_turn_is_dead_or_asked(stage):
    stage.model.go = threading.Semaphore(0)
    stage.thinker.think(Key(1, 1), "Count.")
    stage.model.began.get(timeout=WAIT)
    stage.thinker.prepare(2, "what")
    stage.thinker.cancel(Key(2, LAST_TAKE))
    stage.thinker.prepare(3, "who")
    stage.thinker.think(Key(3, 1), "who is it")
    stage.model.go.release(1000)
    stage.settle()
    assert all(not messages[-1].text for messages in stage.model.warmed)


class Decides:
    """A fake of the larger model's help: all stays here; notes what it was asked, and when."""

    def __init__(self, model):
        self.model, self.routed = model, []

    def route(self, text):
        self.routed.append((text, len(self.model.asked)))
        return SimpleNamespace(out=False)

    def close(self):
        pass


def test_where_a_question_goes_is_decided_while_it_is_still_spoken():
    model = FakeModel()
    decides = Decides(model)
    stage = Stage(lambda: model, make_hybrid=lambda: decides).load()
    stage.thinker.prepare(1, "what is the")
    until(lambda: decides.routed)
    assert decides.routed == [("what is the", 0)]
    assert stage.thinker.stop()


@pytest.mark.parametrize("both", [True, False])
def test_where_both_are_spoken_the_model_is_told_when_the_language_changes(both):
    stage = Stage(both=both).load()
    talk = ["why is it cold", "为什么天冷", "为什么下雪", "42", "who wrote it"]
    answers = ["It is winter.", "因为是冬天。", "因为冷。", "好。", "Nobody."]
    for turn, (question, answer) in enumerate(zip(talk, answers, strict=True)):
        stage.thinker.think(Key(turn, 1), question)
        stage.thinker.remember(turn, answer)
    assert [text for role, text in stage.history() if role == "user"] == talk
    changed = {1: SWITCHED["zh"], 4: SWITCHED["en"]} if both else {}
    assert [each[-1].text for each in stage.model.asked] == [
        f"{text}\n{changed[turn]}" if turn in changed else text for turn, text in enumerate(talk)
    ]
    assert stage.thinker.stop()
