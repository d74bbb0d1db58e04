"""English words in Chinese requests: 帮我设一个 ten minutes 的 timer."""

import re

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
    "max": "最大", "plus": "加", "minus": "减", "times": "乘",
}  # fmt: skip
_ONE = "|".join(sorted(_SMALL, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![a-z'])(?:(?P<half>half an?)|(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<one>{_ONE}))?"
    rf"|(?P<small>{_ONE}))(?![a-z'])"
)
_WORD = re.compile(rf" ?(?<![a-z'])({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![a-z']) ?")
_TIME = re.compile(r"(\d{1,2}) (\d{2})(?: ?(am|pm))?(?!\d)")


def chinese(written: Written) -> Written:
    """Return the text with the English words that requests have put into Chinese and digits.

    Only where Chinese frames them; a word to be spelt is given back as it was said in any case.
    """
    if not re.search("[\u3400-\u9fff]", written.text):
        return written
    written = written.replaced(_NUMBER, _digits)
    written = written.replaced(_TIME, lambda m: f"{m[1]}:{m[2]}{m[3] or ''}")
    return written.replaced(_WORD, lambda m: _WORDS[m[1]])


def _digits(match: re.Match[str]) -> str:
    if match["half"]:
        return "半"
    if match["small"]:
        return str(_SMALL[match["small"]])
    return str(_TENS[match["tens"]] + _SMALL.get(match["one"] or "zero", 0))
