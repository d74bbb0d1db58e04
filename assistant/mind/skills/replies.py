"""What is said to an open question: what a request still lacks, read out of a few words. Pure.

"Ten minutes" alone is no request. It is put into a sentence that asks for such a thing, and that is
read as all others are: so spans, times and days are understood here in every way that they are
there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from assistant.mind.skills.ordering import chosen
from assistant.mind.skills.skill import WHICH, Lacking, Request, Slot

Match = Callable[[str], Request | None]

_MOMENT = frozenset(("time", "day", "repeat", "duration_s"))
WANTED: Mapping[str, frozenset[str]] = {
    "duration_s": frozenset(("duration_s",)),
    "time": _MOMENT,
    "value": frozenset(("value",)),
    "word": frozenset(("word",)),
}
"""The slots that may tell what is lacking; one is enough, and others are none of an answer."""
_SENTENCES = {
    ("duration_s", "en"): (("set a timer for {}",), ("set a timer for {} minutes",)),
    ("duration_s", "zh"): (("设一个{}的计时器",), ("设一个{}分钟的计时器",)),
    ("time", "en"): (("set an alarm for {}", "set an alarm {}"), ()),
    ("time", "zh"): (("设一个{}的闹钟",), ("设一个{}点的闹钟",)),
    ("value", "en"): (("set the volume to {}",), ()),
    ("value", "zh"): (("音量调到{}",), ()),
    ("word", "en"): (("how do you spell {}",), ()),
    ("word", "zh"): (("{}怎么拼写",), ()),
}
"""By slot and language: what an answer is put into, and what a bare number is: more may follow."""
_MARKS = re.compile(r"[^\w\s:.'%/-]+|[.:](?!\w)|(?<!\w)'|'(?!\w)")
_BEFORE = {
    "en": re.compile(
        r"(?:(?:um|uh|er|hm+|oh|ah|well|so|ok|okay|right|yes|yeah|sure|please|just|maybe|perhaps"
        r"|say|let's say|let me see|make (?:it|that)|how about|i (?:think|guess|said|mean|meant"
        r"|want|need)|i(?:'d| would) (?:like|say)|that(?:'s| is| would be)|it(?:'s| is)"
        r"|(?:can|could|would) you|(?:set|put|do|give|remind|wake) (?:it|me)"
        r"|about|around|another|in|for|at|to|by|the word) )+"
    ),
    "zh": re.compile(
        "(?:[嗯啊哦呃那就来嘛再定加等过在请要]|好的?|行|是的?|对|大概|大约|差不多|应该|我想想?|我要"
        "|我说的?是?|还是|给我|帮我|设[成为]?|改成|调到)+?(?=[^的啊吧呢嗯])"
    ),
}
_BEHIND = {
    "en": re.compile(
        r" (?:please|thanks|thank you|i think|i guess|from now|would be (?:good|fine|nice|great)"
        r"|(?:will|should) do|is (?:fine|good|ok|okay)|or so|then|okay|ok|right|maybe)$"
    ),
    "zh": re.compile(
        "(?:吧|呀|啊|呢|哦|好了|就好|就行|就可以了?|可以了?|行了?|左右|的?时候|的|谢谢[你您]?"
        "|提醒我?|叫我|之?后|以后|响)$"
    ),
}
_THEM = "(?: of (?:them|those|these))?"
_NO = {
    "en": re.compile(
        r"(?:(?:oh|um|uh|no|nope|nah|well|ok|okay|actually|please|sorry|just) )*(?:no|nope|nah"
        r"|no (?:thanks|thank you)|never ?mind(?: that| it| then)?|forget (?:about )?(?:it|that)"
        r"|cancel(?: that| it| the request)?|nothing|leave (?:it|that)(?: be)?|drop it|skip it"
        r"|not (?:now|any ?more)|don't(?: do (?:it|that|anything)| bother)?|do not"
        r"|it(?:'s| is) (?:fine|nothing|okay)|(?:it )?doesn't matter"
        rf"|none{_THEM}|neither{_THEM}|i(?:'ve| have)? changed my mind"
        r"|i don't (?:want|need) (?:it|one|any)(?: any ?more)?)"
        r"(?: (?:thanks|thank you|then|please|any ?more|now|it's fine|forget it|never ?mind))*"
    ),
    "zh": re.compile(
        "[嗯啊哦那还是就]*(?:不|[不别]用|不要|不必|不设|不定|不加|不取消|不提醒|不需要|没事儿?|没什么"
        "|算|取消|别|免|罢|当我没说|都不[要用是]?|[一哪]个[都也]不(?:要|取消|用|是)?|都别取消|都留着"
        "|[先暂]时?不用?|不弄|不管|以后再说|改天|回头再说)"
        "(?:了|吧|啦|啊|谢谢|它|这个|那个|设|定|取消|提醒)*"
    ),
}
_QUESTION = re.compile(
    r"(?:(?:um|uh|so|and|but|well|hey|ok|okay) )*(?:what|who|whose|whom|which|when|where|why|how"
    r"|is|are|am|was|were|do|does|did|can|could|would|should|will|has|have|tell me|explain"
    r"|describe|write|read|sing|play|talk|translate|name)\b.* .*"
    r"|.*(?:什么|啥|谁|哪[里儿些年]|为何|怎么|怎样|如何|[吗呢]$|是不是|有没有|能不能|会不会|多[大高远重]"
    r").*|(?:给我|跟我|你)?(?:讲|说说|介绍|解释|告诉我|写|唱|聊).+"
)


def is_no(text: str) -> bool:
    """Whether `text` says that what was asked is no longer wanted, in English or Chinese."""
    words = _bare(text)
    tight = words.replace(" ", "")
    return any(pattern.fullmatch(each) for pattern in _NO.values() for each in (words, tight))


def is_question(text: str) -> bool:
    """Whether `text`, which no skill takes, asks for something else than it was asked for."""
    return bool(text.strip().endswith(("?", "？")) or _QUESTION.fullmatch(_bare(text)))


def told(
    lacks: Lacking, text: str, match: Match, language: str, *, strictly: bool = True
) -> Request | None:
    """Return the request with what `text` tells of what it lacks; None: it does not tell it.

    `match` finds the assistant's own sentences in `language`. `strictly`: `text` is an answer and
    nothing else; otherwise it may have other words around.
    """
    if lacks.slot == WHICH:
        slots = chosen(lacks.rings, _bare(text), match, language)
        return _together(lacks, text, slots, language) if slots else None
    for sentence, sure in _sentences(lacks.slot, text, language):
        found = match(sentence)
        if not found or not found.slots or not WANTED[lacks.slot] >= found.slots.keys():
            continue
        if found.whole or (sure and not strictly) or lacks.slot == "word":
            slots = _read_again(lacks, text, match, language) or found.slots
            return replace(_together(lacks, text, slots, language), whole=found.whole and sure)
    return None


def joined(lacks: Lacking, found: Request) -> Request:
    """Return the sentence `found`, said while something lacks, with what was said before.

    Another request stands for itself.
    """
    asked = lacks.request
    tells = lacks.slot != WHICH and WANTED[lacks.slot] & found.slots.keys()
    if found.intent != asked.intent or not tells:
        return found
    text = _one(asked.text, found.text, found.language)
    return replace(found, text=text, slots={**asked.slots, **found.slots}, reply=True)


def _sentences(slot: str, text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Yield the sentences that an answer may stand in, and whether that is sure."""
    words = _bare(text)
    forms = [text.strip(" .!?。！？")] if slot == "word" else [_shorn(words, language), words]
    for form in dict.fromkeys(filter(None, forms)):
        for sure, sentences in zip((True, False), _SENTENCES[slot, language], strict=True):
            yield from ((each.format(form), sure) for each in sentences)


def _read_again(
    lacks: Lacking, text: str, match: Match, language: str
) -> Mapping[str, Slot] | None:
    """Return the slots of both sayings as one sentence: "at eight" after "tonight" is 20:00."""
    asked, said = lacks.request, _bare(text)
    if lacks.slot != "time":
        return None
    forms = (
        (f"{said}{asked.text}",)
        if language == "zh"
        else (f"{asked.text} {said}", f"{asked.text} at {said}")
    )
    for form in forms:
        found = match(form)
        if (
            found
            and found.intent == asked.intent
            and found.slots.keys() & _MOMENT - asked.slots.keys()
            and asked.slots.items() <= found.slots.items()
        ):
            return found.slots
    return None


def _together(lacks: Lacking, text: str, slots: Mapping[str, Slot], language: str) -> Request:
    asked = lacks.request
    return Request(
        asked.intent,
        _one(asked.text, text, language),
        language,
        {**asked.slots, **slots},
        reply=True,
    )


def _one(before: str, now: str, language: str) -> str:
    return f"{before}，{now}" if language == "zh" else f"{before} {now}"


def _bare(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text.lower().replace("’", "'")).split())


def _shorn(words: str, language: str) -> str:
    """Return an answer without what people put around it."""
    before, behind = _BEFORE[language], _BEHIND[language]
    if match := before.match(words):
        words = words[match.end() :]
    while match := behind.search(words):
        words = words[: match.start()]
    return words
