"""Which of several things that ring is meant: by name, length, time or place in the row. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from assistant.mind.skills.skill import Request, Slot
from assistant.store import Ring

Match = Callable[[str], Request | None]

_ALL = re.compile(
    r"\b(?:all|both|everything|every (?:single )?one|each|the lot)\b"
    r"|(?<!不)都(?!行|可以|好|没|不)|全部?|所有|俩[都个]?|统统|一起"
)
_BUT = re.compile(r"\b(?:but|except|not|don't)\b|除了|不要|别")
_PLACES = tuple(
    map(
        re.compile,
        (
            r"\b(?:first|1st|former|number one)\b|第[一1]|头一?个|前(?:面的?那?|一)个|^[一1]$",
            r"\b(?:second|2nd|number two)\b|第[二2]|^(?:two|[二两2])$",
            r"\b(?:third|3rd|number three)\b|第[三3]|^(?:three|[三3])$",
            r"\b(?:fourth|4th|number four)\b|第[四4]|^(?:four|[四4])$",
            r"\b(?:fifth|5th|number five)\b|第[五5]|^(?:five|[五5])$",
        ),
    )
)
_LAST = re.compile(r"\b(?:last|latter|later|latest)\b|最后|末尾|后(?:面的?那?|一)个|[晚迟]的")
_FIRST = re.compile(r"\b(?:earl(?:y|ier|iest)|soon(?:er|est)|next)\b|[早先]的")
_LONG = re.compile(r"\blong(?:er|est)?\b|长的|最长")
_SHORT = re.compile(r"\bshort(?:er|est)?\b|短的|最短")
_AROUND = re.compile(
    r"\b(?:um|uh|oh|well|ok|okay|the|my|that|this|please|just|only|ones?|timers?|alarms?|"
    r"reminders?|cancel|stop|delete|remove|pause|resume|for|of|with|about|to|it's|i mean|i think|"
    r"i meant|thanks|called|named|number|is|at|on|in|from|yes|yeah|no|it)\b"
    r"|取消|删[掉除]?|关[掉了]?|停[掉了]?|暂停|继续|[计定]时器?|倒计时|闹[钟铃]|提醒|那一?个|这一?个"
    r"|[的吧个是要把就我说嗯啊呢呀那]|谢谢"
)
_NO_WORD = re.compile(r"[\W_]+")
_SENTENCES = {
    "en": ("set a timer for {}", "set an alarm for {}"),
    "zh": ("设一个{}的计时器", "设一个{}的闹钟"),
}
"""What tells of a few words whether they are a span, or a time."""


def chosen(rings: Sequence[Ring], words: str, match: Match, language: str) -> Mapping[str, Slot]:
    """Return the slots `ids`, and `all` where all of these are meant; empty: it cannot be told.

    `words` are in lower case without marks, `rings` in the order in which they were told. Where
    more than one fits, `ids` has these, without `all`: it has to be asked which of them.
    """
    if _BUT.search(words):
        return {}
    if _ALL.search(words):
        return _slots(rings, all_of_them=True)
    core = " ".join(_AROUND.sub(" ", words).split())
    named = [ring for ring in rings if ring.name and _tight(ring.name) in _tight(words)]
    if len({ring.name for ring in named}) > 1:
        return _slots(named, all_of_them=True)
    alike = [ring for ring in rings if len(core) > 1 and _tight(core) in _tight(ring.name)]
    for meant in (
        named,
        alike,
        _measured(rings, core, match, language),
        _placed(rings, words, core),
    ):
        if 0 < len(meant) < len(rings):
            return _slots(meant)
    return {}


def _measured(rings: Sequence[Ring], core: str, match: Match, language: str) -> list[Ring]:
    """Return those that are as long as `core` says, or ring when it says."""
    found = [match(each.format(core)) if core else None for each in _SENTENCES[language]]
    slots = [each.slots for each in found if each and each.whole]
    lengths = [each["duration_s"] for each in slots if "duration_s" in each]
    clocks = [str(each["time"]) for each in slots if "time" in each]
    clocks += [f"{(int(each[:2]) + 12) % 24:02}{each[2:]}" for each in clocks]
    for wanted in (lengths, clocks[:1], clocks[1:]):  # "seven" may be that of the evening
        if meant := [ring for ring in rings if (ring.clock or ring.seconds) in wanted]:
            return meant
    return []


def _placed(rings: Sequence[Ring], words: str, core: str) -> list[Ring]:
    """Return the one at the place that is said, or that is longer or shorter than the others."""
    if (long := bool(_LONG.search(words))) or _SHORT.search(words):
        end = (max if long else min)(ring.seconds for ring in rings)
        return [ring for ring in rings if ring.seconds == end]
    if _LAST.search(words):
        return [rings[-1]]
    if _FIRST.search(words):
        return [rings[0]]
    for place, pattern in enumerate(_PLACES[: len(rings)]):
        if pattern.search(words) or pattern.search(core):
            return [rings[place]]
    return []


def _slots(rings: Sequence[Ring], *, all_of_them: bool = False) -> dict[str, Slot]:
    ids: dict[str, Slot] = {"ids": ",".join(str(ring.id) for ring in rings)}
    return ids | {"all": True} if all_of_them else ids


def _tight(text: str) -> str:
    return _NO_WORD.sub("", text.casefold())
