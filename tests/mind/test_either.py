"""One answer from two minds, with errands that are written down here instead of sent."""

import queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.remote import either as module
from assistant.mind.remote.either import WORDS, either
from assistant.mind.remote.errors import Fault, RemoteFailed

LATE, BROKEN = WORDS["en"].late, WORDS["en"].broken
HERE = ["I ", "think ", "so."]
CUT = RemoteFailed(Fault.CUT, "cut")


class Written:
    """An errand whose answer is known: pieces, an error, None for the end, "" for a wait."""

    def __init__(self, *came, clock=None):
        self.came, self.clock, self.cancelled = list(came), clock, False

    def next(self, patience_s):
        self.clock.now += max(patience_s, 0.001)
        if not self.came or (what := self.came.pop(0)) == "":
            raise queue.Empty
        if isinstance(what, RemoteFailed):
            raise what
        return what

    def cancel(self):
        self.cancelled = True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def answered(
    *came,
    ahead=2,
    patience_s=1.0,
    begins=True,
    released=lambda: True,
    stop_after=None,
    filled=False,
    alone=lambda: None,
):
    """Return the text, what was made here, and the errand."""
    clock, made, gave_up = Clock(), [], []
    errand = Written(*came, clock=clock)

    def local():
        for piece in HERE:
            made.append(piece)
            yield piece

    said = []
    for piece in either(
        local(),
        lambda: errand if begins else None,
        gave_up.append,
        alone,
        words=WORDS["en"],
        patience_s=patience_s,
        ahead=ahead,
        filled=lambda: filled,
        released=released,
        cancelled=lambda: stop_after is not None and len(said) >= stop_after,
        clock=clock,
    ):
        said.append(piece)
    return said, made, errand, gave_up


def test_the_remote_answer_is_taken_and_the_local_one_only_begun():
    said, made, errand, gave_up = answered("", "", "", "Yes, ", "it is.", None)
    assert said == ["Yes, ", "it is."]
    assert made == HERE[:2]
    assert errand.cancelled
    assert gave_up == []


@pytest.mark.parametrize("came", [(CUT,), (None,)])
def test_without_a_word_from_there_the_local_answer_comes_whole_and_at_once(came):
    said, *_ = answered("", *came)
    assert said == HERE


def test_one_who_may_not_go_out_is_answered_here():
    said, *_ = answered(begins=False)
    assert said == HERE


def test_who_comes_too_late_is_told_and_the_local_answer_follows():
    said, _, errand, gave_up = answered()
    assert said == [LATE, *HERE]
    assert gave_up == [errand]
    assert errand.cancelled


def test_no_second_word_fills_the_silence():
    assert answered(filled=True)[0] == HERE


@pytest.mark.parametrize("came", [(), (CUT,), (None,)])
def test_it_is_told_that_the_device_is_on_its_own(came):
    told = []
    answered(*came, alone=lambda: told.append(1))
    assert told == [1]


@pytest.mark.parametrize("came", [("Yes.", None), ("Half an ", CUT)])
def test_an_answer_from_there_is_none_of_that(came):
    told = []
    answered(*came, alone=lambda: told.append(1))
    answered(*came, begins=False, alone=lambda: told.append(1))
    assert told == []


def test_half_an_answer_ends_with_a_word_that_says_so():
    said, *_ = answered("Half an ", CUT)
    assert said == ["Half an ", BROKEN]


def test_silence_in_the_middle_is_a_break_too(monkeypatch):
    monkeypatch.setattr(module, "SILENCE_S", 0.05)
    said, *_ = answered("Half an ", *[""] * 100)
    assert said == ["Half an ", BROKEN]


def test_nothing_goes_out_before_it_is_released():
    looks = iter([False] * 6 + [True] * 100)
    order = []
    released = lambda: order.append("look") or next(looks)  # noqa: E731
    said, made, *_ = answered("Yes.", None, released=released)
    assert said == ["Yes."]
    assert made == HERE[:2]
    assert len(order) == 7


def test_a_take_that_is_dropped_never_goes_out():
    begun = []
    text = list(
        either(
            iter(HERE),
            lambda: begun.append(1),
            lambda _: None,
            lambda: None,
            words=WORDS["en"],
            patience_s=1.0,
            ahead=1,
            filled=lambda: False,
            released=lambda: False,
            cancelled=lambda: True,
        )
    )
    assert (text, begun) == ([], [])


def test_whoever_stops_listening_ends_both():
    said, _, errand, _ = answered("One. ", "Two. ", "Three.", None, stop_after=1)
    assert said == ["One. "]
    assert errand.cancelled


came = st.lists(st.sampled_from(["", "a ", "b "]), max_size=12)
ends = st.sampled_from([None, CUT])


@given(came, ends, st.integers(0, 5), st.booleans())
def test_what_is_said_is_one_of_the_two_answers_never_a_mixture(pieces, end, ahead, begins):
    said, *_ = answered(*pieces, end, ahead=ahead, begins=begins, patience_s=0.05)
    words = [piece for piece in said if piece not in (LATE, BROKEN)]
    there = [piece for piece in pieces if piece]
    assert words == HERE or words == there[: len(words)]
    assert said
