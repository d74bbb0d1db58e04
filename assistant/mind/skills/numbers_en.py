"""English numbers, in words or digits, wherever they stand in a text.

Own code, since text2num rewrites texts and does not say where a number stood, and reads neither
"a half", "three quarters", "a couple of" nor "two point five million".
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from assistant.mind.skills.finds import Number

ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SMALL = ONES | TEENS
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "twentieth": 20, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
MOST_DIGITS = 40
"""More characters in one row of digits are no number that anybody says."""
_ARABIC = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_WORD = re.compile(r"[a-z']+")


def number_at(text: str, start: int = 0) -> Number | None:
    """Return the longest number that begins at `start` of `text`, None where none does.

    `text` is as `written_en.clean` leaves it. Fractions ("three quarters", "two and a half"),
    decimals ("one point five million"), dozens and negative numbers are read too.
    """
    if start and (text[start - 1].isalnum() or text[start - 1] == "'"):
        return None
    sign = re.compile(r"(?:minus|negative) |-(?=[\d.])").match(text, start)
    found = _unsigned(text, sign.end() if sign else start)
    if found and sign:
        return Number(-found.value, start, found.end)
    return found


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of `text`, from left to right."""
    at = 0
    while at < len(text):
        found = number_at(text, at)
        if found:
            yield found
        at = found.end if found else at + 1


def whole(text: str) -> Fraction | None:
    """Return the number that `text` is from end to end, None where it is none."""
    found = number_at(text)
    return found.value if found and found.end == len(text) else None


def below_hundred(text: str, start: int) -> Number | None:
    """Return the number of 0 to 99 in words that begins at `start`: the longest."""
    word, end = word_at(text, start)
    if word in SMALL:
        return Number(Fraction(SMALL[word]), start, end)
    if word not in TENS:
        return None
    after, then = word_at(text, end)
    if ONES.get(after):
        return Number(Fraction(TENS[word] + ONES[after]), start, then)
    return Number(Fraction(TENS[word]), start, end)


def word_at(text: str, at: int) -> tuple[str, int]:
    """Return the word at `at`, or after the space there, and its end; ("", at) for none."""
    found = _WORD.match(text, at + text.startswith(" ", at))
    return (found[0], found.end()) if found else ("", at)


def _unsigned(text: str, start: int) -> Number | None:
    part = _part(text, start)
    if part:
        return part
    found = _decimal(text, start)
    if found is None:
        return None
    link = re.compile(" and (?:a |an )?").match(text, found.end)
    more = _part(text, link.end()) or _article_part(text, link.end()) if link else None
    if more and more.value < 1:
        return Number(found.value + more.value, start, more.end)
    slash = re.compile(r" (\d+)/(\d+)(?![\d/])").match(text, found.end)  # 1 1/2
    if slash and int(slash[2]) and int(slash[1]) < int(slash[2]) and found.value.denominator == 1:
        return Number(found.value + Fraction(int(slash[1]), int(slash[2])), start, slash.end())
    return found


def _article_part(text: str, start: int) -> Number | None:
    word, end = word_at(text, start)
    below = _PARTS.get(word)
    return Number(Fraction(1, below), start, end) if below else None


def _part(text: str, start: int) -> Number | None:
    """Read half, a third, three quarters, two fifths; half a dozen."""
    half = re.compile(r"(?:a half|one half|half)(?: (?:a )?dozen)?(?![a-z'])").match(text, start)
    if half:
        return Number(Fraction(6 if "dozen" in half[0] else "1/2"), start, half.end())
    lead = re.compile(r"an? (?=[a-z])").match(text, start)
    above = None if lead else below_hundred(text, start)
    at = lead.end() if lead else above.end if above else start
    word, end = word_at(text, at)
    below = _PARTS.get(word) or (_PARTS.get(word[:-1]) if word.endswith("s") else None)
    if not below or (not lead and not above):
        return None
    over = Fraction(1) if above is None else above.value
    if word.endswith("s") == (over == 1) and below != 2:
        return None
    return Number(over / below, start, end)


def _decimal(text: str, start: int) -> Number | None:
    arabic = _ARABIC.match(text, start)
    if arabic:
        if len(arabic[0]) > MOST_DIGITS or re.compile("(?:st|nd|rd|th)\\b").match(
            text, arabic.end()
        ):
            return None
        found = Number(Fraction(arabic[0].replace(",", "")), start, arabic.end())
        return _scaled(text, found)
    found_integer = _integer(text, start)
    after = found_integer.end if found_integer else start
    point = re.compile(r"(?<![a-z'])point (?=[a-z\d])" if after == start else " point ").match(
        text, after
    )
    if point:
        digits, end = _digits(text, point.end())
        if digits:
            above = found_integer.value if found_integer else Fraction(0)
            value = above + Fraction(int(digits), 10 ** len(digits))
            return _scaled(text, Number(value, start, end))
    return found_integer


def _digits(text: str, start: int) -> tuple[str, int]:
    """Read the digits after the point: "one four", "oh five", "seventy five", "14"."""
    digits, end = "", start
    arabic = re.compile(r"\d+").match(text, start)
    if arabic:
        return arabic[0], arabic.end()
    while len(digits) < MOST_DIGITS:
        word, after = word_at(text, end)
        if word in ("oh", "o", "nought"):
            digits, end = digits + "0", after
            continue
        at = end + text.startswith(" ", end)
        number = below_hundred(text, at)
        if number is None or (digits and number.value > 9):
            break
        digits, end = digits + str(number.value), number.end
    return digits, end


def _scaled(text: str, found: Number) -> Number:
    """Take up the words after a number in digits: 1.5 million, 3 hundred."""
    value, end = found.value, found.end
    while True:
        word, after = word_at(text, end)
        scale = (SCALES | {"hundred": 100, "dozen": 12}).get(word)
        if scale is None or text[end : end + 1] != " ":
            return Number(value, found.start, end)
        value, end = value * scale, after


def _integer(text: str, start: int) -> Number | None:
    """Read an integer in words: two hundred and five thousand and six, a dozen, a couple of."""
    few = re.compile(r"(?:a )?couple(?: of)?(?![a-z'])").match(text, start)
    if few:
        return Number(Fraction(2), start, few.end())
    total, last, at, end = Fraction(0), 10**15, start, start
    while True:
        group = _below_thousand(text, at, first=at == start)
        if group is None:
            break
        word, after = word_at(text, group.end)
        scale = SCALES.get(word, 1)
        if word == "dozen" and at == start:
            return Number(group.value * 12, start, after)
        if scale >= last or (group.value >= 1000 and scale > 1):
            break
        total, end = total + group.value * scale, after if scale > 1 else group.end
        if scale == 1:
            break
        last = scale
        link = re.compile(" (?:and )?").match(text, end)
        at = link.end() if link else end
    return Number(total, start, end) if end > start else None


def _below_thousand(text: str, start: int, *, first: bool) -> Number | None:
    lead = re.compile(r"a (?=hundred|thousand|million|billion|trillion|dozen)").match(text, start)
    small = Number(Fraction(1), start, start + 1) if lead and first else below_hundred(text, start)
    if small is None:
        bare = re.compile(r"(?:hundred|thousand|million)(?![a-z'])").match(text, start)
        if not bare or not first:
            return None
        small = Number(Fraction(1), start, start)
    word, end = word_at(text, small.end)
    if word != "hundred" or not small.value:
        return small if small.end > start or word in SCALES else None
    link = re.compile(" (?:and )?").match(text, end)
    rest = below_hundred(text, link.end()) if link else None
    if rest and rest.value:
        return Number(small.value * 100 + rest.value, start, rest.end)
    return Number(small.value * 100, start, end)
