"""What Chinese words ask for where they are no sentence of the book.

Chinese has few endings and a free order; what a request is made of is said before or after, once or
twice, with particles between. So each kind of request has words without which it is not meant, and
words it may be made of. A text is taken where the first are there and all the rest is made of the
second; nothing may be left over but a clause before or after it that says why.
"""

import re
from collections.abc import Callable, Sequence

from assistant.mind.skills import apart_zh, words_zh
from assistant.mind.skills.beside_zh import STORY, harmless, says_why
from assistant.mind.skills.reading import Exact, Span
from assistant.mind.skills.signed_zh import Signed, signed
from assistant.mind.skills.words_zh import Kind
from assistant.mind.skills.written import Written

LONGEST = 44
"""Characters; who says more tells something."""
MOST_OF_A_NAME = 8
_ASKED = re.compile("^(?!.*(?:能|可以|可否|行|好|成|介意)).*[吗么]$")
_NAMING = re.compile("(?:给|为|叫|名叫|叫做|名为|叫个|名字叫|名字是)$")
_OF = re.compile("(?:的|用的)?(?:那个|这个|那|这)?")
_TONGUES = {
    **dict.fromkeys(("英文", "英语", "英国话"), "en"),
    **dict.fromkeys(("中文", "汉语", "普通话", "国语", "华语", "中国话", "国文", "汉话"), "zh"),
}
_ALL = re.compile("所有|全|都|每一?个|通通|统统|一并")
_RISING = re.compile("(?:起床|起来|醒我|闹[钟铃])$")
_AIM = re.compile("(?![爸妈爷奶哥姐弟妹叔姨老儿女孩同朋大])[^们家的了过吗没A-Z]{2,5}")
_KIN = re.compile("[爸妈爷奶哥姐弟妹们]|老[婆公]|[儿女]子?|孩子")
"""我 and one of these are somebody else."""
Fits = Callable[[str, str], bool]


def read(clean: Written, spans: Sequence[Span], fits: Fits) -> Exact | None:
    """Return the request that a clean text is by its words; None: none for sure.

    `fits(slot, words)` tells whether words may be a `name`, a `message`, a `word`.
    """
    kinds, said = words_zh.kinds(), signed(clean, spans)
    if not 1 < len(said.text) <= LONGEST:
        return None
    if found := apart_zh.read(said, fits):
        return found
    asked = _ASKED.search(said.text)
    for kind in kinds:
        if kind.need.search(said.text) and (kind.asks or not asked):
            found = _whole(kind, said, fits) or _in_clauses(kind, said)
            if found:
                return found
    return None


def _whole(kind: Kind, said: Signed, fits: Fits) -> Exact | None:
    """Take a text that is made of the words of a kind from end to end, but for a name."""
    if kind.never.search(said.text):
        return None
    if len(said.text) in kind.words.reached(said.text):
        return _found(kind, said, 0, len(said.text))
    place = _name(kind, said, fits)
    found = _found(kind, said, 0, len(said.text)) if place else None
    if place is None or found is None:
        return None
    return Exact(found.intent, {**found.slots, "name": said.said(*place)})


def _name(kind: Kind, said: Signed, fits: Fits) -> tuple[int, int] | None:
    """Return where the one piece is that is no word of the kind, and belongs to what it names."""
    text, best = said.text, None
    for start in sorted(kind.words.reached(text)):
        naming = _NAMING.search(text[:start])
        for end in range(start + 1, min(len(text), start + MOST_OF_A_NAME) + 1):
            if best and end - start >= best[1] - best[0]:
                break
            of = _OF.match(text, end)
            after = {end, of.end() if of else end}
            if not naming and not any(kind.named.match(text, each) for each in after):
                continue
            whole = any(len(text) in kind.words.reached(text, each) for each in after)
            if whole and fits("name", text[start:end]) and not re.search("[A-Z]", text[start:end]):
                best = start, end
    return best if kind.named.search(text) else None


def _in_clauses(kind: Kind, said: Signed) -> Exact | None:
    """Take the part that is made of the words of a kind, where the rest only says why."""
    text = said.text
    for start in range(len(text) - 1 if kind.beside else 0):
        if start and not harmless(text[:start], kind.intent):
            continue
        for end in sorted(kind.words.reached(text, start), reverse=True):
            part, after = text[start:end], text[end:]
            if not kind.need.search(part):
                break
            if kind.never.search(part) or (part.endswith("我") and _KIN.match(after)):
                continue
            if _may_follow(kind, part, after):
                first = 0 if kind.intent == "alarm_set" else start  # 明天有考试七点的闹钟
                return _found(kind, said, first, end)
    return None


def _may_follow(kind: Kind, part: str, after: str) -> bool:
    """Tell whether what comes behind the part only says why or what for."""
    if not after or _aim(kind, part, after):
        return True
    return kind.beside == "both" and says_why(after, kind.intent)


def _aim(kind: Kind, part: str, after: str) -> bool:
    """Tell what somebody gets up for: 三点叫醒我查房."""
    return (
        kind.intent == "alarm_set"
        and bool(_RISING.search(part) and _AIM.fullmatch(after))
        and not STORY.search(after)
    )


def _found(kind: Kind, said: Signed, start: int, end: int) -> Exact | None:
    slots, part = said.slots(start, end), said.text[start:end]
    if slots is None:
        return None
    if kind.intent == "language_set":
        wanted = {name for word, name in _TONGUES.items() if word in part}
        return Exact(kind.intent, {"language": wanted.pop()}) if len(wanted) == 1 else None
    if kind.intent == "timer_cancel" and _ALL.search(part):
        slots["all"] = True
    return Exact(kind.intent, {**slots, **kind.slots})
