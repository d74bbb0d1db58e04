"""Takes out of a text what names a person, a number or a place, and puts it back into the answer.

``my name is Ann, call 0171 2345678`` goes out as ``my name is [name 1], call [number 1]``. Written
rules find what is told as such; they cannot find everything, and docs/privacy.md says so.
"""

import functools
import re
from collections.abc import Iterable, Iterator

_NAME = r"(?P<it>[A-Z][\w'’-]*(?: [A-Z][\w'’-]+){0,2})"
_NO_NAME = (
    r"(?!(?:and|but|i|i'm|what|how|can|could|please|from|is|my|not|the|a|so|or|who|to|for|in|on|"
    r"upon|by|this|that|it)\b)"
)
_LOWER_NAME = rf"(?P<it>{_NO_NAME}[a-z][\w'’-]+(?: {_NO_NAME}[a-z][\w'’-]+)?)"
_KIN = (
    "wife|husband|son|daughter|brother|sister|mother|father|mum|mom|dad|friend|boss|colleague|"
    "neighbour|neighbor|teacher|doctor"
)
_SURNAME = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
)
_HAN = r"[\u4e00-\u9fff]"
_COUNT = "[0-9一二三四五六七八九十百零]+"
_DIGIT_EN = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"

PATTERNS: dict[str, tuple[re.Pattern[str], ...]] = {
    "addresses": (
        re.compile(r"(?P<it>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
        re.compile(r"(?P<it>\b[\w.+-]+ at [\w-]+ dot [a-z]{2,4}\b)", re.I),
        re.compile(
            r"(?P<it>\b\d{1,5}[a-z]? (?:[a-z][\w'’-]* ){1,3}(?:street|road|avenue|lane|drive|"
            r"square|boulevard|court|st|rd|ave)\b)",
            re.I,
        ),
        re.compile(
            rf"(?:住在|地址是|地址在|家在|寄到|送到)(?P<it>{_HAN}{{2,20}}?(?:路|街|大道|胡同|弄|巷|村|小区)"
            rf"(?:{_COUNT}(?:号楼|号|弄|栋|单元|室|楼))*)"
        ),
        re.compile(
            rf"(?P<it>{_HAN}{{2,6}}(?:路|街|大道|胡同|巷)(?:{_COUNT}(?:号楼|号|弄|栋|单元|室))+)"
        ),
    ),
    "numbers": (
        # Telephones, cards, accounts, papers: seven and more digits, however they are grouped.
        re.compile(r"(?<![A-Za-z0-9_.])(?P<it>\+?\d(?:[ \-/()]{0,2}\d){6,20}[Xx]?)(?![\d.]\d)"),
        re.compile(r"(?<![A-Za-z\d])(?P<it>[A-Z]{1,3}\d{6,9})(?![A-Za-z\d])"),
        re.compile(r"(?P<it>[零〇一二三四五六七八九幺]{7,20})"),
        re.compile(rf"(?P<it>\b(?:{_DIGIT_EN}[ -]){{6,20}}{_DIGIT_EN}\b)", re.I),
    ),
    "names": (
        re.compile(rf"(?i:\bmy name is|\bmy name's|\bi am called|\bi'm called) {_NAME}"),
        re.compile(rf"(?i:\bmy name is|\bmy name's|\bi am called|\bi'm called) {_LOWER_NAME}"),
        re.compile(rf"(?i:\b(?:mr|mrs|ms|dr|miss|professor)\.?) {_NAME}"),
        re.compile(rf"(?i:\bmy (?:{_KIN})(?:'s name is| is called| called| named)?,?) {_NAME}"),
        re.compile(
            rf"(?:我叫|我的名字是|我名字叫|名叫|姓名是?[:：]?)(?P<it>{_SURNAME}{_HAN}{{1,2}})"
        ),
        re.compile(
            rf"(?P<it>{_SURNAME}{_HAN}{{0,2}}?)(?:先生|女士|小姐|太太|老师|医生|经理|师傅|同学)"
        ),
    ),
}
"""For each kind what is looked for; the group `it` is what is replaced."""
WORDS = {"names": "name", "numbers": "number", "addresses": "address"}
LONGEST = 24
"""Characters of the longest thing in brackets that may be a placeholder."""


class Redaction:
    """What was taken out of one conversation's texts; the same thing always gets the same mark."""

    def __init__(self, kinds: Iterable[str]) -> None:
        """`kinds` are some of the keys of `PATTERNS`."""
        self._kinds = [kind for kind in PATTERNS if kind in set(kinds)]
        self._marks: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """Return the text as it may go out."""
        for kind in self._kinds:
            for pattern in PATTERNS[kind]:
                text = pattern.sub(functools.partial(self._replaced, kind), text)
        return text

    def show(self, pieces: Iterable[str]) -> Iterator[str]:
        """Yield the answer with the marks replaced by what they stand for, at once when sure."""
        originals = {mark: original for original, mark in self._marks.items()}
        held = ""
        for piece in pieces:
            held += piece
            while (start := held.find("[")) >= 0:
                end = held.find("]", start)
                if end < 0 and len(held) - start <= LONGEST:
                    break
                end = end if end >= 0 else start
                mark = held[start : end + 1]
                yield held[:start] + originals.get(mark, mark)
                held = held[end + 1 :]
            start = held.find("[")
            ready, held = (held, "") if start < 0 else (held[:start], held[start:])
            if ready:
                yield ready
        if held:
            yield held

    def _replaced(self, kind: str, match: re.Match[str]) -> str:
        found = match["it"]
        if found not in self._marks:
            word = WORDS[kind]
            number = 1 + sum(mark.startswith(f"[{word} ") for mark in self._marks.values())
            self._marks[found] = f"[{word} {number}]"
        whole, start = match[0], match.start("it") - match.start()
        return whole[:start] + self._marks[found] + whole[start + len(found) :]
