"""Help texts in a terminal's columns."""

import click
from hypothesis import given
from hypothesis import strategies as st

from assistant.commands.columns import CLOSING, Formatter, end_of, width, wrapped

TEXTS = st.text("ab 中文，。(`-e\u0301", max_size=80).map(lambda text: " ".join(text.split()))


@given(TEXTS, st.integers(4, 40))
def test_lines_fit_and_nothing_is_lost(text, columns):
    lines = wrapped(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert line == line.strip() != ""
        # What cannot be broken may be longer: a word, with the marks that close it.
        assert width(line) <= columns or not breakable(line)


def breakable(line):
    marks = tuple(CLOSING)
    return any(
        (line[at].isspace() or width(line[at - 1]) == 2 or width(line[at]) == 2)
        and not line[at].startswith(marks)
        for at in range(1, len(line))
        if not line[at].isspace() or not line[at + 1 :].startswith(marks)
    )


@given(TEXTS, st.integers(4, 40))
def test_no_line_begins_with_a_mark_that_closes(text, columns):
    assert not any(line[0] in CLOSING for line in wrapped(text, columns)[1:])


def test_english_is_wrapped_as_click_does():
    text = "The quick brown fox jumps over the lazy dog, and over another one. " * 3
    assert "\n".join(wrapped(text, 40)) == click.wrap_text(text, 40)


def test_terms_and_explanations_stand_in_columns():
    made = Formatter(width=30)
    made.write_dl([("--set", "只改一次设置，不保存。"), ("--a-long-option-of-many-words", "好")])
    assert made.getvalue().splitlines() == [
        "--set                          只改一次设",
        "                               置，不保",
        "                               存。",
        "--a-long-option-of-many-words  好",
    ]


def test_what_is_marked_is_not_wrapped():
    made = Formatter(width=12)
    made.write_text("one two three\n\n\b\nExample:\n  one two three four")
    assert made.getvalue() == "one two\nthree\n\nExample:\n  one two three four\n"


@given(st.text(), st.integers(0, 60))
def test_the_status_line_never_wraps_and_shows_the_newest_words(text, columns):
    shown = end_of(text, columns)
    assert text.endswith(shown)
    assert width(shown) <= columns
    assert shown == text or width(text[len(text) - len(shown) - 1 :]) > columns


def test_chinese_takes_two_columns():
    assert end_of("listening: 你好世界", 5) == "世界"
    assert end_of("e\u0301e\u0301", 2) == "e\u0301e\u0301"
