"""Chinese: every number is written in characters, as it is said."""

import functools
import re
from collections.abc import Callable

CODE = "代码见文字。"
DOT, AT = "点", "艾特"

_NUMBER = r"(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?|\d{1,15}(?:\.\d{1,15})?)"
_N = r"(?<![\d.,^])" + _NUMBER
_UNIT = "[\u4e00-\u9fff](?<![到至和与或是为比加减乘])"
_MINUS = r"(?<![A-Za-z\d.,)）%°‰′'-])-(?=\d)"
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_MEASURES = (
    "个只条张块瓶杯份本辆台匹头位亩次天年周岁点件种颗把双对家间所座层首遍倍回场碗盘斤克吨米升"
    "页行句段篇部支根棵朵套批群组步名人元秒分"
)
_LONGER_MEASURES = (
    "公[里斤分顷]|小时|[厘毫分]米|毫升|千[克米瓦]|平方|立方|英[里寸尺镑]|[美欧日港]元|星期|礼拜"
)
_UNITS = {
    "km/h": "每小时{}公里", "mph": "每小时{}英里", "m/s": "每秒{}米", "MB/s": "每秒{}兆字节",
    "Mbps": "每秒{}兆比特", "Gbps": "每秒{}吉比特",
    "km²": "{}平方公里", "m²": "{}平方米", "cm²": "{}平方厘米", "m³": "{}立方米",
    "cm³": "{}立方厘米",
    "km": "{}公里", "m": "{}米", "cm": "{}厘米", "mm": "{}毫米", "µm": "{}微米", "nm": "{}纳米",
    "kg": "{}公斤", "g": "{}克", "mg": "{}毫克", "µg": "{}微克", "t": "{}吨",
    "lb": "{}磅", "oz": "{}盎司",
    "ml": "{}毫升", "mL": "{}毫升", "l": "{}升", "L": "{}升",
    "ms": "{}毫秒", "s": "{}秒", "min": "{}分钟", "h": "{}小时",
    "kB": "{}千字节", "KB": "{}千字节", "MB": "{}兆字节", "GB": "{}吉字节", "TB": "{}太字节",
    "Hz": "{}赫兹", "kHz": "{}千赫", "MHz": "{}兆赫", "GHz": "{}吉赫",
    "W": "{}瓦", "kW": "{}千瓦", "MW": "{}兆瓦", "kWh": "{}千瓦时", "V": "{}伏", "mA": "{}毫安",
    "mAh": "{}毫安时", "kPa": "{}千帕", "hPa": "{}百帕", "dB": "{}分贝",
    "kcal": "{}千卡", "px": "{}像素",
    "°C": "{}摄氏度", "°F": "{}华氏度", "°": "{}度", "%": "百分之{}", "‰": "千分之{}",
    "percent": "百分之{}", "mins": "{}分钟", "secs": "{}秒",
}  # fmt: skip
_ENGLISH_UNITS = {
    "second": "{}秒", "minute": "{}分钟", "hour": "{}小时", "day": "{}天", "week": "{}周",
    "month": "{}个月", "year": "{}年", "degree": "{}度", "mile": "{}英里", "meter": "{}米",
    "metre": "{}米", "kilometer": "{}公里", "kilometre": "{}公里", "dollar": "{}美元",
}  # fmt: skip
_UNITS |= {f"{unit}{end}": said for unit, said in _ENGLISH_UNITS.items() for end in ("", "s")}
_MONEY = {
    "¥": "元", "CNY": "元", "RMB": "元", "$": "美元", "US$": "美元", "USD": "美元", "€": "欧元",
    "EUR": "欧元", "£": "英镑", "GBP": "英镑", "HK$": "港元", "₩": "韩元",
    "₹": "卢比", "JPY": "日元",
}  # fmt: skip
_CALLED = (
    "(?:拨打?|打|呼叫|致电|热线|客服|电话号码|电话|报警|急救|火警|投诉)(?:电话)?(?:[是为]|[：:] ?)?"
)
"""Before a short number these make it one to call: 打110, which nobody says as 一百一十."""
_PARTS = "凌晨|早上|上午|中午|下午|傍晚|晚上|今晚|明晚"
_SCALES = "百千万亿"
_PER = "小时|分钟|秒|天|晚|周|月|年|人|次|个|斤|公斤|千克|克|吨|升|平方米|公里|瓶|杯|盒"
_SIGNS = [
    (r"(?<=\d) ?[×x*] ?(?=\d)", "乘"),
    (r"(?<=[\w)）]) ?÷ ?(?=[\w(（])", "除以"),
    (r"(?<=[\w)）]) ?={1,3} ?(?=[\w(（-])", "等于"),
    (r"(?<=[\w)）]) ?\+ ?(?=\d)", "加"),
    (r"(?<=\d) - (?=\d)", "减"),
    (r" ?(?:≤|<=) ?", "小于等于"),
    (r" ?(?:≥|>=) ?", "大于等于"),
    (r" ?(?:≠|!=) ?", "不等于"),
    (r"(?<=\w) ?< ?(?=\d)", "小于"),
    (r"(?<=\w) ?> ?(?=\d)", "大于"),
    (r"± ?", "正负"),
    (r"[~≈] ?(?=\d)", "约"),
    (r"(?<=\w)(?:²|\^2(?!\d))", "的平方"),
    (r"(?<=\w)(?:³|\^3(?!\d))", "的立方"),
    (_MINUS, "负"),
    (r"(?<=[A-Za-z])-(?=\d)", " "),
    (r"π", "派"),
    (r"(?<=\w) ?& ?(?=\w)", "和"),
    (r" ?(?:→|⇒|-{1,2}>|={1,2}>) ?", "，"),
    (r" ?(?:—{1,2}|-{2,3}) ?", "，"),
]

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def spell(text: str) -> str:
    """Return one line of plain Chinese without digits."""
    if not re.search(r"[\d½¼¾⅓⅔]", text):
        return _signs(text)
    text = re.sub(r"(?<=\d)：(?=\d)", ":", text)
    for compiled, function in _rules():
        text = compiled.sub(function, text)
    text = re.sub(_NUMBER, lambda m: _number(m[0]), _signs(text))
    return text.translate(_DIGITS)


def _signs(text: str) -> str:
    for pattern, new in _SIGNS:
        text = re.sub(pattern, new, text)
    return text


@functools.cache
def _rules() -> list[Rule]:
    """The rules about numbers, in the order in which they must be applied."""
    units = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
    money = "|".join(re.escape(sign) for sign in sorted(_MONEY, key=len, reverse=True))
    day = r"(\d{1,2})"
    to = r"(?:-| ?[–~～] ?)"  # a hyphen between blanks is a minus
    rules: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (rf"(\d(?:{_UNIT}){{1,2}}|:[0-5]\d){to}(?=\d)", lambda m: f"{m[1]}到"),
        (_MINUS, lambda _: "负"),
        (r"(?<=\d)-(?=\d{1,15}(?:\.\d{1,15})? ?=)", lambda _: "减"),
        (r"(\d{1,15})? ?([½¼¾⅓⅔])", _vulgar),
        (rf"(?<![\d.])(\d{{4}})[-/.]{day}[-/.]{day}(?![\d/-])", _date),
        (
            rf"(?<!\d)([12]\d{{3}}){to}(?=[12]\d{{3}}年)",
            lambda m: m[1].translate(_DIGITS) + "到",
        ),
        # 1999年 and 98年 are years, 20年 and 5000年 are durations.
        (
            r"(?<!\d)([12]\d{3}|0\d|[7-9][1-9])(?=年(?!级|[来多]))",
            lambda m: m[1].translate(_DIGITS),
        ),
        (r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){2,}+(?!\d|\.\d)", _version),
        (
            rf"((?:{_PARTS}) ?)?(?<![\d:.])(1[0-2]|[1-9])(?::([0-5]\d))? ?([APap])\.?[Mm]"
            r"(?:\.(?!$))?(?![A-Za-z])",
            _half_day,
        ),
        (r"(?<![\d:])(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?![\d:])", _time),
        (
            rf"({_CALLED}) ?(\d{{3,6}})(?![\d.,:%]|[{_MEASURES}]|{_LONGER_MEASURES})",
            lambda m: m[1] + _digit_by_digit(m[2]),
        ),
        (r"(?<![\d:])(\d{1,3}):(\d{1,3})(?![\d:])", lambda m: f"{m[1]}比{m[2]}"),
        (r"(?<![A-Za-z\d-])(?:\+\d{1,3}[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![\d-])", _telephone),
        (r"(?<![A-Za-z\d-])0\d{2,3}-\d{7,8}(?![\d-])", _telephone),
        (r"(?<![A-Za-z\d-])\d{3,4}(?:-\d{3,4}){2,3}(?![\d-])", _telephone),
        (
            rf"({money}) ?{_NUMBER} ?([{_SCALES}]*){to}(?:\1 ?)?(?=\d)",
            lambda m: f"{m[2]}{m[3]}到{m[1]}",
        ),
        (rf"{_N} ?([{_SCALES}]*) ?(?:{money}){to}(?=\d)", lambda m: f"{m[1]}{m[2]}到"),
        (rf"({money}) ?{_NUMBER} ?([{_SCALES}]*)", lambda m: f"{m[2]}{m[3]}{_MONEY[m[1]]}"),
        (rf"{_N} ?([{_SCALES}]*) ?({money})(?![A-Za-z])", lambda m: m[1] + m[2] + _MONEY[m[3]]),
        (rf"(?<!-){_N}([%°‰]?){to}(?=负?\d)(?!\d+-\d)", lambda m: f"{m[1]}{m[2]}到"),
        (rf"{_N} ?({units})(?![A-Za-z²³^])", _measure),
        (rf"(?<=[\w元])/({_PER})", lambda m: f"每{m[1]}"),
        (
            r"(?<![\d./])(\d{1,3})/(\d{1,3})(?![\d./])",
            lambda m: _number(m[2]) + "分之" + _number(m[1]),
        ),
        (rf"(?<![\d.,第])2(?=[{_MEASURES}]|{_LONGER_MEASURES})(?!年级|分之)", lambda _: "两"),
        (
            rf"(?<![A-Za-z])([A-Z][A-Za-z]+ )(\d{{3,4}})(?<!00)(?![\d.,:%]|[{_MEASURES}])",
            lambda m: m[1] + m[2].translate(_DIGITS),  # Boeing 747
        ),
        (r"(?<![\d.,])(?:0\d+|\d{12,})(?![\d.])", lambda m: m[0].translate(_DIGITS)),
    ]
    return [(re.compile(pattern), function) for pattern, function in rules]


def _number(number: str, counted: bool = False) -> str:
    """Write a number as it is said; `counted` things are 两, not 二."""
    whole, _, part = number.replace(",", "").partition(".")
    if counted and whole == "2" and not part:
        return "两"
    said = _engine()(int(whole)).replace("〇", "零")
    return f"{said}点{part.translate(_DIGITS)}" if part else said


@functools.cache
def _engine() -> Callable[[int], str]:
    from unicode_rbnf import RbnfEngine

    engine = RbnfEngine.for_language("zh")
    return lambda number: engine.format_number(number).text


def _measure(m: re.Match[str]) -> str:
    """Say number and unit; a percentage is not counted, so that it has 二 and not 两."""
    return _UNITS[m[2]].format(_number(m[1], counted=m[2] not in "%‰"))


def _version(m: re.Match[str]) -> str:
    """Read the numbers of a version or of an address in a network digit by digit."""
    return m[0].translate(_DIGITS).replace(".", "点")


def _date(m: re.Match[str]) -> str:
    if not (1 <= int(m[2]) <= 12 and 1 <= int(m[3]) <= 31):
        return m[0]
    return f"{m[1].translate(_DIGITS)}年{_number(m[2])}月{_number(m[3])}日"


def _time(m: re.Match[str]) -> str:
    hour, minute, second = int(m[1]), m[2], m[3]
    if hour > 24:
        return m[0]
    said = f"{_number(str(hour), True)}点"
    if minute != "00" or second:
        said += f"{'零' if minute[0] == '0' and minute != '00' else ''}{_number(minute)}分"
    return said + (f"{_number(second)}秒" if second else "")


def _telephone(m: re.Match[str]) -> str:
    """Digit by digit; one is yāo on the telephone, so that nobody hears seven."""
    groups = re.findall(r"\d+", m[0])
    said = "，".join(map(_digit_by_digit, groups))
    return ("加" if m[0][0] == "+" else "") + said


def _digit_by_digit(number: str) -> str:
    return number.translate(_DIGITS).replace("一", "幺")


def _half_day(m: re.Match[str]) -> str:
    """Say 5:30 pm; the part of the day is added where it is not said in Chinese already."""
    hour, minute, afternoon = int(m[2]), m[3] or "00", m[4] in "Pp"
    part = m[1] or _part_of_day(hour % 12 + 12 * afternoon)
    said = f"{part}{_number(str(hour), True)}点"
    if minute == "00":
        return said
    return said + f"{'零' if minute[0] == '0' else ''}{_number(minute)}分"


def _part_of_day(hour: int) -> str:
    parts = [(5, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上")]
    return next(part for until, part in parts if hour < until)


def _vulgar(m: re.Match[str]) -> str:
    said = {"½": "二分之一", "¼": "四分之一", "¾": "四分之三", "⅓": "三分之一", "⅔": "三分之二"}[
        m[2]
    ]
    return f"{_number(m[1])}又{said}" if m[1] else said
