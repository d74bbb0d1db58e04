"""English numbers: tables of what people say, and every integer said in words."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from assistant.mind.skills.numbers_en import number_at, numbers, whole

SPELLER = RbnfEngine.for_language("en")


def spelt(number: int) -> str:
    return SPELLER.format_number(number).text.replace(",", "").replace("-", " ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zero", 0),
        ("seven", 7),
        ("nineteen", 19),
        ("twenty five", 25),
        ("a hundred and twenty", 120),
        ("two hundred twenty five", 225),
        ("fifteen hundred", 1500),
        ("hundred", 100),
        ("ten thousand", 10_000),
        ("one hundred and twenty three million four hundred and five thousand and six", 123405006),
        ("1,234,567", 1234567),
        ("1.5 million", 1_500_000),
        ("two point five million", 2_500_000),
        ("three point one four", "3.14"),
        ("three point oh five", "3.05"),
        ("two point seventy five", "2.75"),
        ("point five", "0.5"),
        (".5", "0.5"),
        ("half", "1/2"),
        ("a third", "1/3"),
        ("three quarters", "3/4"),
        ("two thirds", "2/3"),
        ("two and a half", "5/2"),
        ("three and three quarters", "15/4"),
        ("1 1/2", "3/2"),
        ("a couple of", 2),
        ("a dozen", 12),
        ("half a dozen", 6),
        ("three dozen", 36),
        ("minus five", -5),
        ("negative two point five", "-2.5"),
        ("-5", -5),
    ],
)
def test_what_people_say(text: str, value: int | str) -> None:
    assert whole(text) == Fraction(value)


@pytest.mark.parametrize("text", ["", "one two", "the fifth", "and", "someone", "tent", "a", "5th"])
def test_what_is_no_number(text: str) -> None:
    assert whole(text) is None


def test_numbers_know_where_they_stand() -> None:
    text = "what is twenty six plus half of eight"
    assert [text[n.start : n.end] for n in numbers(text)] == ["twenty six", "half", "eight"]


def test_a_number_does_not_begin_within_a_word() -> None:
    assert number_at("someone", 4) is None


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_any_integer_in_words(value: int) -> None:
    assert whole(spelt(value)) == value


@given(st.integers(0, 10**6), st.integers(1, 999))
def test_any_decimal_in_words(above: int, below: int) -> None:
    value = Fraction(f"{above}.{below:03}")
    digits = " ".join(spelt(int(digit)) for digit in f"{below:03}")
    assert whole(f"{spelt(above)} point {digits}") == value


@given(st.text(alphabet="0123456789., -/" + "adehinortuvw", max_size=40))
def test_any_text_is_read_to_its_end(text: str) -> None:
    for found in numbers(text):
        assert 0 <= found.start < found.end <= len(text)
