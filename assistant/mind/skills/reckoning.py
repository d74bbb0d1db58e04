"""Exact arithmetic over fractions, bounded; what has no result, or none to be said: `Undefined`."""

import math
from collections.abc import Callable
from fractions import Fraction

MOST = Fraction(10**40)
"""Results beyond it are undefined: nobody listens to 40 digits."""
_ROOT_DIGITS = 30


class Undefined(ArithmeticError):
    """There is no such number, or it is too long to be said."""


def apply(sign: str, left: Fraction, right: Fraction) -> Fraction:
    """Return the result of `+ - * / %`, or `//`: right by left. Raises `Undefined`."""
    work: dict[str, Callable[[], Fraction]] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "//": lambda: right / left,  # 三除十二 is 4
        "%": lambda: left % right,
    }
    return bounded(work[sign]())


def bounded(value: Fraction) -> Fraction:
    """Return `value`. Raises `Undefined` for one of too many digits."""
    if abs(value) > MOST or value.denominator > MOST:
        raise Undefined
    return value


def power(value: Fraction, exponent: Fraction | int) -> Fraction:
    """Return the power, exact, or as `root` where it is none. Raises `Undefined`."""
    exponent = Fraction(exponent)
    size = max(abs(value.numerator), value.denominator)
    if abs(exponent) * math.log10(size) > 40 or (not value and exponent < 0):
        raise Undefined
    if exponent.denominator == 1:
        return value ** int(exponent)
    if exponent.denominator > 9 or value < 0:
        raise Undefined
    return root_of(value**exponent.numerator, exponent.denominator)


def root_of(value: Fraction, degree: int) -> Fraction:
    """Return the root, exact where it is rational, else cut after `_ROOT_DIGITS` places."""
    if value < 0 and degree % 2 == 0:
        raise Undefined
    sign = -1 if value < 0 else 1
    above, below = (_whole_root(abs(n), degree) for n in (value.numerator, value.denominator))
    if above**degree == abs(value.numerator) and below**degree == value.denominator:
        return Fraction(sign * above, below)
    scaled = abs(value) * 10 ** (degree * _ROOT_DIGITS)
    return Fraction(sign * _whole_root(int(scaled), degree), 10**_ROOT_DIGITS)


def _whole_root(value: int, degree: int) -> int:
    """Return the largest integer whose power is not above `value`, by Newton's steps."""
    if value < 2:
        return value
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better


def factorial_of(value: Fraction) -> Fraction:
    """Return the factorial of a whole number up to 34. Raises `Undefined`."""
    if value.denominator != 1 or not 0 <= value <= 34:
        raise Undefined
    return Fraction(math.factorial(int(value)))
