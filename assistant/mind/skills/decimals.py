"""Exact numbers as the decimals that are said."""

from collections.abc import Callable
from fractions import Fraction

from assistant.mind.skills.reading import Exact
from assistant.mind.skills.reckoning import Undefined
from assistant.mind.skills.units import Conversion

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


def exact(
    text: str,
    conversion: Callable[[str], Conversion | None],
    calculate: Callable[[str], Fraction | None],
) -> Exact | None:
    """Return what a whole clean text asks for, by what a language reads such texts with."""
    if found := conversion(text):
        value = significant(found.result())
        return Exact("convert", {"value": value, "unit": found.target.name} if value else {})
    try:
        result = calculate(text)
    except Undefined:
        return Exact("arithmetic", {})
    if result is None:
        return None
    value = decimal(result)
    return Exact("arithmetic", {"value": value} if value else {})
