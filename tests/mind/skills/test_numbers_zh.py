"""Chinese numbers: as the table says, and back from any number as Unicode's rules spell it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from assistant.mind.skills.numbers_zh import MOST_DIGITS, NUMERALS, number_at, numbers, whole

SPELLER = RbnfEngine.for_language("zh")


def spelt(number):
    return SPELLER.format_number(number).text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百二十三万", 1230000),
        ("二百三", 230),
        ("一百八", 180),
        ("三千五", 3500),
        ("一万二", 12000),
        ("两万三", 23000),
        ("一百二十三万四", 1234000),
        ("一千零五", 1005),
        ("一百零八点五", "108.5"),
        ("点五", "0.5"),
        ("零点零五", "0.05"),
        ("一点五万", 15000),
        ("12万", 120000),
        ("1.5亿", 150000000),
        ("3千5百", 3500),
        ("2万3", 23000),
        ("1,234.5", "1234.5"),
        ("一万亿", 10**12),
        ("二零二六", 2026),
        ("幺三八", 138),
        ("零五", 5),
        ("廿三", 23),
        ("一百十五", 115),
        ("俩", 2),
        ("仨", 3),
        ("一半", "1/2"),
        ("三分之一", "1/3"),
        ("三又二分之一", "7/2"),
        ("百分之百", 1),
        ("百分之三点五", "0.035"),
        ("50%", "1/2"),
        ("零下五", -5),
        ("负三", -3),
    ],
)
def test_a_number_is_read_as_it_is_meant(text, value):
    assert whole(text) == Fraction(value)


@pytest.mark.parametrize("text", ["千", "百分之", "二三十", "点", "几十", "", "半半", "十百"])
def test_what_is_no_one_number_is_none(text):
    assert whole(text) is None


@pytest.mark.parametrize(
    ("text", "value", "rest"),
    [
        ("三两", 3, "两"),  # a weight
        ("七点五十", 7, "点五十"),  # a time
        ("三千克", 3, "千克"),
        ("三万分之一", 3, "万分之一"),
        ("一百零", 100, "零"),
    ],
)
def test_a_number_ends_where_something_else_begins(text, value, rest):
    found = number_at(text)
    assert (found.value, text[found.end :]) == (value, rest)


def test_numbers_are_found_wherever_they_stand():
    found = [(n.value, n.start, n.end) for n in numbers("把十分钟和2.5个加三分之一")]
    assert found == [(10, 1, 2), (Fraction("2.5"), 5, 8), (Fraction(1, 3), 10, 14)]


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_any_number_comes_back_from_its_spelling(number):
    assert whole(spelt(number)) == number


@given(st.integers(min_value=0, max_value=10**8), st.text("0123456789", min_size=1, max_size=6))
def test_any_decimal_comes_back_from_its_spelling(number, part):
    digits = part.translate(str.maketrans("0123456789", "零一二三四五六七八九"))
    assert whole(f"{spelt(number)}点{digits}") == Fraction(f"{number}.{part}")


@given(st.text(NUMERALS + "点分之又负0123456789.,%个", max_size=60))
def test_no_text_breaks_the_reader_and_numbers_never_overlap(text):
    end = 0
    for number in numbers(text):
        assert end <= number.start < number.end <= len(text)
        assert number.end - number.start <= 4 * MOST_DIGITS
        end = number.end
