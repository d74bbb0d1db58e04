"""English: what espeak and Piper read wrongly is written in words; the rest is left to them."""

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unicode_rbnf import FormatPurpose

CODE = "There is code in the text."
DOT, AT = " dot ", " at "

_MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
_MONTHS += ["August", "September", "October", "November", "December"]
_NUMBER = r"(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?|\d{1,15}(?:\.\d{1,15})?)"
_N = r"(?<![\w.,^])" + _NUMBER
_SMALL = r"(?<![\w.,/])(\d{1,2})"
_UNITS = {
    "km/h": "kilometre per hour",
    "kph": "kilometre per hour",
    "mph": "mile per hour",
    "m/s": "metre per second",
    "MB/s": "megabyte per second",
    "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "km²": "square kilometre",
    "m²": "square metre",
    "cm²": "square centimetre",
    "m³": "cubic metre",
    "cm³": "cubic centimetre",
    "km": "kilometre",
    "cm": "centimetre",
    "mm": "millimetre",
    "µm": "micrometre",
    "nm": "nanometre",
    "m": "metre",
    "mi": "mile",
    "ft": "foot",
    "yd": "yard",
    "kg": "kilogram",
    "mg": "milligram",
    "µg": "microgram",
    "g": "gram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "ml": "millilitre",
    "mL": "millilitre",
    "cl": "centilitre",
    "dl": "decilitre",
    "l": "litre",
    "L": "litre",
    "ms": "millisecond",
    "µs": "microsecond",
    "ns": "nanosecond",
    "s": "second",
    "sec": "second",
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree",
    "kB": "kilobyte",
    "KB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "kWh": "kilowatt hour",
    "V": "volt",
    "mV": "millivolt",
    "mA": "milliamp",
    "mAh": "milliamp hour",
    "kPa": "kilopascal",
    "hPa": "hectopascal",
    "dB": "decibel",
    "kcal": "kilocalorie",
    "px": "pixel",
    "%": "percent",
    "‰": "per mille",
}
_INVARIABLE = {"hertz", "percent", "per mille", "kilohertz", "megahertz", "gigahertz"}
_MONEY = {
    "$": ("dollar", "cent"),
    "US$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", ""),
    "₹": ("rupee", "paisa"),
    "₩": ("won", ""),
    "USD": ("dollar", "cent"),
    "EUR": ("euro", "cent"),
    "GBP": ("pound", "penny"),
    "JPY": ("yen", ""),
    "CNY": ("yuan", ""),
    "RMB": ("yuan", ""),
}
_SCALES = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "bn": "billion",
    "B": "billion", "T": "trillion",
}  # fmt: skip
_PLURALS = {"foot": "feet", "penny": "pence", "yen": "yen", "won": "won", "yuan": "yuan"}
_WORDS = [
    (r"\bDr\. ?(?=[A-Z])", "Doctor "),
    (r"\bMr\. ?(?=[A-Z])", "Mister "),
    (r"\bMrs\. ?(?=[A-Z])", "Missus "),
    (r"\bMs\. ?(?=[A-Z])", "Miz "),
    (r"\bProf\. ?(?=[A-Z])", "Professor "),
    (r"\bSt\. ?(?=[A-Z])", "Saint "),
    (r"\be\. ?g\.,?", "for example,"),
    (r"\bi\. ?e\.,?", "that is,"),
    (r"\betc\.(?! [a-z])", "et cetera."),
    (r"\betc\.", "et cetera"),
    (r"\b([A-G])#(?!\w)", r"\1 sharp"),
    (r"\bvs\.?(?= )", "versus"),
    (r"\bapprox\. ?", "approximately "),
    (r"\b[Nn]o\. ?(?=\d)|#(?=\d)", "number "),
    (r"\b[Ff]ig\. ?(?=\d)", "figure "),
    (r"\b([A-Z])\. (?=[A-Z]\. ?[A-Z]|[A-Z][a-z])", r"\1 "),  # initials are no sentences
    (r" ?& ?", " and "),
    (r"\bw/o\b", "without"),
    (r"(?<=[A-Za-z]{2})/(?=[A-Za-z]{2})", " "),
    (r" ?(?:→|⇒|-{1,2}>|={1,2}>) ?", ", "),
    (r" ?(?:—|-{2,3}) ?|(?<!\d) – | – (?!\d)|(?<=[^\W\d]) - | - (?=[^\W\d])", ", "),
]
_SIGNS = [
    (r"(?<=\d) ?[×✕] ?(?=[\dA-Za-z(])|(?<=[A-Za-z)]) ?× ?(?=[\dA-Za-z(])", " times "),
    (r"(?<=\d)x(?=\d)", " by "),
    (r" ?÷ ?", " divided by "),
    (r"(?<=[\w)]) ?={1,3} ?(?=[\w(-])", " equals "),
    (r"(?<=[\w)]) ?\+ ?(?=\d)", " plus "),
    (r"(?<=\d) - (?=\d)", " minus "),
    (r" ?(?:≤|<=) ?", " at most "),
    (r" ?(?:≥|>=) ?", " at least "),
    (r" ?(?:≠|!=) ?", " is not "),
    (r" < (?=[\w(])|(?<=\w)<(?=\d)", " is less than "),
    (r" > (?=[\w(])|(?<=\w)>(?=\d)", " is greater than "),
    (r"± ?", "plus or minus "),
    (r"[~≈] ?(?=\d)", "about "),
    (r"(?<=\w)(?:²|\^2(?!\d))", " squared"),
    (r"(?<=\w)(?:³|\^3(?!\d))", " cubed"),
    (r"(?<=\w)\^(?=\w)", " to the power of "),
    (r"(?<![\w.,)])-(?=\d)", "minus "),
    (r"(?<=[A-Za-z])-(?=\d)", " "),
    (r"√ ?", "square root of "),
    (r"π", "pi"),
]
_YEAR_BEFORE = (
    r"(?:\b(?:in|In|since|Since|by|By|until|till|from|From|of|year|during|before|After|after|circa|"
    rf"around|early|late|mid|spring|summer|autumn|fall|winter|{'|'.join(_MONTHS)}) |"
    rf"\b(?:{'|'.join(_MONTHS)}) \d{{1,2}}(?:st|nd|rd|th)?,? )"
)


def spell(text: str) -> str:
    """Return one line of plain English with words for what a voice reads wrongly."""
    for pattern, new in _WORDS:
        text = re.sub(pattern, new, text)
    if any(character.isdigit() or character in "½¼¾⅓⅔" for character in text):
        for compiled, function in _rules():
            text = compiled.sub(function, text)
    for pattern, new in _SIGNS:
        text = re.sub(pattern, new, text)
    return text


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


@functools.cache
def _rules() -> list[Rule]:
    """The rules about numbers, in the order in which they must be applied."""
    units = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
    money = "|".join(re.escape(sign) for sign in sorted(_MONEY, key=len, reverse=True))
    scale = r"(?: ?(thousand|million|billion|trillion|bn|[kKMBT]|m)(?!\w))?"
    to = r"(?:-| ?[–~] ?)"
    half_day = r"([AaPp])\.?[Mm]\b(\.?)"
    year = r"((?:1[1-9]|20)\d\d)"
    rules: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (r"[½¼¾⅓⅔]", _vulgar),
        (r"(?<=\d)-(?=\d{1,15}(?:\.\d{1,15})? ?=)", lambda _: " minus "),
        (r"(?<![\w.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\w/-])", _iso_date),
        (r"(?<![\w./])(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?![\w/-])", _short_date),
        (
            r"(\d ?[AaPp]\.?[Mm]\b\.?|:[0-5]\d) ?[-–~] ?(?=\d{1,2}(?::[0-5]\d| ?[AaPp]\.?[Mm]\b))",
            lambda m: f"{m[1]} to ",
        ),
        (rf"{_SMALL}:([0-5]\d)(?::([0-5]\d))?(?![\d:])", _time),
        (rf"(?<=\d) ?{half_day}", _half_day),
        (r"(?<![\w:])(\d{1,3}):(\d{1,3})(?![\w:])", lambda m: f"{m[1]} to {m[2]}"),
        (r"(?<![\w-])\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}(?![\w-])", _digits),
        (r"(?<![\w-])(?:1[ -])?\(?\d{3}\)?[ -]\d{3}-\d{4}(?![\w-])", _digits),
        (r"(?<![\w.,-])(\d{3})-(\d{4})(?![\w-])", _local_number),
        (r"(?<![\w.,-])\d{10,}+(?![.,]\d)", _digits),
        (rf"(?<!\w)({money}) ?{_NUMBER}{scale}{to}(?:\1 ?)?(?=\d)", _money_range),
        (rf"{_N} ?(?:{money}){to}(?=\d)", lambda m: f"{m[1]} to "),
        (
            rf"(?<!\w)({money}) ?{_NUMBER}{scale}(?=([^\W\d_])?)",
            lambda m: _money(m[2], m[3], m[1]) + (" " if m[4] else ""),
        ),
        (rf"{_N}{scale} ?({money})(?!\w)", lambda m: _money(m[1], m[2], m[3])),
        (
            rf"(?<![\w-]){year} ?[-–] ?{year}(?![\w.,-])",
            lambda m: f"{_year(m[1])} to {_year(m[2])}",
        ),
        (rf"(?<!-){_N}[%°]?{to}(?=\d)(?!\d+-\d)", lambda m: f"{m[1]} to "),
        (r"(?<!\w)((?:1[1-9]|20)\d0)['’]?s\b", lambda m: _plural(_year(m[1]))),
        (r"(?<!\w)['’]([2-9]0)s\b", lambda m: _plural(_words(m[1]))),
        (
            r"\b((?:the|my|your|his|her|our|their|early|mid|late)[ -])([2-9]0)s\b",
            lambda m: m[1] + _plural(_words(m[2])),
        ),
        (rf"{_N} ?({units})(?![\w/²³^])", _measure),
        (r"(?<![\w.,/])(?:(\d{1,3}) )?(\d{1,2})/(\d{1,2})(?!\w|[/.-]\d)", _fraction_or_date),
        (
            rf"\b([Ff]rom|[Bb]etween) {year} (to|until|till|and) {year}(?![\w%°]|[.,]\d)",
            lambda m: f"{m[1]} {_year(m[2])} {m[3]} {_year(m[4])}",
        ),
        (rf"({_YEAR_BEFORE}){year}(?![\w%°]|[.,]\d)", lambda m: m[1] + _year(m[2])),
    ]
    return [(re.compile(pattern), function) for pattern, function in rules]


def _words(number: str | int, purpose: "FormatPurpose | None" = None) -> str:
    """Spell a number out."""
    from unicode_rbnf import FormatPurpose

    return _engine()(int(number), purpose or FormatPurpose.CARDINAL)


@functools.cache
def _engine() -> "Callable[[int, FormatPurpose], str]":
    from unicode_rbnf import RbnfEngine

    engine = RbnfEngine.for_language("en")
    return lambda number, purpose: engine.format_number(number, purpose).text


def _year(number: str) -> str:
    from unicode_rbnf import FormatPurpose

    return _words(number, FormatPurpose.YEAR)


def _ordinal(number: str | int) -> str:
    from unicode_rbnf import FormatPurpose

    return _words(number, FormatPurpose.ORDINAL)


def _plural(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word + "s"


def _date(day: str, month: str) -> str | None:
    if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
        return f"{_MONTHS[int(month) - 1]} {_ordinal(day)}"
    return None


def _iso_date(m: re.Match[str]) -> str:
    date = _date(m[3], m[2])
    return f"{date}, {_year(m[1])}" if date else m[0]


def _short_date(m: re.Match[str]) -> str:
    """24/11/2026 and, the American way where both can be, 11/24/2026."""
    date = _date(m[2], m[1]) or _date(m[1], m[2])
    return f"{date}, {_year(m[3])}" if date else m[0]


def _time(m: re.Match[str]) -> str:
    hour, minute, second = int(m[1]), m[2], m[3]
    if hour > 24:
        return m[0]
    if minute != "00":
        said = f"{hour} {minute}" if minute[0] != "0" else f"{hour} oh {minute[1]}"
    elif second or re.match(r" ?[ap]\.?m\b", m.string[m.end() : m.end() + 5], re.IGNORECASE):
        said = f"{hour}"
    else:
        said = f"{hour} o'clock" if hour <= 12 else f"{hour} hundred"
    return said + (f" and {int(second)} seconds" if second else "")


def _half_day(m: re.Match[str]) -> str:
    """Write PM for p.m.; its dot stays only where a sentence may end with it."""
    ends = m[2] and (m.end() == len(m.string) or m.string[m.end() + 1 :][:1].isupper())
    return f" {m[1].upper()}M{'.' if ends else ''}"


def _digits(m: re.Match[str]) -> str:
    """Read a telephone number digit by digit, with a rest between its groups."""
    groups = re.findall(r"\d+", m[0])
    if len(groups) == 1:
        groups = re.findall(r"\d{1,3}", groups[0])
    return ("plus " if m[0][0] == "+" else "") + ", ".join(" ".join(group) for group in groups)


def _local_number(m: re.Match[str]) -> str:
    """555-1234 is a telephone number, 500-1000 and 900-1250 are ranges."""
    return f"{m[1]} to {m[2]}" if m[2].endswith(("00", "50")) else _digits(m)


def _money(number: str, scale: str | None, sign: str) -> str:
    unit, part = _MONEY[sign]
    if scale:
        return f"{number} {_SCALES.get(scale, scale)} {_plural(unit)}"
    whole, _, cents = number.partition(".")
    if len(cents) != 2 or not part:
        return f"{number} {unit if number == '1' else _plural(unit)}"
    pieces = [(whole.replace(",", ""), whole, unit), (cents, str(int(cents)), part)]
    said = [
        f"{text} {name if int(n) == 1 else _plural(name)}" for n, text, name in pieces if int(n)
    ]
    return " and ".join(said) or f"0 {_plural(unit)}"


def _money_range(m: re.Match[str]) -> str:
    """Say the currency once, at the end: $5-$10 becomes 5 to $10."""
    scale = f" {_SCALES.get(m[3], m[3])}" if m[3] else ""
    return f"{m[2]}{scale} to {m[1]}"


def _measure(m: re.Match[str]) -> str:
    unit = _UNITS[m[2]]
    if m[1] == "1" or unit in _INVARIABLE:
        return f"{m[1]} {unit}"
    first, _, rest = unit.partition(" ")
    if rest.startswith("per ") or first == "degree":
        return f"{m[1]} {_plural(first)} {rest}".rstrip()
    head, _, last = unit.rpartition(" ")
    return f"{m[1]} {head} {_plural(last)}".replace("  ", " ")


def _vulgar(m: re.Match[str]) -> str:
    """Write ½ as 1/2, apart from what stands beside it; the rules for fractions say it."""
    over = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3"}[m[0]]
    before, after = m.string[max(m.start() - 1, 0) : m.start()], m.string[m.end() : m.end() + 1]
    return (" " if before.isalnum() else "") + over + (" " if after.isalnum() else "")


def _fraction(above: int, below: int) -> str:
    part = {2: "half", 4: "quarter"}.get(below) or _ordinal(below)
    many = {"half": "halves"}.get(part, part + "s")
    return f"{_words(above)} {part if above == 1 else many}"


def _fraction_or_date(m: re.Match[str]) -> str:
    """3/4 is three quarters, 8/10 eight out of ten, 24/11 and 11/24 are days of November."""
    above, below = int(m[2]), int(m[3])
    before = f"{m[1]} " if m[1] else ""
    if (above, below) == (24, 7):
        return f"{before}24 7"
    if below == 10:
        return f"{before}{above} out of 10"
    if below in (2, 3, 4, 5, 6, 7, 8, 9, 12, 16):
        return (f"{m[1]} and " if m[1] else "") + _fraction(above, below)
    return before + (_date(m[3], m[2]) or _date(m[2], m[3]) or f"{above} over {below}")
