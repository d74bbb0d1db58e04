"""Whether the last words of a turn promise more: "and then", 因为, "um", half of a phone number.

A language model tells well whether a sentence is whole, but not that a speaker is about to add
something: "my number is five five five" is a sentence. Only what hardly ever ends a request is
looked for, because somebody who has ended one waits in vain for as long as the longest pause.
English and Chinese are told apart by their script, so both may be mixed.
"""

import re
from enum import StrEnum

from assistant.wording import said


class Ending(StrEnum):
    """What the last words say of the next ones."""

    PLAIN = "plain"
    """Nothing."""
    OPEN = "open"
    """The sentence needs more words: "and then", "the", 因为."""
    COMMA = "comma"
    """The recogniser heard that the sentence goes on: it ends with a comma or with dots."""
    FILLER = "filler"
    """The speaker holds the turn while thinking: "um", 呃."""
    DICTATED = "dictated"
    """A number or a word is being dictated, digit by digit or letter by letter."""


def ending(text: str) -> Ending:
    """Return how `text`, which was recognised until now, ends."""
    words = said(text)
    if not words:
        return Ending.PLAIN
    if _FILLER.search(words) or _FILLER_ZH.search(words):
        return Ending.FILLER
    if _OPEN.search(words) or _OPENER.fullmatch(words) or _OPEN_ZH.search(words):
        return Ending.OPEN
    if _dictates(words):
        return Ending.DICTATED
    return Ending.COMMA if text.rstrip().endswith(_GOES_ON) else Ending.PLAIN


_GOES_ON = (",", "，", "、", ";", "；", ":", "：", "...", "…", "—", " -")

_FILLER = re.compile(
    r"(?:^|\s)(?:u+m+|u+h+m*|e+r+m*|hm+|mm+|let me (?:see|think)|let's see|kind of|sort of"
    r"|(?<!what )i mean|how do (?:i|you) say|what's the word)$"
)
_SUBJECT = r"(?:i|we|you|he|she|it|they|the|a|my)"
_OPEN = re.compile(
    r"(?:^|\s)(?:"
    # joins that need another part
    r"and|or|but|because|cause|if|unless|whether|although|until|than|plus|minus|such as"
    r"|(?:divided|multiplied) by|and (?:then|also|maybe|after that)|so that|because of"
    r"|instead of|as well as|in order to|even if|not only"
    rf"|(?:and|but|because|if|when|while|so|then) {_SUBJECT}"
    # in front of a noun
    r"|the|an?|my|our|their|your|every|very|into|between|during"
    # a subject with its verb, and nothing said of it yet
    r"|i'd|i'll|i've|it's|there's|what's|who's|where's|how's|let's|we're|they're|gonna|wanna"
    r")$"
)
_OPENER = re.compile(
    r"(?:(?:hey|okay|ok|so|well|please|now|yes|um|uh) )*"
    r"(?:(?:can|could|would|will) you(?: please)?|tell me|what is|what are|who is"
    r"|how (?:do|can|many|much)(?: i| you)?|when is|where is|is (?:it|there)|do you"
    r"|i (?:want|need)(?: to)?|i(?:'d| would) like(?: to)?|set|set an? \w+ for|show me"
    r"|remind me(?: to)?|wake me(?: up)?(?: at)?|turn|give me|add|put)"
)
_FILLER_ZH = re.compile(
    r"(?:[呃额唔]|(?<=[^嗯\s])嗯+|(?<![要开关放用选买看拿给是吃喝的])那个|就是说|怎么说呢?|[我你]想想看?|想一下)$"
)
_JOINS_ZH = (
    "因为|所以|但是|可是|不过|然后|而且|或者|或是|如果|要是|假如|虽然|尽管|比如|比如说|例如|以及"
    "|并且|除了|由于|关于|对于|为了|无论|不管|只要|除非|即使|就算|首先|另外"
)
_OPEN_ZH = re.compile(
    rf"(?:{_JOINS_ZH})\s?(?:[我你他她它]们?|这个?|那|今天|明天)?$"
    r"|[^\s]还有$|(?<![总饱温柔缓中谐随调共])和$|(?<!高)跟$|(?<!让)我想要?$|请问$"
    r"|^(?:请|麻烦你?|你)?(?:能不能|能|可以)?(?:给我|帮我|告诉我)$|^你?能不能$|帮我设(?:一?个)?$"
)

_ONES = "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
_TENS = (
    "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    "|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_RUN = re.compile(
    rf"(?<![\w.,:-])(?:(?:\d+|{_ONES}|{_TENS})(?:[-\s]+|$))+$|[\d零〇一二三四五六七八九幺两]+$"
)
_TOKEN = re.compile(rf"\d+|{_TENS}|{_ONES}|[零〇一二三四五六七八九幺两]")
_CUE = re.compile(
    r"(?:\b(?:number|code|pin|phone|dial|password|zip|account|serial|extension|it)(?: is|'s)?"
    r"|(?:号码|电话|手机|手机号|密码|验证码|编号|账号|卡号|身份证|尾号|房号|代码|号)[是为]?) ?$"
)
_SPELLED = re.compile(r"(?:^|\s)[a-z](?:[-\s][a-z])+$")
SINGLE, CUED, LONG = 3, 2, 5
"""Digits that are a number being dictated: said one by one; after a word such as "code"; at all."""
WHOLE_LENGTHS = (10, 11)
"""Digits of a whole phone number, in North America and China."""


def _dictates(words: str) -> bool:
    if (spelled := _SPELLED.search(words)) and set(spelled[0]) - set("aiopm -"):
        return True
    if not (run := _RUN.search(words)):
        return False
    tokens = _TOKEN.findall(run[0])
    digits = sum(len(token) if token.isascii() and token.isdigit() else 1 for token in tokens)
    if digits in WHOLE_LENGTHS:
        return False
    singles = sum(
        re.fullmatch(rf"\d|{_ONES}|\W*[^\x00-\x7f]", token) is not None for token in tokens
    )
    cued = digits >= CUED and _CUE.search(words[: run.start()]) is not None
    return cued or singles >= SINGLE or digits >= LONG
