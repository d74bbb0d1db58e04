"""English words in Chinese requests: 帮我设一个 ten minutes 的 timer, 现在几点 in Tokyo."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.mind.skills import places_en, times_en
from assistant.mind.skills.crossing import words
from assistant.mind.skills.written import Written

_SMALL = {
    "a": 1, "an": 1, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_WORDS = {
    "timer": "定时器", "timers": "定时器", "alarm": "闹钟", "alarms": "闹钟", "reminder": "提醒",
    "countdown": "倒计时", "volume": "音量", "percent": "%", "stopwatch": "秒表", "hour": "小时",
    "hours": "小时", "minute": "分钟", "minutes": "分钟", "min": "分钟", "mins": "分钟",
    "second": "秒", "seconds": "秒", "sec": "秒", "o'clock": "点", "english": "英语",
    "chinese": "中文", "mandarin": "普通话", "coin": "硬币", "dice": "骰子", "cancel": "取消",
    "delete": "删除", "stop": "停止", "set": "设", "start": "开始", "repeat": "重复",
    "version": "版本", "model": "模型", "online": "在线", "offline": "离线", "pause": "暂停",
    "max": "最大", "plus": "加", "minus": "减", "times": "乘", "turn up": "调大",
    "turn down": "调小", "fahrenheit": "华氏度", "celsius": "摄氏度",
}  # fmt: skip
_ONE = "|".join(sorted(_SMALL, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![a-z'])(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<one>{_ONE}))?|(?P<small>{_ONE}))"
    r"(?![a-z'])"
)
_WORD = re.compile(rf" ?(?<![a-z'])({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![a-z']) ?")
_TIME = re.compile(r"(\d{1,2}) (\d{2})(?: ?(am|pm))?(?!\d)")
_RUN = re.compile(r"[a-z\d][a-z\d :.'-]*[a-z\d]")
_LEAD = re.compile(r"(?<![a-z'])(at|on|in|for|by) (?:the )?$")
_ALL = re.compile(
    r" ?(?<![a-z'])all(?: of)?(?: my| the)?"
    r"(?: (?=timers?|alarms?|reminders?)|(?=[定计]时器|闹[钟铃]|提醒))"
)
_LATER = re.compile(r" (?:from now|later)(?![a-z])")
_BARE_HOUR = re.compile(rf"(?<![a-z'])at ({_ONE}|\d{{1,2}})(?![a-z':.\d]| (?:{_ONE}|\d))")
_IDLE = re.compile(r"(?<![a-z\d]) | (?![a-z\d])")
_CLOCK_WANTED = re.compile("几点|几时|时间|几号|几月|星期几|周几|礼拜几|日期")
"""Elsewhere a word such as "reading" is no place."""
MOST_OF_A_PLACE = 4
"""Words of the longest name of a place."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands in an English part of a text, and how it is said in Chinese."""

    start: int
    end: int
    said: str
    behind: bool
    """English has it behind what it belongs to."""


def chinese(written: Written) -> Written:
    """Return the text with the English words that requests have put into Chinese and digits.

    Only where Chinese frames them; a word to be spelt is given back as it was said in any case.
    """
    if not re.search("[\u3400-\u9fff]", written.text) or not re.search("[a-z]", written.text):
        return written
    written = _crossed(written).replaced(_ALL, lambda _: "所有")
    written = written.replaced(_NUMBER, _digits)
    written = written.replaced(_TIME, lambda m: f"{m[1]}:{m[2]}{m[3] or ''}")
    return written.replaced(_WORD, lambda m: _WORDS[m[1]])


def _crossed(written: Written) -> Written:
    """Say English times, spans, days and places in Chinese.

    What English puts behind all else stands in front in Chinese: 提醒我开会 at five pm.
    """
    front, parts, at = list[Written](), list[Written](), 0
    places = bool(_CLOCK_WANTED.search(written.text))
    for run in _RUN.finditer(written.text):
        last = run.start() > 0 and run.end() == len(written.text)
        for piece in _pieces(run[0], places):
            start, end = run.start() + piece.start, run.start() + piece.end
            parts.append(written.part(at, start))
            (front if last and piece.behind else parts).append(written.put(start, end, piece.said))
            at = end
    parts.append(written.part(at, len(written.text)))
    text = "".join(part.text for part in (*front, *parts))
    origin = tuple(place for part in (*front, *parts) for place in part.places)
    return Written(text, written.source, origin).replaced(_IDLE, lambda _: "")


def _pieces(run: str, places: bool) -> list[_Piece]:
    """Return what can be said in Chinese, from left to right, without overlap."""
    found = [*_spans(run), *_times(run), *_days(run), *(_places(run) if places else ())]
    chosen: list[_Piece] = []
    for piece in sorted(found, key=lambda piece: (piece.start, -piece.end)):
        if not chosen or piece.start >= chosen[-1].end:
            chosen.append(piece)
    return chosen


def _spans(run: str) -> Iterator[_Piece]:
    for each in times_en.durations(run):
        start, lead = _led(run, each.start)
        later = _LATER.match(run, each.end)
        after = "后" if lead == "in" or later else ""
        said = words("duration", each.value, "zh") + after
        yield _Piece(start, later.end() if later else each.end, said, bool(after))


def _times(run: str) -> Iterator[_Piece]:
    for each in times_en.clocks(run):
        start, lead = _led(run, each.start)
        yield _Piece(start, each.end, str(each.value), bool(lead))
    for hour in _BARE_HOUR.finditer(run):
        if time := times_en.bare_hour(run, *hour.span(1)):
            yield _Piece(*hour.span(), time, True)


def _days(run: str) -> Iterator[_Piece]:
    for kind, found in (("day", times_en.days(run)), ("repeat", times_en.repeats(run))):
        for each in found:
            if said := words(kind, each.value, "zh"):
                yield _Piece(_led(run, each.start)[0], each.end, said, True)


def _places(run: str) -> Iterator[_Piece]:
    found = list(re.finditer("[a-z'-]+", run))
    for at, first in enumerate(found):
        for last in reversed(found[at : at + MOST_OF_A_PLACE]):
            name = run[first.start() : last.end()]
            if zone := places_en.zones().get(name):
                said = words("place", zone, "zh") or name
                yield _Piece(_led(run, first.start())[0], last.end(), said, True)
                break


def _led(run: str, start: int) -> tuple[int, str]:
    """Return where a preposition before `start` begins, and which it is; "": there is none."""
    lead = _LEAD.search(run[:start])
    return (lead.start(), lead[1]) if lead else (start, "")


def _digits(match: re.Match[str]) -> str:
    if match["small"]:
        return str(_SMALL[match["small"]])
    return str(_TENS[match["tens"]] + _SMALL.get(match["one"] or "zero", 0))
