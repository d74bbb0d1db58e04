from hypothesis import given
from hypothesis import strategies as st

from assistant.serve.wyoming.told import Told


def guesses(*texts, language="en"):
    told = Told(language)
    return [told.guess(text) for text in texts], told


def test_words_are_told_once_two_guesses_agree_on_them():
    pieces, told = guesses("what", "what is", "what is the", "what is the capital")
    assert pieces == ["", "what", " is", " the"]
    assert told.end("what is the capital of France?") == (False, " capital of France?")


def test_a_word_that_changes_was_not_told():
    pieces, told = guesses(
        "what is", "what is. ", "what's the", "what's the time", "what's the time"
    )
    assert pieces == ["", "what", "", "'s the", " time"]
    assert told.end("what's the time") == (False, "")


def test_a_text_that_turns_out_to_be_another_one_is_begun_anew():
    pieces, told = guesses("two cups of", "two cups of tea")
    assert pieces == ["", "two cups of"]
    assert told.end("To cups of tea.") == (True, "To cups of tea.")


def test_chinese_has_no_spaces_to_wait_for():
    pieces, told = guesses("今天", "今天天气", "今天天气怎么样", language="zh")
    assert pieces == ["", "今天", "天气"]
    assert told.end("今天天气怎么样？") == (False, "怎么样？")


@given(st.lists(st.text("ab .", max_size=8), max_size=8), st.text("ab .", max_size=8))
def test_the_pieces_since_the_last_beginning_are_always_the_text(texts, text):
    pieces, told = guesses(*texts)
    anew, piece = told.end(text)
    assert ("" if anew else "".join(pieces)) + piece == text
