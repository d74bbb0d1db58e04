"""Chinese numbers, in characters or digits, wherever they stand in a text.

Own code, since what was tried reads whole texts only (cn2an 0.5 neither says where a number ends
nor knows 俩, 半, 点五 or 三分之一, and takes 0.12 s to import).
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from assistant.mind.skills.finds import Number

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "幺": 1}
COUNTED = {"两": 2, "俩": 2, "仨": 3}
"""Said of things that are counted, and before 百, 千, 万 and 亿; never within a row of digits."""
TENS = {"廿": 20, "卅": 30}
UNITS = {"十": 10, "百": 100, "千": 1000}
SCALES = {"万": 10**4, "亿": 10**8}
NUMERALS = "".join(DIGITS | COUNTED | TENS | UNITS | SCALES)
MOST_DIGITS = 40
"""More characters in one row of digits are no number that anybody says."""
_THOUSANDS = tuple("克米瓦卡焦赫帕伏")
"""千克 and the like are units of their own; 四点二千克 is 4.2 of them."""
_ARABIC = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_ROW = re.compile("[零〇一二三四五六七八九幺]+")


def number_at(text: str, start: int = 0) -> Number | None:
    """Return the longest number that begins at `start` of `text`, None where none does.

    `text` is as `written_zh.clean` leaves it. Fractions (三分之一, 三又二分之一, 一半), per cents
    (百分之五), negative (负三, 零下五) and decimal numbers (一点五万) are read too.
    """
    sign = re.compile("负数?|零下|-").match(text, start)
    if sign:
        found = _unsigned(text, sign.end())
        return found and Number(-found.value, start, found.end)
    return _unsigned(text, start)


def whole(text: str) -> Fraction | None:
    """Return the number that `text` is from end to end, None where it is none."""
    found = number_at(text)
    return found.value if found and found.end == len(text) else None


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of `text`, from left to right."""
    at = 0
    while at < len(text):
        found = number_at(text, at)
        if found:
            yield found
        at = found.end if found else at + 1


def _unsigned(text: str, start: int) -> Number | None:
    parts = re.compile("([百千万])分之").match(text, start)
    if parts:
        below = {"百": 100, "千": 1000, "万": 10000}[parts[1]]
        above = _over(text, parts.end())
        return above and Number(above.value / below, start, above.end)
    half = re.compile("一?半").match(text, start)
    if half:
        return Number(Fraction(1, 2), start, half.end())
    found = _decimal(text, start)
    if found is None:
        return None
    if text.startswith("分之", found.end) and found.value:
        above = _decimal(text, found.end + 2)
        return above and Number(above.value / found.value, start, above.end)
    if text.startswith("又", found.end):
        rest = _unsigned(text, found.end + 1)
        if rest and 0 < rest.value < 1:
            return Number(found.value + rest.value, start, rest.end)
    if text[found.end : found.end + 1] in ("%", "％"):
        return Number(found.value / 100, start, found.end + 1)
    return found


def _over(text: str, start: int) -> Number | None:
    """Read what stands above a per cent: 百分之百 is all."""
    if text.startswith("百", start):
        return Number(Fraction(100), start, start + 1)
    return number_at(text, start)


def _decimal(text: str, start: int) -> Number | None:
    arabic = _ARABIC.match(text, start)
    if arabic:
        if arabic.end() - start > MOST_DIGITS:
            return None
        return _scaled(text, Fraction(arabic[0].replace(",", "")), start, arabic.end())
    point = re.compile("点([零〇一二三四五六七八九]+)(?![十百点]|千(?![克米瓦卡焦赫帕伏]))").match(
        text, start
    )
    if point:
        return Number(_row(point[1]) / 10 ** len(point[1]), start, point.end())
    found = _integer(text, start)
    if found is None:
        return None
    point = re.compile(
        r"点([零〇一二三四五六七八九]+|\d+)(?![十百点]|千(?![克米瓦卡焦赫帕伏]))"
    ).match(text, found.end)
    if point:
        part = point[1]
        below = (Fraction(part) if part.isdecimal() else _row(part)) / 10 ** len(part)
        return _scaled(text, found.value + below, start, point.end())
    return found


def _scaled(text: str, value: Fraction, start: int, end: int) -> Number:
    """Take up the units after a number in digits: 12万, 1.5亿, 3千5百, 2万3."""
    total, last = Fraction(0), 10**9
    while True:
        unit = (UNITS | SCALES).get(text[end : end + 1], 0)
        if not unit or unit >= last or _is_no_scale(text, end):
            return Number(total + value, start, end)
        if text[end + 1 : end + 2] == "亿" and unit == 10**4:
            unit, end = 10**12, end + 1
        end, total, last = end + 1, total + value * unit, unit
        arabic = _ARABIC.match(text, end)
        if arabic:
            value, end = Fraction(arabic[0].replace(",", "")), arabic.end()
            if value < 10 and (UNITS | SCALES).get(text[end : end + 1], last) >= last:
                return Number(total + value * (last // 10 if last > 10 else 1), start, end)
            continue
        rest = _integer(text, end)
        if rest and rest.value < last:
            said = text[end : rest.end]
            colloquial = len(said) == 1 and said in DIGITS
            value, end = rest.value * (last // 10 if colloquial else 1), rest.end
            return Number(total + value, start, end)
        return Number(total, start, end)


def _is_no_scale(text: str, at: int) -> bool:
    """Tell 万分之一 and 千克 from a number's own units."""
    if text.startswith("分之", at + 1):
        return True
    return text[at] == "千" and text.startswith(_THOUSANDS, at + 1)


def _row(text: str) -> Fraction:
    return Fraction(int("".join(str(DIGITS[c]) for c in text)))


def _integer(text: str, start: int) -> Number | None:
    """Read an integer in characters: 一百二十三万, 二百三, 一千零五, 二零二六."""
    row = _ROW.match(text, start)
    if row and len(row[0]) > 1:
        after = text[row.end() : row.end() + 1]
        if after not in UNITS and after not in SCALES:
            return Number(_row(row[0]), start, row.end()) if len(row[0]) <= MOST_DIGITS else None
        if row[0][0] not in "零〇":
            return None  # 二三十: about, and no number
    reader = _Reader()
    at = start
    while at < len(text) and reader.take(text, at):
        at += 1
    value = reader.value()
    return None if value is None else Number(Fraction(value), start, at)


class _Reader:
    """Puts an integer together, character by character."""

    def __init__(self) -> None:
        self._above = 0  # what stands before the last 亿 or 万
        self._section = 0  # below 10,000
        self._digit: int | None = None
        self._unit = 0  # the last unit: 二百三 is 230
        self._scale = 10**13
        self._zero = False
        self._any = False

    def take(self, text: str, at: int) -> bool:
        """Take the character; False: the number has ended before it."""
        c, after = text[at], text[at + 1 : at + 2]
        if c in DIGITS or c in COUNTED:
            taken = self._take_digit(c, after)
        elif c in TENS:
            taken = self._digit is None and self._unit != 10
            if taken:
                self._section, self._unit = self._section + TENS[c], 10
        elif c in UNITS:
            taken = not _is_no_scale(text, at) and self._take_unit(c)
        elif c in SCALES:
            taken = not _is_no_scale(text, at) and self._take_scale(c)
        else:
            taken = False
        self._any = self._any or taken
        return taken

    def _take_digit(self, c: str, after: str) -> bool:
        if c in COUNTED:
            if self._any and after not in tuple("百千万亿"):
                return False  # 三两: a weight
            if self._digit is not None:
                return False
            self._digit = COUNTED[c]
        elif self._digit is not None or self._unit == 1:
            return False
        elif DIGITS[c] == 0:
            if self._zero or (self._any and after not in tuple(NUMERALS)):
                return False
            self._zero = True
            if not self._any:
                self._digit = 0 if after not in tuple("一二三四五六七八九十") else None
        else:
            self._digit = DIGITS[c]
        return True

    def _take_unit(self, c: str) -> bool:
        unit = UNITS[c]
        if self._unit and unit >= self._unit:
            return False
        if self._digit is None and unit != 10:
            return False
        self._section += (1 if self._digit is None else self._digit) * unit
        self._digit, self._unit, self._zero = None, unit, False
        return True

    def _take_scale(self, c: str) -> bool:
        scale = SCALES[c]
        here = self._section + (self._digit or 0)
        if scale >= self._scale and not (scale == 10**8 and self._scale == 10**4 and not here):
            return False
        if not here and not self._above:
            return False
        self._above = (self._above + here) * scale if scale == 10**8 else self._above + here * scale
        self._section, self._digit, self._zero = 0, None, False
        self._scale, self._unit = scale, scale
        return True

    def value(self) -> int | None:
        """Return the number, None where there is none."""
        if not self._any:
            return None
        last = self._digit or 0
        if last and self._unit >= 100 and not self._zero:
            last *= self._unit // 10
        return self._above + self._section + last
