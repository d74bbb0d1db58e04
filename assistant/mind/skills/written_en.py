"""English requests as they are written, brought into one form in which rules can be few.

Recognisers write no punctuation, "four" for "for", fillers and slips; keyboards capitals and
signs. Every character of the clean text knows where it came from, so that a message can be given
back as it was said.
"""

import functools
import re
import unicodedata

from assistant.mind.skills.numbers_en import SCALES, SMALL, TENS
from assistant.mind.skills.written import Written

_KEPT = re.compile(r"[\w%+*/×÷=√²³°]")
_BETWEEN_DIGITS = ".,:"
_QUOTES = str.maketrans("‘’ʼ`´–—−", "'''''---")
_N = "|".join(sorted({*SMALL, *TENS, *SCALES, "hundred"}, key=len, reverse=True))
_NUMBER = rf"(?:(?:{_N})|\d+(?:[.:]\d+)?)"
_SPAN_UNIT = r"(?:hours?|minutes?|mins?|seconds?|secs?|hrs?)"
_AFTER_NUMBER = rf"(?:(?:a|an|half|quarter|{_N}|\d+)(?![a-z']))"
_FILLERS = re.compile(
    r"(?:(?<= )|^)(?:u+m+|u+h+|e+r+m*|h+m+|mm+|a+h+|you know|i mean(?= like)|sort of|kind of"
    r"|ehm)(?: |$)"
)
_PONDERED = re.compile(
    r"(?<= )(?:i don't know|let me see|let me think|let's say|(?:shall|should) (?:we|i) say"
    r"|what shall"
    r" i say|i'd say|i think|i guess)"
    rf"(?= (?:about |around |maybe )?(?:an? (?:hour|minute|quarter)|half|{_NUMBER})\b)"
)
"""Said while a number is thought of."""
_LIKE = re.compile(
    r"(?<= )(?<!i'd )(?<!would )(?<!we'd )(?<!i )(?<!we )(?<!you'd )"
    rf"(?:(?:like|maybe)(?= (?:a |an |the |one of|half|{_NUMBER}))"
    rf"|(?:about|around|say|roughly|approximately|exactly)(?= (?:half|an hour|a minute"
    rf"|{_NUMBER})\b))"
)
_DRAWN_TOGETHER = [
    ("", r"\b(?P<kept>what|that|there|here|how|who|where|when|let|she|today|tomorrow|yesterday)s\b",
     r"\1's"),
    ("", r"\bits\b(?! (?:volume|sound|voice|speed|pace|level|version|own|name)\b)", "it's"),
    ("", r"\b(?P<kept>you|they)re\b", r"\1're"),
    ("", r"\b(?P<kept>i|you|they|we|could|should|would)ve\b", r"\1've"),
    ("", r"\b(?P<kept>do|does|did|is|are|was|were|have|has|had|ca|could|wo|would|should|must"
     r"|need)nt"
     r"\b", r"\1n't"),
    ("", r"\b(?P<kept>you|they|that|it)ll\b", r"\1'll"),
    ("", r"\bill(?= (?:have|take|need|be|do|go|get|try|use|want)\b)", "i'll"),
    ("", r"\bim\b", "i'm"), ("", r"(?<=\d)x(?=\d)", " x "),
    ("", rf"\b(?P<kept>{_N})(?=(?:minutes?|mins?|hours?|seconds?)\b)", r"\1 "),
    ("", r"\bwanna\b", "want to"), ("", r"\b(?:nought|naught)\b", "zero"),
    ("", r"\bgotta\b", "have to"), ("", r"\bgimme\b", "give me"),
    ("", r"\blemme\b", "let me"), ("", r"\bgonna\b", "going to"),
    ("", r"\b(?:ya|ye)\b", "you"), ("", r"\b(?:wat|wot)\b", "what"),
    ("", r"\bhow d(?= you)", "how do"),
    ("", r"\b(?P<kept>i|we|you)d(?= (?:like|love|rather|prefer|want|appreciate|better|be)\b)",
     r"\1'd"),
]  # fmt: skip
"""What is said in one breath, and written so by some recognisers and many people."""
_SAME_SOUND = [
    ("", r"\b(?:timber|tymer|thymer|timmer|tima|timor|time her|time a|time are|timers?'s)(?="
        r" (?:for|four|fore|of|to|please|called|\{|$)|$)", "timer"),
    (r"set a |set the |art a |art the ", r"(?:time|tim|dime)(?= (?:for|four|fore|of) )", "timer"),
    (r"minute |minutes ", r"(?:timber|tymer|thymer|time her|time a)\b", "timer"),
    ("", r"\bcount ?town\b|\bcount down(?="
        r" (?:timer|for|of|please)\b|$)|\bcount own\b", "countdown"),
    ("", r"\b(?:can sell|counsel|cancer|council|cancel out|can cell|cansel)(?= (?:the|my|all"
        r"|that|this|every|both|timer)\b)", "cancel"),
    ("", r"\b(?:a|an a|the a) (?:lamb|larm)\b|\ba llama\b|\ban arm\b(?= (?:for|at|four))"
        r"|\balarum\b", "an alarm"),
    ("", r"\b(?:an|the|my) (?:elm|harm|alarms) (?=(?:for|at|four) )", "an alarm "),
    ("", r"\ban an alarm\b", "an alarm"),
    ("", r"\b(?:re mind|remined|remain|rewind|remand|re-mind) me\b", "remind me"),
    ("", r"\bwake (?:me|my) (?:app|op|of|uh)\b", "wake me up"),
    ("", r"\b(?:way|weak|wait|work) me up\b", "wake me up"),
    (r"what's the |what is the |tell me the |know the ", r"(?:thyme|tyme|dime|tine)\b", "time"),
    ("", r"^watch (?=(?:time|date|day|year|month)\b)", "what "),
    ("", r"^(?:what|watch) thyme\b|^what dime\b", "what time"),
    ("", r"^wants the (?=time|date)|^what the (?=(?:time|date)\b)", "what's the "),
    ("", r"\b(?:vole um|vol you m|volumes|valium|volume's|fall um|vol um|column)(?= (?:up|down"
        r"|to|at|\d|" + _N + r"|max|half|op|full)|$)", "volume"),
    (r"volume ", r"(?:op|hop|app|cup|pup)$", "up"),
    (r"volume ", r"(?:dawn|town|don|done)$", "down"),
    (r"turn it |turn up |turn the ", r"(?:dawn|town|don)\b", "down"),
    (r"turn it ", r"(?:op|hop|app)\b", "up"),
    ("", r"\bper ?sent\b|\bper cent\b|\bpurse cent\b|\bpercents\b", "percent"),
    ("", rf"(?<![a-z'])(?:to|too)(?= {_SPAN_UNIT}(?![a-z']))", "two"),
    ("", rf"(?<![a-z'])(?:for|fore)(?= {_SPAN_UNIT}(?![a-z']))", "four"),
    ("", r"(?<![a-z'])(?:ate|hate)(?= (?:minutes?|hours?|seconds?|percent|o'?clock|plus|minus"
        r"|times|divided|thirty|fifteen|kilomet\w+|met\w+|miles?|pounds?|grams?|kilos?|inches"
        r"|feet|litres?|liters?))", "eight"),
    (r"plus |times |minus | over |ided by | at "
        r"| for ", r"ate(?=$| (?:plus|minus|times|am|pm"
            r"|o'?clock|thirty|fifteen|forty|in the|tomorrow"
            r"|tonight|please))", "eight"),
    (r"plus |minus |times |ided by ", r"(?:for|fore)$", "four"),
    (r"plus |minus |times |ided by ", r"(?:to|too)$", "two"),
    (r"plus |minus |times |ided by ", r"won$", "one"),
    (r"plus |minus |times |ided by ", r"(?:sex|sicks)$", "six"),
    (r"plus |minus |times |ided by ", r"tree$", "three"),
    ("", rf"(?<![a-z'])(?:for|fore)(?= (?:times|plus|minus|divided by) {_NUMBER})", "four"),
    ("", rf"(?<![a-z'])(?:to|too)(?= (?:times|plus|minus|divided by) {_NUMBER})", "two"),
    ("", rf"(?<![a-z'])won(?= (?:{_SPAN_UNIT}|plus|minus|times)(?![a-z']))", "one"),
    ("", rf"(?<![a-z'])tin(?= {_SPAN_UNIT}(?![a-z']))", "ten"),
    ("", rf"(?<![a-z'])tree(?= {_SPAN_UNIT}(?![a-z']))", "three"),
    ("", rf"(?<![a-z'])(?:fife|hive)(?= {_SPAN_UNIT}(?![a-z']))", "five"),
    (r"(?:timer"
        r"|alarm) ", rf"(?:four|fore|fir|fur|far|from|or|of|or for|full)(?= {_AFTER_NUMBER})(?!"
            rf" {_SPAN_UNIT})(?! (?:ten|fifteen|{'|'.join(TENS)})(?: am| pm| tomorrow|$))", "for"),
    (r"countdown ", rf"(?:four|fore|fir|fur|far)(?= {_AFTER_NUMBER})", "for"),
    (r"timer ", r"(?:four|fore|fir|fur)(?= (?:the|my) )", "for"),
    (r"wake me ", rf"(?:up )?(?:add|ad|it|that)(?= {_AFTER_NUMBER})", "up at"),
    ("", r"\b(?:minuets|minuet|menace|mini it|minute it)\b", "minutes"),
    ("", r"\b(?:an our|half an our)\b", "an hour"),
    (r"(?:one|two|three|four|five|six|eight|ten) ", r"(?:ours"
        r"|our)(?= |$)", "hours"),
    ("", r"\b(?:meet her|meter) (?=metres?|meters?)", ""),
    ("", r"\b(?:kill a metres|kill o metres|kilo metres|kilo meters|kill a meters|killer"
        r" metres|killer meters)\b", "kilometres"),
    ("", r"\b(?:kill a grams|kilo grams|killer grams|kill o grams)\b", "kilograms"),
    ("", r"\b(?:cell see us|sell see us|cell shes|celcius|celsus)\b", "celsius"),
    ("", r"\b(?:fair in height|fair and height|farenheit|fahrenheight|farenheight|fair n"
        r" height)\b", "fahrenheit"),
    ("", r"\bm p h\b", "mph"), ("", r"\bk p h\b"
        r"|\bkm h\b|\bkm/h\b", "kph"), ("", r"\bc m\b", "cm"), ("", r"\bk g s?\b|\bk g\b", "kg"),
    (r"\d", r"h(?=\d)", "h "),
    (r"[\d ]", r"(?P<kept>[ap])\.? ?m\b", r"\1m"),
    ("", r"\bo clock\b|\boclock\b|\ba clock\b", "o'clock"),
    ("", r"\bwi fi\b", "wifi"), ("", r"\boff line\b", "offline"),
    ("", rf"\bonline(?= {_NUMBER}\b)", "on line"), ("", rf"\bon line\b(?! {_NUMBER}\b)", "online"),
    ("", r"\bup time\b", "uptime"),
    ("", r"\bflip a"
        r" (?:corn"
        r"|coins|cone)\b", "flip a coin"), ("", r"\btoss a (?:corn|coins|cone)\b", "toss a coin"),
    ("", r"\b(?:roll|role|throw) (?:a |the"
        r" )?(?:dies|dyes|dye|dices)\b", "roll a die"), ("", r"^role (?=a |the )", "roll "),
    ("", r"\bwhat can you due\b", "what can you do"),
    ("", r"\bsped up\b|\bspeak up fast\b", "speed up"),
    ("", r"\b(?:sleet|slip"
        r"|sleeve|slip"
        r" now) mode\b", "sleep mode"), ("", r"\bgo to (?:sleet|slip)\b", "go to sleep"),
    ("", r"\bspell out\b", "spell"), ("", r"^(?:spill|smell|spelt) (?=the word )", "spell "),
    ("", r"\b(?:repeated|repeat it) please$", "repeat please"),
    ("", r"\bbe quite$", "be quiet"), (r"remind me ", r"(?:too|two)(?= [a-z])", "to"),
    ("", r"\bspell the world(?= )", "spell the word"),
    (rf"(?:minutes?|hours?|seconds?|{_NUMBER}) ", rf"weight(?= (?:no|make|a|{_NUMBER}))", "wait"),
]  # fmt: skip
"""What stands before, what recognisers write then, and what was meant."""


def clean(source: str) -> Written:
    """Return `source` in lower case with single spaces, without punctuation, fillers and slips."""
    characters, places = [], []
    for place, given in enumerate(source):
        for c in unicodedata.normalize("NFKC", given).translate(_QUOTES).lower():
            characters.append("/" if c == "⁄" else c)
            places.append(place)
    kept, origin = list[str](), list[int]()
    for i, c in enumerate(characters):
        stays = c if _stays(characters, i) else " "
        if c == "'" and stays == " ":
            continue
        if stays != " " or (kept and kept[-1] != " "):
            kept.append(stays)
            origin.append(places[i])
    written = Written("".join(kept).rstrip(), source, tuple(origin[: len("".join(kept).rstrip())]))
    return _tidy(_set_right(_tidy(_set_right(written))))


def _stays(text: list[str], i: int) -> bool:
    c = text[i]
    before = text[i - 1] if i else " "
    after = text[i + 1] if i + 1 < len(text) else " "
    if c in _BETWEEN_DIGITS:
        return (before.isdigit() or (c == "." and before == " ")) and after.isdigit()
    if c == "-":
        return (after.isdigit() and not before.isalpha()) or (before == after == " ")
    if c == "'":
        return before.isalnum() and after.isalnum()
    return bool(_KEPT.fullmatch(c)) and c != "_"


def _tidy(written: Written) -> Written:
    for pattern in (_FILLERS, _PONDERED, _LIKE):
        while match := pattern.search(written.text):
            end = match.end() + (pattern is not _FILLERS)
            if match.end() - match.start() >= len(written.text):
                return written
            written = written.without(match.start(), end)
    while doubled := re.search(
        r"(?<![a-z'])(a|an|the|for|to|in|set|set a|please|my|me|at|is|what) \1(?![a-z'])",
        written.text,
    ):
        written = written.without(doubled.start(), doubled.start() + len(doubled[1]) + 1)
    return written.part(0, len(written.text.rstrip()))


def _set_right(written: Written) -> Written:
    for pattern, meant in _same_sound():
        at = 0
        while match := pattern.search(written.text, at):
            new = meant and match.expand(meant)
            start, end = match.span("said")
            written = _swapped(written, start, end, new)
            at = max(start + len(new), 1) if new else start + 1
    return written


def _swapped(written: Written, start: int, end: int, new: str) -> Written:
    """Put `new` where `start` to `end` was."""
    first, last = written.places[start], written.places[end - 1]
    places = (first, *[last] * (len(new) - 1))[: len(new)]
    text = written.text[:start] + new + written.text[end:]
    return Written(text, written.source, written.places[:start] + places + written.places[end:])


@functools.cache
def _same_sound() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(f"(?:{before})(?P<said>{said})"), meant.replace("\\1", "\\g<kept>"))
        for before, said, meant in (*_DRAWN_TOGETHER, *_SAME_SOUND)
    ]
