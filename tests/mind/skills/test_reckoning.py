"""Exact arithmetic is bounded: what cannot be said is refused before it is worked out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills.reading_en import exact as english
from assistant.mind.skills.reading_zh import exact as chinese
from assistant.mind.skills.reckoning import MOST, Undefined, apply, bounded, factorial_of, power

WHOLE = st.integers(-(10**12), 10**12).map(Fraction)


@pytest.mark.parametrize(
    ("base", "exponent"),
    [(10, 41), (10, 10**10), (10, -(10**10)), (-7, 10**6), (Fraction(1, 3), 10**9), (0, -1)],
)
def test_a_power_that_is_too_long_is_not_begun(base, exponent):
    with pytest.raises(Undefined):
        power(Fraction(base), exponent)


def test_powers_that_can_be_said():
    assert power(Fraction(10), 40) == 10**40
    assert power(Fraction(2), -3) == Fraction(1, 8)
    assert power(Fraction(0), 5) == 0


@pytest.mark.parametrize("value", [35, 10**9, -1, Fraction(1, 2)])
def test_a_factorial_that_is_too_long_is_not_begun(value):
    with pytest.raises(Undefined):
        factorial_of(Fraction(value))


def test_the_largest_number_that_is_said():
    assert bounded(MOST) == MOST
    for value in (MOST + 1, -MOST - 1, 1 / (MOST + 1)):
        with pytest.raises(Undefined):
            bounded(value)


@given(st.sampled_from(["+", "-", "*", "/", "//", "%"]), WHOLE, WHOLE)
def test_what_comes_out_can_be_said_or_is_undefined(sign, left, right):
    try:
        value = apply(sign, left, right)
    except (Undefined, ZeroDivisionError):
        return
    assert abs(value) <= MOST
    assert value.denominator <= MOST


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (english, "ten to the power of ten to the power of ten"),
        (english, "what is 10 to the power of 10000000000"),
        (english, "9999999999 to the power of 9999999999"),
        (english, "one divided by zero"),
        (english, "the factorial of one million"),
        (chinese, "十的一百亿次方是多少"),
        (chinese, "一除以零等于多少"),
        (chinese, "九的九次方的九次方的九次方是多少"),
    ],
)
def test_a_sum_without_a_result_is_a_request_without_a_value(read, text):
    found = read(text)
    assert (found.intent, found.slots) == ("arithmetic", {})
