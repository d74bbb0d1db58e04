"""Quantities and units as they are said in English, and one put into another.

Factors are exact: international inch, mile, pound; US gallon, cup, spoon (docs/skills.md). Own
table, since pint works in floats, takes long to import and knows units as they are written only.
"""

import functools
import re
from fractions import Fraction

from assistant.mind.skills.numbers_en import number_at
from assistant.mind.skills.units import Conversion, Unit

_INCH, _POUND, _GALLON = Fraction("0.0254"), Fraction("453.59237"), Fraction("3.785411784")
_FOOT, _MILE = 12 * _INCH, 63360 * _INCH
_SQUARE, _CUBIC = "(?:square |sq )", "(?:cubic |cu )"
_TABLE: dict[str, list[tuple[str, Fraction | int]]] = {
    "length": [
        ("kilomet(?:re|er)s?|kms?|k", 1000), ("centimet(?:re|er)s?|cms?", Fraction(1, 100)),
        ("millimet(?:re|er)s?|mms?|mills?", Fraction(1, 1000)),
        ("decimet(?:re|er)s?", Fraction(1, 10)), ("micromet(?:re"
            "|er)s?|microns?", Fraction(1, 10**6)),
        ("nanomet(?:re|er)s?", Fraction(1, 10**9)), ("met(?:re|er)s?|m", 1),
        ("nautical miles?", 1852), ("miles?|mi", _MILE), ("yards?|yds?", 3 * _FOOT),
        ("feet|foot|ft", _FOOT), ("inch(?:es)?|in(?=$"
            "| (?:in|to|into) )", _INCH), ("furlongs?", 660 * _FOOT),
        ("light years?", 9460730472580800), ("fathoms?", 6 * _FOOT),
    ],
    "mass": [
        ("kilograms?|kilogrammes?|kilos?|kgs?", 1000), ("grams?|grammes?|g", 1),
        ("milligrams?|mgs?", Fraction(1, 1000)), ("micrograms?", Fraction(1, 10**6)),
        ("(?:metric )?ton(?:ne)?s?", 10**6), ("pounds?|lbs?", _POUND), ("ounces?|oz", _POUND / 16),
        ("stones?", 14 * _POUND), ("carats?", Fraction(1, 5)),
    ],
    "volume": [
        ("lit(?:re|er)s?|l", 1), ("millilit(?:re|er)s?|mls?|mills?", Fraction(1, 1000)),
        ("centilit(?:re|er)s?|cls?", Fraction(1, 100)),
        ("decilit(?:re|er)s?|dls?", Fraction(1, 10)),
        (f"{_CUBIC}met(?:re|er)s?", 1000), (f"{_CUBIC}centimet(?:re|er)s?|cc", Fraction(1, 1000)),
        (f"{_CUBIC}(?:feet|foot)", 1000 * _FOOT**3), (f"{_CUBIC}inch(?:es)?", 1000 * _INCH**3),
        ("(?:us )?gallons?|gal", _GALLON), ("quarts?|qts?", _GALLON / 4), ("pints?", _GALLON / 8),
        ("cups?|cupfuls?", _GALLON / 16), ("fluid ounces?|fl oz", _GALLON / 128),
        ("tablespoons?|table spoons?|tablespoonfuls?|tbsps?", _GALLON / 256),
        ("teaspoons?|tea spoons?|teaspoonfuls?|tsps?", _GALLON / 768),
    ],
    "area": [
        (f"{_SQUARE}kilomet(?:re|er)s?|{_SQUARE}kms?", 10**6), (f"{_SQUARE}met(?:re|er)s?", 1),
        (f"{_SQUARE}centimet(?:re|er)s?", Fraction(1, 10**4)), (f"{_SQUARE}miles?", _MILE**2),
        (f"{_SQUARE}(?:feet|foot|ft)", _FOOT**2), (f"{_SQUARE}inch(?:es)?", _INCH**2),
        (f"{_SQUARE}yards?", (3 * _FOOT) ** 2), ("acres?", 43560 * _FOOT**2), ("hectares?", 10**4),
    ],
    "time": [
        ("milliseconds?", Fraction(1, 1000)), ("seconds?|secs?", 1), ("minutes?|mins?", 60),
        ("hours?|hrs?", 3600), ("days?", 86400), ("weeks?", 604800), ("fortnights?", 1209600),
    ],
    "months": [("months?", 1), ("years?", 12), ("quarters?", 3), ("decades?", 120),
               ("century|centuries", 1200)],
    "speed": [
        ("kilomet(?:re|er)s? (?:an|per|a) hour|kph|kmh|kms? (?:an|per|a) hour", Fraction(5, 18)),
        ("miles? (?:an|per|a) hour|mph", _MILE / 3600), ("met(?:re|er)s? (?:a|per) second", 1),
        ("knots?", Fraction(1852, 3600)), ("(?:feet|foot) (?:a|per) second", _FOOT),
    ],
    "data": [
        ("kilobytes?|kb", 1024), ("megabytes?|mb|megs?", 1024**2), ("gigabytes?|gb|gigs?", 1024**3),
        ("terabytes?|tb", 1024**4), ("bytes?", 1), ("bits?", Fraction(1, 8)),
    ],
    "energy": [
        ("kilojoules?|kj", 1000), ("joules?", 1), ("kilocalories?|kcals?", 4184),
        ("calories?|cals?", Fraction("4.184")), ("kilowatt hours?|kwh", 3600000),
    ],
    "power": [("kilowatts?|kw", 1000), ("watts?", 1), ("horsepower"
        "|horse power", Fraction("745.69987158227022"))],
    "pressure": [("bars?", 100000), ("psi", Fraction("6894.757293168")), ("pascals?", 1),
                 ("atmospheres?", 101325), ("hectopascals?|millibars?", 100)],
    "temperature": [
        ("(?:degrees? )?(?:celsius|centigrade|c)|°c", 1), ("(?:degrees? )?(?:fahrenheit|f)|°f", 2),
        ("(?:degrees? )?kelvins?", 3),
    ],
}  # fmt: skip
_LEAD = re.compile(
    r"(?:(?:what|how much)(?:'s| is| are| would| does| do| was|'d)?|what's|tell me|i want to"
    r" know|i need|do you know|work out"
    r"|calculate|convert|change|turn|translate|switch|express|put|give me|show me|make"
    r"|transform|get me|me|so|and|now|then|is|would|can you|could you"
    r"|would you|please|i'd like|if i have|the|about|i have) "
)
_LINK = re.compile(
    r" (?:(?:is|are|be|come|comes|works?|would|makes?|equals?|does|out|that|it|measured"
    r"|expressed|written|converted"
    r"|said|the same as|equal|amount|amounts|how|what|if|you|i|convert|change|turn|as|to|into"
    r"|in|at) )*?"
    r"(?:in|to|into|as|is how many|equals how many|makes how many|are how many|how many|is"
    r" what in|is in|to the|what in)"
    r"(?: terms of| units of)? (?:in(?:to)? (?=[a-z]))?"
)
_HOW_MANY = re.compile(
    r"(?:about |so |and |um |roughly |exactly |tell me |do you know |now )*how (?:many|much(?:"
    r" is that in)?) "
)
_EQUAL = re.compile(
    r" (?:(?:is|are|in|per|make|makes|make up|up|does|do|would|there|that|it|will|there are|to"
    r"|of|you|we|i|get|from|be|equal"
    r"|equals|fit|go|goes|into|contains?|have|has|does it take to make|come|comes|inside"
    r"|needed for) ?)+"
)
_TAIL = re.compile(
    r"(?: (?:have|has|contain|contains|make|makes|be|please|equal|hold|holds|got|is|are|is"
    r" that|come to|last|in it|take|for me"
    r"|then|there|exactly|all together|altogether|be in total|in total|again|roughly|come out"
    r" to|work out to|worth|do|does|amount to|now))*$"
)


_OF = re.compile(r" of [a-z]+(?= (?:in|to|into|is|are)\b)")


def conversion(text: str) -> Conversion | None:
    """Return the conversion that is asked for by the whole `text`, None where none is.

    `text` is as `reading_en.clean` leaves it.
    """
    return _backward(text) or _forward(text)


def _forward(text: str) -> Conversion | None:
    """Read "ten miles in kilometres", "what is a gallon in litres", "twenty c to f"."""
    at = 0
    while (lead := _LEAD.match(text, at)) is not None:
        at = lead.end()
    for kind in _TABLE:
        quantity = _quantity(text, at, kind)
        if quantity is None:
            continue
        amount, source, end = quantity
        if stuff := _OF.match(text, end):  # two cups of flour
            end = stuff.end()
        link = _LINK.match(text, end)
        target = _unit_at(text, link.end(), kind) if link else None
        if target and _TAIL.match(text, target[1]) and target[0].factor != source.factor:
            return Conversion(amount, source, target[0])
    return None


def _backward(text: str) -> Conversion | None:
    """Read "how many metres in a mile", "how many days are three weeks"."""
    asked = _HOW_MANY.match(text)
    if asked is None:
        wanted = re.compile(r"(?:\w+ )?what(?:'s| is) ").match(text)
        return _named_first(text, wanted.end()) if wanted else None
    for kind in _TABLE:
        target = _unit_at(text, asked.end(), kind)
        if target is None:
            continue
        equal = _EQUAL.match(text, target[1])
        quantity = _quantity(text, equal.end(), kind) if equal else None
        if quantity and _TAIL.match(text, quantity[2]) and quantity[1].factor != target[0].factor:
            return Conversion(quantity[0], quantity[1], target[0])
    return None


def _named_first(text: str, at: int) -> Conversion | None:
    """Read "in grams what is a pound" turned: "what's the number of grams in a pound"."""
    asked = re.compile("the (?:number|amount) of ").match(text, at)
    return _backward("how many " + text[asked.end() :]) if asked else None


def _quantity(text: str, at: int, kind: str) -> tuple[Fraction, Unit, int] | None:
    """Read an amount with its unit: value, unit, end. "five foot ten" is one."""
    value, end = _amount(text, at)
    if value is None:
        return None
    unit = _unit_at(text, end, kind)
    if unit is None:
        return None
    source, end = unit
    extra = re.compile(r" and (a half|a quarter|three quarters)(?![a-z])").match(text, end)
    if extra:
        share = {"a half": "1/2", "a quarter": "1/4"}.get(extra[1], "3/4")
        return value + Fraction(share), source, extra.end()
    while more := _more(text, end, source):
        value, end = value + more[0], more[1]
    return value, source, end


def _more(text: str, end: int, unit: Unit) -> tuple[Fraction, int] | None:
    """Read a smaller unit that follows: "five feet ten inches", "six foot two"."""
    link = re.compile(" and | ").match(text, end)
    number = number_at(text, link.end()) if link else None
    if number is None or unit.kind == "temperature":
        return None
    smaller = _unit_at(text, _spaced(text, number.end), unit.kind)
    if smaller and smaller[0].factor < unit.factor:
        return number.value * smaller[0].factor / unit.factor, smaller[1]
    if unit.factor in (_FOOT, 14 * _POUND) and number.value < 14:
        return number.value / (12 if unit.factor == _FOOT else 14), number.end
    return None


def _amount(text: str, at: int) -> tuple[Fraction | None, int]:
    slash = re.compile(r"(\d+)/(\d+) (?:of an? )?").match(text, at)
    if slash and int(slash[2]):
        return Fraction(int(slash[1]), int(slash[2])), slash.end()
    number = number_at(text, at)
    if number:
        share = re.compile(" (?:of )?an? ").match(text, number.end)
        if share and number.value < 1:
            return number.value, share.end()
        degrees = re.compile(r" degrees?(?= )").match(text, number.end)
        if degrees and re.compile(" (?:in|to|into)").match(text, degrees.end()):
            return None, at
        return number.value, _spaced(text, number.end)
    article = re.compile(r"(?:an?|one|the|each|every|another) ").match(text, at)
    return (Fraction(1), article.end()) if article else (Fraction(1), at)


def _spaced(text: str, at: int) -> int:
    return at + text.startswith((" ", "-"), at)


def _unit_at(text: str, at: int, kind: str) -> tuple[Unit, int] | None:
    """Return the longest name of a unit of `kind` at this place, and its end."""
    best: tuple[Unit, int] | None = None
    for pattern, factor in _patterns()[kind]:
        match = pattern.match(text, at)
        if match and (best is None or match.end() > best[1]):
            best = Unit(kind, factor, match[0]), match.end()
    return best


@functools.cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], Fraction]]]:
    return {
        kind: [(re.compile(f"(?:{p})(?![a-z'])"), Fraction(f)) for p, f in rows]
        for kind, rows in _TABLE.items()
    }
