"""Spans, times of day, days and repetitions, as they are said in Chinese.

Every reader takes a text that `written_zh.clean` has made and finds the first match in it.
"""

import functools
import re
from fractions import Fraction

from assistant.mind.skills.finds import Found, Number
from assistant.mind.skills.numbers_zh import NUMERALS, number_at

_N = rf"[{NUMERALS}\d点.,半分之又]"
_UNITS = [
    (re.compile("个?(?:小时|钟头|钟点)|h(?:ours?)?(?![a-z])"), 3600),
    (re.compile("分(?:钟|(?!之))|m(?:in(?:ute)?s?)?(?![a-z])"), 60),
    (re.compile("秒钟?|s(?:ec(?:ond)?s?)?(?![a-z])"), 1),
    (re.compile("刻钟"), 900),
    (re.compile("天(?!气)|整天"), 86400),
    (re.compile("周(?!年|[一二三四五六日末])|个?(?:星期|礼拜)(?![一二三四五六日天])"), 604800),
]
_LINK = re.compile("[零又加和]")
_NIGHT = "今晚上?|明晚上?|后晚|昨晚上?|晚上|晚间|夜晚|半夜|夜里|夜间|深夜|午夜|后半夜|大半夜|晚"
_PERIOD = (
    rf"(?:{_NIGHT}|今早|明早|清晨|清早|大清早|一大早|凌晨|早上|早晨|上午|中午|正午|午后|下午|傍晚"
    r"|黄昏|早|[ap]\.?m\.?)"
)
_AFTERNOON = re.compile("下午|午后|傍晚|黄昏|p")
_NIGHT_WORD = re.compile(f"(?:{_NIGHT})$")
_DEEP = re.compile("半夜|夜里|夜间|深夜|午夜|后半夜|大半夜")
_HOUR = rf"(?P<hour>[{NUMERALS}]{{1,3}}|\d{{1,2}})"
_MINUTES = rf"(?P<minute>[{NUMERALS}]{{1,4}}|\d{{1,2}})"
_ABOUT = "(?:的|时候|大概|大约|差不多|就|那个|是|在)*"
_WORDS = [
    rf"(?P<period>{_PERIOD})?{_ABOUT}差(?P<less>[{NUMERALS}]{{1,3}}|\d{{1,2}})(?P<unit>分钟?|刻钟?)"
    rf"(?:就|到)?{_HOUR}点钟?整?",
    rf"(?P<period>{_PERIOD})?{_ABOUT}{_HOUR}点钟?(?:还)?差(?P<less>[{NUMERALS}]{{1,3}}|\d{{1,2}})"
    r"(?P<unit>分钟?|刻钟?)",
    rf"(?P<period>{_PERIOD})?{_ABOUT}(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?!\d)",
    rf"(?P<period>{_PERIOD})?{_ABOUT}{_HOUR}[点时]钟?(?:(?P<half>半)|过?(?P<quarter>[一三])刻钟?"
    rf"|整|过?{_MINUTES}分?(?![个遍次{NUMERALS}]|下(?!午)|小时|秒)|(?=[^候间]|$))",
]
_A_BIT = (
    *"大小快慢高低轻响多少早晚好声有重强弱短长亮暗静再准清加减升降调",
    "下来", "下去", "上来", "上去",
)  # fmt: skip
"""After these 一点 is a bit, not one o'clock."""
_LATER = re.compile(r"(?P<period>[ap])\.?m\.?(?![a-z])")
_SAID_AFTER = re.compile(
    "(?P<period>早上|早晨|上午|中午|下午(?!茶)|傍晚|晚上|夜里|半夜|凌晨)(?!有|要)"
)
"""三点下午 is said in haste."""
_WEEKDAYS = "一二三四五六日"
_PAST = re.compile(
    rf"^(?:昨[天日晚]|前天)(?=[早晚上中下午{NUMERALS}\d点半分钟:]{{0,12}}(?:提醒|叫醒|叫)[我一])"
    "|(?<=提醒我)(?:昨[天日晚]|前天)"
    "|(?<=[设定上]一个)(?:昨[天日晚]|前天)(?=.{1,10}闹[钟铃])|(?<=[设定上]个)(?:昨[天日晚]|前天)(?=.{1,10}闹[钟铃])"
)
"""Only where somebody is to be reminded: of other days that are over people talk."""
_LONGEST = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def duration(text: str) -> Found | None:
    """Find the first span of `text`: its value in whole seconds (rounded down)."""
    for start in range(len(text)):
        if start and text[start - 1] in "第.:点":
            continue
        found = _span_at(text, start)
        if found:
            return found
    return None


def _span_at(text: str, start: int) -> Found | None:
    total, end, smallest = Fraction(0), start, 10**9
    while True:
        part = _part_at(text, _linked(text, end) if end > start else end)
        if part is None or part[1] >= smallest:
            break
        value, smallest, end = part
        total += value
    if end == start:
        return None
    bare = re.compile(rf"([{NUMERALS}]{{1,3}}|\d{{1,2}})(?=$|的)").match(text, end)
    number = number_at(bare[1]) if bare and smallest in (3600, 60) else None
    if bare and number and number.end == len(bare[1]) and number.value < 60:
        total, end = total + number.value * (smallest // 60), bare.end()  # 一小时二十
    return Found(int(total), start, end)


def _linked(text: str, at: int) -> int:
    link = _LINK.match(text, at)
    return link.end() if link else at


def _part_at(text: str, at: int) -> tuple[Fraction, int, int] | None:
    """Read one number with its unit: seconds, the unit's seconds, and the end."""
    number = number_at(text, at)
    if number is None:
        return None
    found = _unit_at(text, number)
    return found or _unit_after_half(text, number)


def _unit_after_half(text: str, number: Number) -> tuple[Fraction, int, int] | None:
    """Read 一个半小时, 两个半钟头; 一个半分钟 is half a minute of something."""
    half = re.compile("个半(?=小时|钟头|钟点|星期|礼拜)").match(text, number.end)
    if half is None:
        return None
    return _unit_at(text, Number(number.value + Fraction(1, 2), number.start, half.end()))


def _unit_at(text: str, number: Number) -> tuple[Fraction, int, int] | None:
    at = number.end + (text.startswith(" ", number.end))
    for pattern, seconds in _UNITS:
        unit = pattern.match(text, at) or pattern.match(text, at + text.startswith("个", at))
        if unit is None:
            continue
        value, end = number.value * seconds, unit.end()
        half = re.compile("半(?!夜)钟?").match(text, end)
        if half and seconds in (3600, 60, 86400):  # 一分半, 两小时半
            value, end = value + Fraction(seconds, 2), half.end()
        quarter = re.compile("([一三])刻钟?").match(text, end)
        if quarter and seconds == 3600:
            value, end = value + (900 if quarter[1] == "一" else 2700), quarter.end()
            seconds = 60
        return value, seconds, end
    return None


def clock(text: str) -> Found | None:
    """Find the first time of day of `text`: "HH:MM", 24 h; None where no hour is said."""
    best: tuple[int, Found] | None = None
    for pattern in _times():
        match = pattern.search(text)
        while match:
            found = None if _within_number(text, match.start()) else _time(match, text)
            if found:
                if best is None or found.start < best[0]:
                    best = (found.start, found)
                break
            match = pattern.search(text, match.start() + 1)  # 周五七点: not 五七点
    if best:
        return best[1]
    named = re.search(rf"正午|午夜(?![{NUMERALS}\d])", text)
    if named:
        return Found("12:00" if named[0] == "正午" else "00:00", *named.span())
    return None


def _within_number(text: str, at: int) -> bool:
    """Tell 二十五点, where 十五点 is no time, from 周五七点."""
    pair = text[max(0, at - 1) : at + 1]
    return (
        len(pair) == 2 and all(c in NUMERALS for c in pair) and any(c in "十百千万" for c in pair)
    )


@functools.cache
def _times() -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in _WORDS]


def _time(match: re.Match[str], text: str) -> Found | None:
    groups = match.groupdict()
    period = groups.get("period") or ""
    hour = _whole(groups["hour"])
    minute = _minute(groups)
    if not period and match[0] == "一点" and text[: match.start()].endswith(_A_BIT):
        return None
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    end = match.end()
    later = _LATER.match(text, end + text.startswith(" ", end)) or _SAID_AFTER.match(text, end)
    if later and not period:
        period, end = later["period"], later.end()
    hour = _moved(hour, period)
    if groups.get("less"):
        hour, minute = (hour - 1) % 24, 60 - minute
    return Found(f"{hour % 24:02}:{minute:02}", match.start(), end)


def _minute(groups: dict[str, str | None]) -> int | None:
    if groups.get("less"):
        less = _whole(groups["less"])
        return less and less * (15 if str(groups["unit"]).startswith("刻") else 1)
    if groups.get("half"):
        return 30
    if groups.get("quarter"):
        return 15 if groups["quarter"] == "一" else 45
    if groups.get("minute"):
        return _whole(groups["minute"])
    return 0


def _whole(text: str | None) -> int | None:
    number = number_at(text or "")
    if number is None or text is None or number.end < len(text) or number.value.denominator > 1:
        return None
    return int(number.value) if number.value >= 0 else None


def _moved(hour: int, period: str) -> int:
    """Return the hour of the day that `hour` is, as the word before it says."""
    if _NIGHT_WORD.match(period):
        if hour == 12:
            return 0
        if _DEEP.search(period):
            return hour + 12 if 5 <= hour <= 11 else hour
        return hour + 12 if 1 <= hour <= 11 else hour
    if _AFTERNOON.match(period):
        return hour + 12 if 1 <= hour <= 11 else hour
    if period == "中午":
        return hour + 12 if 1 <= hour <= 3 else hour
    if period.startswith("a"):
        return hour % 12 if hour == 12 else hour
    return hour


def day(text: str) -> Found | None:
    """Find the first day of `text`, in one of the forms of `reading.KINDS`."""
    near = re.search("大后天|后天|明[天早晚儿]|明日|今[天早晚儿]|今日", text) or _PAST.search(text)
    week = re.search(f"(这个?|本|下个?)?(?:周|星期|礼拜)([{_WEEKDAYS}天])(?!边)", text)
    date = re.search(
        rf"(?:(?P<year>\d{{4}}|[{NUMERALS}]{{4}})年)?(?P<month>{_N}{{1,3}})月份?(?P<day>{_N}{{1,3}})[号日]"
        rf"|(?P<next>下个?月)?(?P<alone>{_N}{{1,3}})[号日](?![线楼店机元语本])",
        text,
    )
    feast, moving = _FEAST.search(text), _MOVING_FEAST.search(text)
    found = [
        near and _near(near),
        week and _weekday(week),
        date and _date(date),
        feast and Found(f"--{_FEASTS[feast[1]]}", *feast.span()),
        moving and Found(_MOVING.get(moving[1], "lunar-new-year"), *moving.span()),
    ]
    return min((each for each in found if each), key=lambda each: each.start, default=None)


_FEASTS = {
    "元旦": "01-01", "情人节": "02-14", "妇女节": "03-08", "三八节": "03-08", "植树节": "03-12",
    "愚人节": "04-01", "劳动节": "05-01", "五一": "05-01", "青年节": "05-04", "儿童节": "06-01",
    "六一": "06-01", "建党节": "07-01", "建军节": "08-01", "教师节": "09-10", "国庆": "10-01",
    "十一": "10-01", "万圣节": "10-31", "双十一": "11-11", "双11": "11-11", "双十二": "12-12",
    "双12": "12-12", "平安夜": "12-24", "圣诞": "12-25", "跨年": "12-31",
}  # fmt: skip
"""Those that do not move; --MM-DD without the leading signs."""
_MOVING = {
    "春节": "lunar-new-year", "大年初一": "lunar-new-year", "正月初一": "lunar-new-year",
    "农历新年": "lunar-new-year", "除夕": "lunar-new-year-eve", "大年三十": "lunar-new-year-eve",
    "元宵": "lantern", "正月十五": "lantern", "清明": "qingming", "端午": "dragon-boat",
    "七夕": "qixi", "中秋": "mid-autumn", "重阳": "double-ninth", "冬至": "winter-solstice",
    "腊八": "laba", "复活节": "easter", "感恩节": "thanksgiving",
}  # fmt: skip
"""Those of the Chinese calendar, and what else moves."""
_NUMBERED = ("五一", "六一", "十一")
"""Numbers too, where nothing tells that the day is meant."""
_FEAST = re.compile(
    "(?:五一(?=劳)|六一(?=儿)|三八(?=妇)|五四(?=青)|十一(?=国庆))?"
    f"({'|'.join(sorted(set(_FEASTS) - set(_NUMBERED), key=len, reverse=True))}"
    f"|(?:(?<=[离距到])|(?<=距离))(?:{'|'.join(_NUMBERED)})(?=还|那天|放|有|节)"
    f"|(?<![二三四五六七八九十])(?:{'|'.join(_NUMBERED)})(?=节(?!课)|还有几|还有多|是星期|是礼拜|是周))"
    "(?:节(?!日|目|奏|约|省)|假期)?"
)
_MOVING_FEAST = re.compile(
    f"({'|'.join(_MOVING)}|(?<=[离距到])过年(?![{NUMERALS}\\d]))(?:节(?!日|目|奏|约|省)|假期)?(?![上河园粥夜])"
)
"""清明上河图 and 腊八粥 are no days."""


def _near(match: re.Match[str]) -> Found:
    if (days := "今明后大".find(match[0][0])) >= 0:
        return Found(f"+{days}", *match.span())
    return Found(f"-{'昨前'.index(match[0][0]) + 1}", *match.span())


def _weekday(match: re.Match[str]) -> Found:
    later = "+1" if (match[1] or "").startswith("下") else ""
    return Found(_NAMES[match[2]] + later, *match.span())


def _date(match: re.Match[str]) -> Found | None:
    year, month = _whole(match["year"]), _whole(match["month"])
    number = _whole(match["day"] or match["alone"])
    if (match["month"] and not month) or (month or 1) > 12:
        return None
    if number is None or not 1 <= number <= _LONGEST[month or 1]:
        return None
    if match["alone"]:
        return Found(f"{'+1' if match['next'] else ''}---{number:02}", *match.span())
    return Found(f"{f'{year:04}' if year else '-'}-{month:02}-{number:02}", *match.span())


_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun"]
_NAMES = dict(zip(_WEEKDAYS + "天", _DAYS, strict=True))


def repetition(text: str) -> Found | None:
    """Find how often: "daily", "weekdays", or days of the week: "mon,tue"."""
    found = re.search(
        "(?:每个?|逢)?(?:工作日|上班日|上学日)(?:每天|都)?|(?:从|每)?(?:周|星期|礼拜)一(?:到|至)(?:周|星期|礼拜)?五",
        text,
    )
    if found:
        return Found("weekdays", *found.span())
    found = re.search("每个?周末|周末每天|周末(?=.{0,4}[点早晚上下])", text)
    if found:
        return Found("weekends", *found.span())
    week, one = "(?:周|星期|礼拜)", "[一二三四五六日天]"
    found = re.search(f"(?:每逢|每个|每|逢){week}({one}(?:(?:和|跟)?{week}?{one})*)", text)
    if found:
        days = dict.fromkeys(_NAMES[c] for c in found[1] if c in _NAMES)
        return Found(",".join(days), *found.span())
    found = re.search(
        "(?<![一二三四五六七八九十])(?:一三五|二四六|二四|三五)(?=早|上午|中午|下午|晚)", text
    )
    if found:
        return Found(",".join(_NAMES[c] for c in found[0]), *found.span())
    found = re.search("每一?天|天天|每日|每(?=早|晚|天|个?(?:早|晚)上)", text)
    return found and Found("daily", *found.span())
