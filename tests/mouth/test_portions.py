import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.blocks import MARGIN_S, PORTION, SILENCE, leading_silence, portions, sayable


@given(st.text(st.sampled_from("ab1 .,!?。，\n\x00"), max_size=3000))
def test_portions_are_the_text_in_pieces_of_bounded_length(text):
    position = 0
    for start, portion in portions(text):
        assert start == position
        assert 0 < len(portion) <= PORTION + 1
        position += len(portion)
    assert position == len(text)
    assert "".join(portion for _, portion in portions(text)) == text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("word " * 70 + "end. " + "word " * 70, "word " * 70 + "end."),
        ("word " * 70 + "v1.5 " + "word " * 70, "word " * 70 + "v1.5 " + "word " * 9),
        ("word " * 200, "word " * 80),
        ("好" * 300 + "。" + "好" * 300, "好" * 300 + "。"),
        ("x" * 1000, "x" * 400),
        ("short", "short"),
    ],
)
def test_portions_are_cut_at_sentences_else_between_words_else_anywhere(text, first):
    assert next(portions(text))[1] == first


@given(st.lists(st.integers(-32768, 32767), max_size=300), st.integers(0, 300))
def test_only_what_nobody_hears_is_cut_off(samples, quiet):
    pcm = np.array([*[SILENCE] * quiet, *samples], np.int16)
    cut = leading_silence(pcm, 8000)
    assert 0 <= cut <= len(pcm)
    assert np.abs(pcm[:cut].astype(int)).max(initial=0) <= SILENCE
    heard = np.flatnonzero(np.abs(pcm.astype(int)) > SILENCE)
    assert cut == (max(heard[0] - int(MARGIN_S * 8000), 0) if len(heard) else len(pcm))


@pytest.mark.parametrize("text", ["a", "5", "é", "好", "ש", "٣", "... x"])
def test_a_letter_or_digit_of_any_script_can_be_said(text):
    assert sayable(text)


@pytest.mark.parametrize("text", ["", " \n", "...", "?!", "。，", "😀", "\0", "\ud800", "—", "$%"])
def test_signs_alone_cannot(text):
    assert not sayable(text)
