"""Chinese words in English requests: set a 五分钟 timer, what time is it in 东京."""

import re
from collections.abc import Iterator

from assistant.language import HAN
from assistant.mind.skills import written_zh
from assistant.mind.skills.crossing import words
from assistant.mind.skills.numbers_zh import numbers, whole
from assistant.mind.skills.places_zh import zones
from assistant.mind.skills.times_zh import clock, day, duration, repetition
from assistant.mind.skills.written import Written

_RUN = re.compile(rf"\d*[{HAN}][{HAN}\d:.%]*")
_NOUNS = {
    "闹钟": "alarm", "闹铃": "alarm", "定时器": "timer", "计时器": "timer",
    "倒计时": "countdown", "提醒": "reminder", "音量": "volume", "声音": "volume",
    "秒表": "stopwatch", "公里": "kilometers", "英里": "miles", "公斤": "kilograms",
    "磅": "pounds", "英尺": "feet", "英寸": "inches", "摄氏度": "celsius", "千米": "kilometers",
    "千克": "kilograms", "毫克": "milligrams", "克": "grams", "盎司": "ounces",
    "厘米": "centimeters", "所有": "all", "全部": "all",
    "毫米": "millimeters", "毫升": "milliliters", "加仑": "gallons",
    "华氏度": "fahrenheit", "中文": "chinese", "汉语": "chinese", "普通话": "chinese",
    "英文": "english", "英语": "english", "硬币": "coin", "骰子": "dice",
}  # fmt: skip
_SPACES = re.compile("  +")
_NOUN = re.compile("|".join(_NOUNS))
_AFTER = re.compile("(?:以|之|过)?后")
_LEFT = re.compile("[的个是在再过把]*")
"""What may be left of a run without any meaning of its own."""
_POLITE = re.compile(r"(?<=[a-z]) ?(?:吧|呀|啊|哦|好吗|行吗|可以吗)+$")
"""What may stand behind an English request."""
_LED = re.compile(r"(?<![a-z'])(?:at|for|by|from|until|till|to|a|an|the|my|is) $")
"""Between these and a time there is no "at"."""

Piece = tuple[int, int, str]


def english(written: Written) -> Written:
    """Return the text with Chinese times, spans, days, numbers, places and some nouns in English.

    What is not known word for word is left as it is: it is a name or a message.
    """
    if not re.search(f"[{HAN}]", written.text):
        return written
    polite = _POLITE.search(written.text)
    if polite and polite.start():
        written = written.part(0, polite.start())
    return written.replaced(_RUN, _in_english).replaced(_SPACES, lambda _: " ")


def _in_english(run: re.Match[str]) -> str:
    before, after = run.string[: run.start()], run.string[run.end() :]
    if after and _LEFT.fullmatch(run[0]):
        return ""
    said = _translated(written_zh.clean(run[0]).text) or run[0]
    if _LED.search(before):
        said = said.removeprefix("at ")
    return f"{' ' * before[-1:].isalnum()}{said}{' ' * after[:1].isalnum()}"


def _translated(run: str) -> str:
    """Return a run in English; "": something in it is not known."""
    number = whole(run)
    if number is not None and number.denominator == 1:
        return words("number", int(number), "en")
    text, at = [], 0
    for start, end, said in sorted(_pieces(run), key=lambda piece: (piece[0], -piece[1])):
        if start < at:
            continue
        if not said or not _LEFT.fullmatch(run[at:start]):
            return ""
        text.append(said)
        at = end
    return " ".join(text) if _LEFT.fullmatch(run[at:]) else ""


def _pieces(run: str) -> Iterator[Piece]:
    """Yield what is known in a run; pieces may overlap."""
    readers = {"duration": duration, "time": clock, "repeat": repetition, "day": day}
    for kind, read in readers.items():
        at = 0
        while found := read(run[at:]):
            start, end, said = at + found.start, at + found.end, words(kind, found.value, "en")
            if kind == "time":
                said = f"at {said}"
            if kind == "duration" and (after := _AFTER.match(run, end)):
                end, said = after.end(), f"in {said}"
            yield start, end, said
            at += found.end
    for name, zone in zones().items():
        if (start := run.find(name)) >= 0:
            yield start, start + len(name), words("place", zone, "en")
    for match in _NOUN.finditer(run):
        yield *match.span(), _NOUNS[match[0]]
    for number in numbers(run):
        if _NOUN.match(run, number.end) and number.value.denominator == 1:
            yield number.start, number.end, str(number.value)
    for match in re.finditer(r"百分之[^的]+|\d+%", run):
        share = whole(match[0])
        if share is not None:
            yield *match.span(), words("percent", f"{float(share * 100):g}", "en")
