"""What ends a conversation: "that's all", "never mind", and their like. Pure.

Only an utterance that is nothing else counts. One that holds a request as well is a request.
"""

import re
from enum import StrEnum

from assistant.language import HAN
from assistant.wording import said


class Farewell(StrEnum):
    """How somebody takes leave."""

    DONE = "done"
    """They have what they wanted."""
    CANCEL = "cancel"
    """They no longer want it."""


_AROUND_EN = (
    "ok okay no nope yes yeah yep alright right great good perfect fine well oh ah um uh so and "
    "then thanks cheers please now|thank you|thanks (?:a lot|so much|very much|again)|all right"
    "|thank you (?:so|very) much|for (?:now|today|tonight)|never ?mind|you can (?:sleep|rest) now"
)
_DONE_EN = (
    "(?:that's|that is|that'll be|that will be|that would be) (?:all|it|everything)"
    "(?: i (?:need|needed|want|wanted)(?: to (?:know|ask|hear))?)?"
    "|(?:that'll|that will) do|nothing (?:else|more)|no (?:more|other) questions|all done"
    "|(?:i'm|i am|we're|we are) (?:all )?(?:done|finished)"
    "|i don't need (?:anything|you) (?:else|any ?more)|(?:good)?bye(?: bye)?|good ?night"
    "|(?:i'll )?(?:see|talk to) you(?: later| soon| tomorrow)?"
)
_CANCEL_EN = (
    "never ?mind|forget (?:it|about it|that|about that|i (?:asked|said (?:anything|that)))"
    "|(?:don't|do not) bother|scratch that|skip (?:it|that)|drop it|cancel(?: that| it)?"
)
_AROUND_ZH = (
    "好的?[了吧啦]?|行[了吧啦]?|嗯|哦|噢|谢谢[你您啦了]?|谢[了啦]|多谢[你您了啦]?|感谢[你您]?"
    "|那就?|我|今天|现在|不了|麻烦你了|辛苦了|知道了|明白了|先|吧|啦|啊"
)
_DONE_ZH = (
    "没(?:有)?(?:什么)?(?:别的|其他的?|其它的?)?(?:事儿?|问题)?了|没事儿?[了啦]?|就?先?这样[吧了啦]?"
    "|(?:就)?(?:是)?这些了?|这样就(?:好|行|可以)了?|不用[了啦]|不需要了|不聊了|再见|拜拜?|回见"
    "|回头见|晚安|可以了|没有?要问的了|问完了|说完了"
)
_CANCEL_ZH = "算[了啦]吧?|不说了|不问了|当我没[说问]过?|别管了|忘了吧|取消吧?|没什么"


def _words(around: str) -> str:
    """Return the pattern of one of `around`: single words first, then patterns after a bar."""
    single, *patterns = around.split("|")
    return "|".join([*single.split(), *patterns])


def _only(around: str, wanted: str, gap: str) -> re.Pattern[str]:
    """Match `wanted` once or more, among any number of `around`, with `gap` between all."""
    one, other = f"(?:{wanted})", f"(?:{around})"
    return re.compile(rf"(?:{other}{gap})*{one}(?:{gap}(?:{one}|{other}))*")


_EN = {
    Farewell.CANCEL: _only(_words(_AROUND_EN), _CANCEL_EN, " "),
    Farewell.DONE: _only(_words(_AROUND_EN), _DONE_EN, " "),
}
_ZH = {
    Farewell.CANCEL: _only(_AROUND_ZH, _CANCEL_ZH, ""),
    Farewell.DONE: _only(_AROUND_ZH, _DONE_ZH, ""),
}
_CHINESE = re.compile(f"[{HAN}]")
_LONGEST = 80
"""In characters; nobody takes leave in more, and the patterns stay cheap."""


def farewell(text: str) -> Farewell | None:
    """Return how `text`, all that was said, ends the conversation; None: it does not.

    "That's all, thanks." does, "that's all?" and "that's all I know about cats" do not.
    """
    if len(text) > _LONGEST or text.rstrip().endswith(("?", "？")):
        return None
    words = said(text)
    if _CHINESE.search(words):
        words = words.replace(" ", "")
        kinds = _ZH
    else:
        kinds = _EN
    return next((kind for kind, pattern in kinds.items() if pattern.fullmatch(words)), None)
