"""Reads Chinese: what stands in a request, before its sentence is looked for."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from assistant.mind.skills import (
    decimals,
    dialect_zh,
    frame_zh,
    guessing_zh,
    loose_zh,
    phrases,
    sums_zh,
    times_zh,
    units_zh,
    written_zh,
)
from assistant.mind.skills.finds import Found, apart, meet, plain, ranges
from assistant.mind.skills.mixed_zh import chinese
from assistant.mind.skills.numbers_zh import number_at, numbers
from assistant.mind.skills.places_zh import zones
from assistant.mind.skills.reading import Exact, Span
from assistant.mind.skills.written import Written

_LOUDNESS = re.compile("音量|声音|嗓门|喇叭|大声|小声|音")
_DRAWN = re.compile("随机|随便|任意|任选|数|号|整数|[选挑抽]")
_WITHIN = re.compile("(?:以内|之内|以下|内)的?.{0,3}(?:数|号码|整数)")
_LEVELS = {"number": "level", "percent": "level"}
_RINGS = re.compile("的?(?:倒计时|[定计]时器?|闹[钟铃])")
_RANGE = re.compile("到|至|和|跟|与|-|~")
MOST_OF_A_NAME, MOST_OF_A_WORD = 8, 24
"""Characters; longer ones are sentences."""
_NO_NAME = re.compile(
    "[我你您他她它谁这那哪吗呢别没不了\u1200-\u12ff]|什么|怎么|如何|几|多少|多久|为什么|取消|设|闹钟|定时|计时|提醒|暂停|继续|恢复"
    "|关掉|关闭|查看|看看|所有|全部|一个$|坏|昨天|上次|的时候|叫|说|让|^的|^给|^为|^个|^新|^把|^再|床$|^床|[设定]一?个|^步|^题$|^从|现在|^开着|久|才|[点分秒]$|^正|^刚|^响|里的?$|一[次下]的?$|[射社舍]|一$"
)
_NO_MESSAGE = re.compile(
    "什么|怎么|为什么|谁[是在]|是谁|哪[个里儿年天一]|多少|几[点号个年岁]|是不是|有没有|[吗呢么]$|怕忘|别忘了?$|^[了的过吧着]|^[他她你们]|^[一二两三几]+[次遍回声]|^大家|^各位|^很|^同学|^我们?$|^一?[下声]$|^别|^起[床来]|^(?:[爸妈爷奶]|老[婆公]|儿子|女儿).{0,2}[去起来吃回]"
)
_NO_WORD = re.compile(
    r"[我你您他她谁\u1200-\u12ff]|(?:老师|同学|[爸妈爷奶]|孩子|朋友|客人|有人|人家)问|(.{1,4}).*的\1$|这[俩两]|^写$|拼音$|^拼|^音|[\u3400-\u9fff]{8}|^假条|字儿?$|什么|怎么|如何|这个|那个|^[这那的个]|[的是]$|情书|作文|日记|检讨|申请|论文|小说|简历|代码|程序"
    "|开头|结尾|标题|公式|祝福|请柬|请帖|贺卡|春联|遗[书嘱]|策划|方案|介绍|读后感|观后感|通知|启事|目录|摘要|简介|广告|文章|稿|申请|书法|毛笔|总结|报告|邮件|请假条|保证书|合同|[欠借]条|剧本|故事|对联|自传|地址|作业|歌词|剧情|文案|评语|信$|^诗$|^一|首诗"
)
_NO_PLACE = tuple("话菜人")
"""中国话 is a language."""
_NOT_A_LEVEL = tuple("点些下格声遍个次回会提调降收升")
"""After 一 (or any number) these are no loudness: 大一点, 两遍."""


def clean(source: str) -> Written:
    """Return what was said in its clean form."""
    return frame_zh.bare(whole(source))


def whole(source: str) -> Written:
    """Return what was said in its clean form, with what stands around the request."""
    return corrected(chinese(dialect_zh.common(written_zh.clean(source))))


def unpolished(source: str) -> Written:
    """Return `whole` without what is only polite."""
    return frame_zh.unpolished(whole(source))


def corrected(written: Written) -> Written:
    """Carry out a correction: 五分钟不对六分钟 is 六分钟."""
    for match in frame_zh.CORRECTION.finditer(written.text):
        if done := _carried_out(written, match):
            return done
    return written


def _carried_out(written: Written, match: re.Match[str]) -> Written | None:
    """Return the text with what was said last; None: that is no correction."""
    before, after = written.text[: match.start()], written.text[match.end() :]
    taken, said = _moments(before)[-1:], _moments(after)[:1]
    if not taken and not said and _LOUDNESS.search(before):
        taken, said = [*_levels(before)][-1:], [*_levels(after)][:1]
    if not taken or not said or said[0].start > 1:
        return None
    kinds = [{_LEVELS.get(kind, kind) for kind in each.values} for each in (*taken, *said)]
    if kinds[0] != kinds[1] or (match[0].endswith("还是") and "day" in kinds[0]):
        return None  # 今天周三还是周四 asks
    between = written.text[taken[0].end : match.start()]
    first, last = match.end() + said[0].start, match.end() + said[0].end
    if len(between) <= 2:
        return written.without(taken[0].start, first)
    if not _RINGS.fullmatch(between):
        return None
    kept = written.part(taken[0].end, match.start())  # 三分钟的定时器说错了五分钟
    return (
        written.part(0, taken[0].start)
        + written.part(first, last)
        + kept
        + written.part(last, len(written.text))
    )


def spans(text: str) -> Sequence[Span]:
    """Return what is found in a clean text, from left to right, without overlap."""
    return _found(text)


def _found(text: str) -> list[Span]:
    found = [*_moments(text), *_places(text)]
    if _LOUDNESS.search(text):
        found += _levels(text)
    elif _DRAWN.search(text):
        found += [*ranges(text, numbers, number_at, _RANGE), *_within(text)]
    return apart(found)


def exact(text: str) -> Exact | None:
    """Return the calculation or conversion that a whole clean text asks for."""
    return decimals.exact(text, units_zh.conversion, sums_zh.calculate)


def loose(clean: Written, spans: Sequence[Span]) -> Exact | None:
    """Return what the words of a text ask for that is no sentence; None: nothing for sure."""
    if found := loose_zh.read(clean, spans, fits):
        return found
    text = guessing_zh.guessed(clean.text)
    if text == clean.text:
        return None
    meant = Written(text, clean.source, clean.places)
    return exact(text) or loose_zh.read(meant, _found(text), fits)


def fits(slot: str, words: str) -> bool:
    """Tell whether the clean `words` that a wildcard took may be that slot."""
    if slot == "name":
        return len(words) <= MOST_OF_A_NAME and not _NO_NAME.search(words)
    if slot == "message":
        return not _NO_MESSAGE.search(words)
    if slot == "word":
        return len(words) <= MOST_OF_A_WORD and not _NO_WORD.search(words)
    if slot == "phrase":
        return phrases.known(words)
    return True


def _moments(text: str) -> list[Span]:
    """Return spans, times, days and repetitions, without overlap."""
    times = [*_all("time", times_zh.clock, text)]
    lengths = [*_all("duration", times_zh.duration, text)]
    days = [*_all("repeat", times_zh.repetition, text), *_all("day", times_zh.day, text)]
    # 七点五分 is a time, 一点五小时 a span
    lengths = [a for a in lengths if not any(meet(a, b) and a.end <= b.end for b in times)]
    times = [b for b in times if not any(meet(a, b) for a in lengths)]
    found = [*lengths, *days]
    for time in times:  # 明晚九点: a day, and 21:00
        start = max((each.end for each in days if each.start <= time.start < each.end), default=0)
        found.append(Span(max(start, time.start), time.end, time.values))
    return apart(found)


def _all(kind: str, read: Callable[[str], Found | None], text: str) -> Iterator[Span]:
    at = 0
    while found := read(text[at:]):
        yield Span(at + found.start, at + found.end, {kind: found.value})
        at += found.end


@functools.cache
def _named_places() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, zones()), key=len, reverse=True)))


def _places(text: str) -> Iterator[Span]:
    for match in _named_places().finditer(text):
        if text.startswith(_NO_PLACE, match.end()):
            continue
        yield Span(*match.span(), {"place": zones()[match[0]]})


def _levels(text: str) -> Iterator[Span]:
    """Yield how loud: 百分之四十, 40, 七成, 一半."""
    for number in numbers(text):
        said = text[number.start : number.end]
        tenth = text.startswith("成", number.end) and number.value <= 10
        if tenth:
            half = text.startswith("半", number.end + 1)
            value = number.value * 10 + (5 if half else 0)
            yield Span(number.start, number.end + 1 + half, {"percent": plain(value)})
        elif "分之" in said or "%" in said or "半" in said:
            yield Span(number.start, number.end, {"percent": plain(number.value * 100)})
        elif not text.startswith(_NOT_A_LEVEL, number.end) and said != "两":
            end = number.end + text.startswith("%", number.end)
            yield Span(number.start, end, {"number": plain(number.value)})


def _within(text: str) -> Iterator[Span]:
    """Yield the bounds of what is drawn where only the upper one is told: 一百以内 is `1-100`."""
    for high in numbers(text):
        if high.value.denominator == 1 and _WITHIN.match(text, high.end):
            yield Span(high.start, high.end, {"number": f"1-{high.value}"})
