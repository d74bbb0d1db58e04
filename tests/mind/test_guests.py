"""Guests in their queue; the model here is a fake that can be interrupted at any token."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Llm
from assistant.errors import AssistantError, Busy
from assistant.mind.guests import ENDS, GUESS_S, Guest, Guests, Queue
from assistant.mind.model import Message, Usage


class FakeModel:
    """Answers with the words of the question, one a token; notes what was done."""

    def __init__(self):
        self.usage = Usage(1, 0, 1, 0.0, 0.0)
        self.begun = []
        self.open = 0
        self.closed = False

    def answer(self, messages, settings, cancelled, *, interrupted):
        self.begun.append(messages[-1].text)
        self.open += 1
        try:
            for word in messages[-1].text.split():
                while interrupted():
                    yield ""
                if cancelled():
                    return
                if word == "broken":
                    raise AssistantError("it broke")
                if word == "bug":
                    raise RuntimeError("a bug")
                yield word + " "
        finally:
            self.open -= 1

    def close(self):
        self.closed = True


class Stage:
    """Guests with an inbox in place of the model's thread, and a clock."""

    def __init__(self, most=4):
        self.jobs = []
        self.quiet = True
        self.wanted = False  # whether jobs that wait interrupt an answer
        self.now = 0.0
        self.made = 0
        self.model = FakeModel()
        self.guests = Guests(
            self.make,
            self.jobs.append,
            lambda: not self.quiet,
            lambda: self.wanted and bool(self.jobs),
            most=most,
            clock=lambda: self.now,
        )
        self.told = []

    def make(self):
        self.made += 1
        return self.model

    def guest(self, text, client="a"):
        return Guest(
            client,
            [Message("user", text)],
            Llm(),
            on_text=lambda piece: self.told.append((text, piece)),
            on_end=lambda served: self.told.append((text, served)),
            on_failed=lambda error: self.told.append((text, str(error))),
        )

    def ask(self, text, client="a"):
        guest = self.guest(text, client)
        self.guests.ask(guest)
        return guest

    def work(self, jobs=10_000):
        while self.jobs and jobs:
            self.jobs.pop(0)()
            jobs -= 1

    def text(self, question):
        return "".join(said for text, said in self.told if text == question and said == str(said))


@pytest.fixture
def stage():
    return Stage()


def test_each_gets_the_whole_answer_and_its_figures(stage):
    stage.now = 5.0
    guest = stage.ask("one two")
    assert stage.guests.ahead(guest) == 0
    stage.now = 7.0
    stage.work(1)
    assert stage.guests.ahead(guest) is None
    stage.now = 9.0
    stage.work()
    assert stage.text("one two") == "one two "
    served = stage.told[-1][1]
    assert (served.waited_s, served.first_token_s, served.total_s) == (2.0, 2.0, 4.0)
    assert served.usage is stage.model.usage
    assert stage.jobs == []
    assert stage.made == 1


def test_where_nobody_waits_the_models_thread_gets_no_job(stage):
    stage.guests.go_on()
    assert stage.jobs == []
    stage.ask("one")
    stage.work()
    stage.guests.go_on()
    assert stage.jobs == []


def test_a_token_is_made_between_two_jobs_of_the_voice_loop(stage):
    stage.ask("one two three")
    order = []
    for number in range(3):
        stage.jobs.append(lambda number=number: order.append((number, len(stage.told))))
        stage.work(2)
    assert [told for _, told in order] == [1, 2, 3]


def test_clients_take_turns_however_much_one_of_them_asks(stage):
    for text in ("a1", "a2", "a3"):
        stage.ask(text, "a")
    guest = stage.ask("b1", "b")
    assert stage.guests.ahead(guest) == 1
    stage.work()
    assert stage.model.begun == ["a1", "b1", "a2", "a3"]


def test_too_many_are_refused_with_the_time_it_may_take(stage):
    for number in range(4):
        stage.ask(f"{number}")
    with pytest.raises(Busy, match=f"{4 * GUESS_S:.0f} seconds") as refusal:
        stage.ask("one more")
    assert refusal.value.retry_after == 4 * GUESS_S
    stage.work()
    assert stage.ask("later")


def test_the_expected_time_is_learned(stage):
    stage.ask("one two")
    stage.work(1)
    stage.now = 105.0
    stage.work()
    for _ in range(4):
        stage.ask("x")
    with pytest.raises(Busy) as refusal:
        stage.ask("x")
    assert refusal.value.retry_after > 4 * GUESS_S


def test_while_somebody_speaks_nothing_is_done_and_then_it_goes_on(stage):
    stage.ask("one two")
    stage.work(1)
    stage.quiet = False
    stage.work()
    assert stage.text("one two") == "one "
    assert stage.jobs == []  # no busy waiting
    stage.ask("three")
    stage.work()
    stage.quiet = True
    stage.guests.go_on()
    stage.work()
    assert (stage.text("one two"), stage.text("three")) == ("one two ", "three ")


def test_other_jobs_interrupt_an_answer_and_go_first(stage):
    stage.ask("one two")
    stage.work(1)
    stage.wanted = True
    for number in range(2):
        stage.jobs.append(lambda number=number: stage.told.append(("job", number)))
    stage.work()
    assert [said for _, said in stage.told[:-1]] == ["one ", 0, 1, "two "]


def test_whoever_leaves_ends_at_the_next_token_and_the_next_one_begins(stage):
    first, waits = stage.ask("one two three", "a"), stage.ask("four", "b")
    gone = stage.ask("five", "c")
    stage.work(1)
    stage.guests.leave(first)
    stage.guests.leave(gone)
    stage.guests.leave(gone)
    stage.work()
    assert stage.text("one two three") == "one "
    assert stage.model.open == 0
    assert stage.text("four") == "four "
    assert stage.model.begun == ["one two three", "four"]
    assert stage.guests.ahead(waits) is None


@pytest.mark.parametrize(
    ("word", "sentence"), [("broken", "it broke"), ("bug", "the language model failed: a bug")]
)
def test_a_failure_is_told_to_the_one_it_is_of(stage, word, sentence):
    stage.ask(f"one {word}")
    stage.ask("two", "b")
    stage.work()
    assert (f"one {word}", sentence) in stage.told
    assert stage.text("two") == "two "


def test_a_model_for_which_there_is_no_memory_is_told_and_tried_again(stage):
    def no_memory():
        raise AssistantError("no memory")

    stage.guests._make = no_memory
    stage.ask("one")
    stage.work()
    assert stage.told == [("one", "no memory")]
    stage.guests._make = stage.make
    stage.ask("two")
    stage.work()
    assert stage.text("two") == "two "


def test_closing_ends_the_answer_and_the_model(stage):
    stage.ask("one two")
    stage.work(1)
    stage.guests.close()
    assert stage.model.open == 0
    assert stage.model.closed


def test_closing_tells_those_who_are_answered_and_those_who_wait(stage):
    assert not stage.guests.busy
    stage.ask("one two")
    assert stage.guests.busy
    stage.work(1)
    stage.ask("three", "b")
    stage.ask("four", "b")
    stage.guests.close()
    assert [(text, said) for text, said in stage.told if said == ENDS] == [
        ("one two", ENDS),
        ("three", ENDS),
        ("four", ENDS),
    ]
    assert not stage.guests.busy
    stage.work()
    assert stage.model.begun == ["one two"]
    with pytest.raises(AssistantError, match=ENDS):
        stage.ask("five")


def test_whoever_was_answered_is_told_nothing_at_the_end(stage):
    stage.ask("one")
    stage.work()
    assert not stage.guests.busy
    told = list(stage.told)
    stage.guests.close()
    assert stage.told == told


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_the_queue_is_fair_keeps_order_and_knows_the_places(steps):
    queue, waiting, served = Queue(), [], []
    for client, takes in steps:
        if takes and waiting:
            places = [queue.ahead(guest) for guest in waiting]
            assert sorted(places) == list(range(len(waiting)))
            first = waiting[places.index(0)]
            taken = queue.take()
            assert taken is first
            waiting.remove(first)
            served.append(first.client)
            # Whoever waited through two answers to another client was passed over.
            for other in {guest.client for guest in waiting} - {first.client}:
                held = [g for g in waiting if g.client == other]
                assert queue.ahead(held[0]) <= len({g.client for g in waiting}) - 1
        else:
            guest = Guest(client, [], Llm(), on_text=print, on_end=print, on_failed=print)
            queue.add(guest)
            waiting.append(guest)
        for name in "abc":
            own = [queue.ahead(g) for g in waiting if g.client == name]
            assert own == sorted(own)
    assert len(queue) == len(waiting)
    rest = [queue.take() for _ in range(len(waiting))]
    assert Counter(map(id, rest)) == Counter(map(id, waiting))
    assert queue.take() is None


def test_dropping_one_leaves_the_others():
    queue = Queue()
    one, two = (Guest("a", [], Llm(), on_text=print, on_end=print, on_failed=print) for _ in "ab")
    queue.add(one)
    queue.add(two)
    queue.drop(one)
    queue.drop(one)
    assert queue.ahead(one) is None
    assert queue.take() is two
    queue.drop(two)
    assert len(queue) == 0
