"""When each word of a text sounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.words import beginnings, carried, starts


def begun(text, lengths):
    return [None if at is None else text[at:].split()[0] for at in beginnings(text, lengths)]


def test_as_many_words_are_the_same_words():
    assert begun("the capital of France", [2, 7, 2, 5]) == ["the", "capital", "of", "France"]


def test_words_that_are_said_as_one_begin_with_the_first():
    assert begun("most of the city", [4, 4, 5]) == ["most", "of", "city"]


def test_a_number_that_is_several_words_begins_with_the_first_of_them():
    assert begun("in 1995 he came", [2, 8, 9, 2, 3]) == ["in", "1995", None, "he", "came"]


def test_chinese_characters_are_words():
    assert beginnings("你好，世界", [3, 3, 3, 4]) == [0, 1, 3, 4]
    assert beginnings("你好，世界", [6, 7]) == [0, 3]


def test_what_cannot_be_heard_is_no_word():
    assert starts("Well - yes!") == [(0, 4), (7, 3)]


@given(st.text(max_size=40), st.lists(st.integers(1, 12), max_size=14))
def test_whatever_an_engine_says_the_words_come_in_order(text, lengths):
    found = beginnings(text, lengths)
    assert len(found) == len(lengths)
    known = [at for at in found if at is not None]
    assert known == sorted(set(known))
    assert set(known) <= {at for at, _ in starts(text)}
    if lengths and starts(text):
        assert known


def test_marks_of_what_is_said_are_marks_of_what_was_written():
    text, spoken = "**It** costs $5 today.", "It costs five dollars today."
    marks = ((0, 0), (3, 10), (9, 20), (14, 30), (22, 40))
    found = [(text[at:].split()[0], sample) for at, sample in carried(marks, spoken, text)]
    assert found == [("**It**", 0), ("costs", 10), ("today.", 40)]


@pytest.mark.parametrize("spoken", ["", "something else entirely"])
def test_of_other_words_only_the_beginning_is_known(spoken):
    assert carried(((0, 5), (3, 9)), spoken, "what was written") == ((0, 5),)


@given(st.text("ab 12$*.", max_size=30), st.text("ab 12$*.", max_size=30))
def test_carried_marks_are_in_order_and_in_the_text(spoken, text):
    marks = tuple((at, number * 10) for number, (at, _) in enumerate(starts(spoken)))
    found = carried(marks, spoken, text)
    assert list(found) == sorted(found)
    assert all(0 <= at <= len(text) for at, _ in found)
    assert carried(marks, spoken, spoken) == marks
