"""Quantities and units as they are said in Chinese, old and new, and one put into another.

Factors are exact: international inch, mile, pound; US gallon, cup, spoon; 斤 of 500 g, 里 of 500 m.
"""

import functools
import re
from fractions import Fraction

from assistant.mind.skills.numbers_zh import NUMERALS, number_at
from assistant.mind.skills.units import Conversion, Unit

_INCH, _POUND, _GALLON = Fraction("0.0254"), Fraction("453.59237"), Fraction("3.785411784")
_TABLE: dict[str, list[tuple[str, Fraction | int]]] = {
    "length": [
        ("光年", 9460730472580800), ("公里|千米|kilomet[re]{2}s?|km", 1000),
        ("英里|迈(?!克)|miles?", 63360 * _INCH),
        ("海里", 1852), ("英尺|呎|feet|foot|ft", 12 * _INCH), ("英寸|吋|inch(?:es)?", _INCH),
        ("码(?!头)|yards?", 36 * _INCH), ("厘米|公分|centimet[re]{2}s?|cm", Fraction(1, 100)),
        ("毫米|millimet[re]{2}s?|mm", Fraction(1, 1000)), ("分米", Fraction(1, 10)),
        ("微米", Fraction(1, 10**6)),
        ("纳米", Fraction(1, 10**9)), ("华里|里(?:地|路)?(?![面边头程])", 500),
        ("丈", Fraction(10, 3)),
        ("市?尺", Fraction(1, 3)), ("市?寸", Fraction(1, 30)), ("公尺|米|met[re]{2}s?|m", 1),
    ],
    "mass": [
        ("公斤|千克|kilograms?|kilos?|kg", 1000), ("毫克|milligrams?|mg", Fraction(1, 1000)),
        ("微克", Fraction(1, 10**6)),
        ("公吨|吨|tons?|tonnes?", 10**6), ("英石", 14 * _POUND), ("磅|pounds?|lbs?", _POUND),
        ("盎司|ounces?|oz", _POUND / 16), ("市?斤", 500), ("市?两", 50),
        ("钱(?!包)", 5), ("担", 50000),
        ("克拉", Fraction(1, 5)), ("克|grams?|g", 1),
    ],
    "volume": [
        ("毫升|cc|millilit[re]{2}s?|ml", Fraction(1, 1000)), ("立方米|方(?=水|$)", 1000),
        ("立方分米", 1),
        ("立方厘米", Fraction(1, 1000)),
        ("立方英尺", 1000 * (12 * _INCH) ** 3), ("立方英寸", 1000 * _INCH**3),
        ("加仑|gallons?", _GALLON),
        ("液体?盎司", _GALLON / 128), ("汤匙|大勺|tablespoons?", _GALLON / 256),
        ("茶匙|小勺|teaspoons?", _GALLON / 768),
        ("品脱|pints?", _GALLON / 8), ("夸脱", _GALLON / 4), ("杯|cups?", _GALLON / 16),
        ("分升", Fraction(1, 10)),
        ("公?升|lit[re]{2}s?|l", 1),
    ],
    "area": [
        ("平方(?:公里|千米)", 10**6), ("平方英里", (63360 * _INCH) ** 2), ("公顷|hectares?", 10**4),
        ("英亩|acres?", 43560 * (12 * _INCH) ** 2), ("平方英尺", (12 * _INCH) ** 2),
        ("平方尺", Fraction(1, 9)),
        ("平方英寸", _INCH**2), ("平方厘米", Fraction(1, 10**4)), ("平方分米", Fraction(1, 100)),
        ("平方毫米", Fraction(1, 10**6)), ("市?亩(?:地)?", Fraction(2000, 3)),
        ("顷", Fraction(200000, 3)),
        ("平方米|平米|平方|平(?!均)", 1),
    ],
    "time": [
        ("毫秒", Fraction(1, 1000)), ("秒钟?", 1), ("刻钟", 900), ("分钟|分(?!之|米|升)", 60),
        ("个?(?:小时|钟头)", 3600), ("天|日|昼夜", 86400), ("周|个?(?:星期|礼拜)", 604800),
    ],
    "months": [("年", 12), ("个?月", 1), ("个?季度?", 3), ("个?世纪", 1200)],
    "speed": [
        ("公里每小时|千米每小时|码每小时", Fraction(5, 18)), ("米每秒", 1),
        ("英里每小时", 63360 * _INCH / 3600), ("节", Fraction(1852, 3600)),
    ],
    "data": [
        ("kb|千字节", 1024), ("mb|兆字节|兆|m", 1024**2), ("gb|吉字节|个?g", 1024**3),
        ("tb|太字节|个?t", 1024**4), ("字节|byte", 1), ("比特|bits?", Fraction(1, 8)),
    ],
    "energy": [
        ("千卡|大卡", 4184), ("千焦", 1000), ("卡路里|卡", Fraction("4.184")), ("焦耳?", 1),
        ("千瓦时|度电", 3600000),
    ],
    "power": [("千瓦", 1000), ("马力", Fraction("735.49875")), ("瓦特?", 1)],
    "temperature": [("摄氏度|度?c|℃", 1), ("华氏度|度?f|℉", 2), ("开尔文|开氏度", 3)],
}  # fmt: skip
_ASKED = re.compile(
    r"(?:的?(?:水|米|大米|面粉?|白?糖|盐|油|牛奶|肉|黄金|酒))?(?:的话)?(?:等于|就?是|合成?|折合成?|折算成?|换算成?为?|换算到|换成|转换成?为?|转成|转为|化成|化为|变成|写成|算成|约等于"
    r"|相当于|有|又是|大概|大约|差不多|约|到底|一共|应该|能换|用|按|来算|以|为|合计|说|成)*"
    r"(?:(?:多少|几)个?)?"
)
_LEAD = re.compile(
    "(?:那个|请问一?下?|请|麻烦|帮我|帮忙|替我|给我|你|能不能|能|把|将|算一?下|算算|换算一?下?|我想知道|告诉我"
    "|想问|问一?下|那|知道|查一?下|看看|一下|问|单位|计算一?下?|说说)+"
)
_TAIL = re.compile("(?:是|等于)?(?:多少|几)?(?:来着|呢|啊|呀|吗|了|啦|的话|合适|给我)*$")


def conversion(text: str) -> Conversion | None:
    """Return the conversion that is asked for by the whole `text`, None where none is.

    `text` is as `written_zh.clean` leaves it.
    """
    text = _upright(text)
    lead = _LEAD.match(text)
    for start in {lead.end() if lead else 0, 0}:
        found = _forward(text[start:]) or _backward(text[start:])
        if found:
            return found
    return None


def _forward(text: str) -> Conversion | None:
    """Read 十英里是多少千米, 一斤二两换算成克, 一米八等于几英尺."""
    for kind in _TABLE:
        quantity = _quantity(text, kind)
        if quantity is None:
            continue
        amount, source, end = quantity
        asked = _ASKED.match(text, end)
        if asked is None or asked.end() == end:
            continue
        target = _unit_at(text, asked.end(), kind)
        if target and _TAIL.match(text, target[1]) and target[0].name != source.name:
            return Conversion(amount, source, target[0])
    return None


def _backward(text: str) -> Conversion | None:
    """Read 多少克是一斤, 几个小时等于九十分钟."""
    asked = re.match("(?:多少|几)个?", text)
    if asked is None:
        return None
    for kind in _TABLE:
        target = _unit_at(text, asked.end(), kind)
        equal = target and re.compile("才?(?:是|等于|合|相当于|有)").match(text, target[1])
        quantity = _quantity(text[equal.end() :], kind) if equal else None
        if target and equal and quantity and _TAIL.match(text, equal.end() + quantity[2]):
            return Conversion(quantity[0], quantity[1], target[0])
    return None


def _upright(text: str) -> str:
    """Put the words of temperature and speed behind the number: 华氏一百度, 时速一百公里."""
    text = re.sub("(摄氏|华氏|开氏)(温度)?(多少|几)度", r"多少\1度", text)
    text = re.sub(rf"(摄氏|华氏)([{NUMERALS}点负\d.-]+)度", r"\2\1度", text)
    text = re.sub(rf"([{NUMERALS}点\d.]+)度(摄氏|华氏)", r"\1\2度", text)
    text = re.sub(rf"零下([{NUMERALS}点\d.]+)(摄氏|华氏)", r"负\1\2", text)
    text = re.sub(rf"([{NUMERALS}点\d.]+)度(?=是|等于|换|转|合|相当)", _plain_degrees(text), text)
    text = re.sub(r"时速(.+?)(公里|千米|英里)(?!每)", r"\1\2每小时", text)
    text = re.sub(r"每(小时|秒)(?:多少|几)(公里|千米|英里|米)", r"多少\2每\1", text)
    return re.sub(rf"每(小时|秒)([{NUMERALS}点\d.]+)(公里|千米|英里|米)", r"\2\3每\1", text)


def _plain_degrees(text: str) -> str:
    """Return what degrees without a name are: not those that are asked for."""
    return r"\1华氏度" if "摄氏" in text else r"\1摄氏度" if "华氏" in text else r"\1度"


def _quantity(text: str, kind: str) -> tuple[Fraction, Unit, int] | None:
    """Read an amount with its unit: value, unit, end. 一斤二两, 一米八, 两个半小时 are one each."""
    number = number_at(text)
    if number is None:
        return None
    value, at = number.value, number.end
    half = re.compile("个半(?=小时|钟头|星期|礼拜|月)").match(text, at)
    if half:
        value, at = value + Fraction(1, 2), half.end()
    first = _unit_at(text, at + text.startswith(" ", at), kind)
    if first is None:
        return None
    unit, end = first
    while True:
        number = number_at(text, end + text.startswith(("零", "又"), end))
        if number is None or text.startswith("一共", end):
            return value, unit, end
        if number.value == Fraction(1, 2) and text[end] == "半":
            return value + Fraction(1, 2), unit, number.end
        more = _unit_at(text, number.end, kind)
        if more and more[0].factor < unit.factor:
            value += number.value * more[0].factor / unit.factor
            end = more[1]
        elif number.end - end == 1 and number.value < 10 and kind != "temperature":
            return value + number.value / 10, unit, number.end  # 一米八
        elif text[end : number.end].isdecimal() or number.end - end == 2:
            return value + number.value / 100, unit, number.end  # 一米七五
        else:
            return value, unit, end


def _unit_at(text: str, at: int, kind: str) -> tuple[Unit, int] | None:
    """Return the longest name of a unit of `kind` at this place, and its end."""
    best: tuple[Unit, int] | None = None
    for pattern, factor in _patterns()[kind]:
        match = pattern.match(text, at)
        if match and (best is None or match.end() > best[1]):
            best = Unit(kind, factor, match[0].removeprefix("个")), match.end()
    return best


@functools.cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], Fraction]]]:
    return {
        kind: [(re.compile(f"个?(?:{_worded(p)})"), Fraction(f)) for p, f in rows]
        for kind, rows in _TABLE.items()
    }


def _worded(pattern: str) -> str:
    """A name in Latin letters ends where the word ends."""
    return "|".join(
        f"{p}(?![a-z])" if p[-1:].isascii() and p[-1:].isalpha() else p for p in pattern.split("|")
    )
