"""Exact numbers as the decimals that are said."""

from fractions import Fraction

MOST_DIGITS = 30
"""Of a result: nobody listens to more; see benchmarks/skills-format.md."""


def decimal(value: Fraction, places: int = 6) -> str:
    """Return the shortest decimal, rounded half up to `places`; "" for one of over 30 digits.

    Negative `places` round before the point: -2 to hundreds.
    """
    scale = Fraction(10) ** places
    rounded = int(abs(value) * scale + Fraction(1, 2)) / scale
    whole, part = divmod(rounded, 1)
    digits = f"{int(part * 10**6 if places < 6 else part * scale):0{max(places, 6)}}".rstrip("0")
    text = f"{whole}.{digits}".rstrip(".")
    if len(text.replace(".", "")) > MOST_DIGITS:
        return ""
    return f"-{text}" if value < 0 and rounded else text


def significant(value: Fraction, digits: int = 6) -> str:
    """Return the shortest decimal, rounded half up to so many significant digits."""
    if not value:
        return "0"
    size = 0  # of digits before the point; negative: zeros after it
    while abs(value) >= Fraction(10) ** size:
        size += 1
    while abs(value) < Fraction(10) ** (size - 1):
        size -= 1
    return decimal(value, digits - size)
