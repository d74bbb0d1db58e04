"""What recognisers and keyboards write wrongly, set right where nothing else is understood.

A text that asks for nothing may ask for something with one letter changed, one space more or less,
or a word that sounds alike. Such a text is tried once more; that it then is a request from end to
end is what speaks for it, and so much may be guessed here.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from assistant.mind.skills.loose_rings_en import WORDS as RINGS
from assistant.mind.skills.loose_simple_en import WORDS as SIMPLE
from assistant.mind.skills.loosely import words
from assistant.mind.skills.numbers_en import SCALES, SMALL, TENS
from assistant.mind.skills.sounds_en import sound
from assistant.mind.skills.written import Written

MOST_WORDS = 16
"""A longer text is a story."""
SHORTEST = 5
"""Letters of a word that may be another one with one letter changed."""
ALIKE = 0.74
"""How alike the two must be, 0 to 1 (`difflib`): "timmer" and "timer" are 0.91."""
RATHER_ALIKE = 0.56
"""The same of what sounds alike: "valium" and "volume" are 0.67, "later" and "louder" 0.55."""
MOST_TRIES = 6
"""Words that sound alike and are tried: each takes a part of a millisecond."""
_NUMBERS = frozenset({*SMALL, *TENS, *SCALES, "hundred", "half", "quarter"})
_MORE = words(
    "remind reminder reminders january february march april may june july august september"
    " october november december monday tuesday wednesday thursday friday saturday sunday"
    " weekday christmas plus minus times divided multiplied percent square root kilometers"
    " kilometres miles meters metres centimeters centimetres feet inches inch pounds ounces"
    " grams kilograms kilos celsius fahrenheit litres liters gallons convert o'clock noon"
    " midnight am pm past quarter spell word hundred mins secs hrs min sec"
)
_KEYS = (
    words(
        "timer timers alarm alarms countdown minute minutes second seconds hour hours cancel"
        " please louder quieter softer faster slower volume repeat again stop sleep listening"
        " listen english chinese mandarin language switch speak speaking speech talk spell"
        " spelling random number coin dice what time today tomorrow yesterday morning evening"
        " afternoon tonight weekday wake remind set snooze status version online internet"
        " connected maximum percent heads tails increase decrease reduce quiet sound loud slow"
        " fast raise lower turn down it is me bit an for in at"
    )
    | _MORE
    | _NUMBERS
)
"""What these requests cannot do without: words are put right to be one of them."""
KNOWN = RINGS | SIMPLE | _NUMBERS | _MORE
_N = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_SOUNDS = [
    (r"^(?:said|sat|sent|sit|seat|sets|send|that) (?=(?:a|an|the|my|in|another|timer|alarm)\b)",
     "set "),
    (r"\b(?:time or|time her|time a|tire|tyre|tamer|timber|dimer|tie mer|time her)\b", "timer"),
    (r"(?<=[a-z] )time (?=for (?:\d|an? (?:hour|minute)|half|[a-z]+ (?:minutes|hours|seconds)))",
     "timer "),
    (r"^(?:council|counsel|cancer|castle|console|can sell|can cell|concert) (?=the|my|all|timer)",
     "cancel "),
    (r"\b(?:a lamb|a lam|a llama|and alarm|in alarm|an? arm|a lamp|a larm|the larm) (?=at|for|in"
     r"|$)",
     "an alarm "),
    (r"\b(?:make|walk|bake|weak|wait|week|way|wick|wade) (me|us) up\b", r"wake \1 up"),
    (r"^(?:remained|reminded|rewind|remand|remote|reminding|rim and|remind|we mind|demand) me\b",
     "remind me"),
    (r"\bremind me (?:too|two|do|the)\b", "remind me to"),
    (r"\ban? our\b", "an hour"), (rf"\b({_N}) (?:ours|our|hours are)\b", r"\1 hours"),
    (rf"\b({_N}|\d+) (?:menace|minuets|mints|minnows|minute is|mini|minutes's)\b", r"\1 minutes"),
    (r"\bfor tea\b", "forty"), (r"\bfor teen\b", "fourteen"), (r"\b(?:fit|fif) teen\b", "fifteen"),
    (r"\bsex teen\b", "sixteen"), (r"\bthirsty\b", "thirty"),
    (r"\b(?:ate|aid|hate)\b", "eight"), (r"\b(?:sex|sicks|socks)\b", "six"),
    (r"\btree\b", "three"), (r"\bwon\b(?!')", "one"), (r"\b(?:tan|tin)\b", "ten"),
    (r"\b(?:nein|mine)\b", "nine"), (r"\b(?:fife|hive)\b", "five"),
    (rf"\bat (?:for|fore)(?= (?:am|pm|o'clock|in the|{_N})|$)", "at four"),
    (r"\b(?:at|by) (?:to|too)(?= (?:am|pm|o'clock|in the)|$)", "at two"),
    (rf"\b(volume|sound|it) (?:two|too|2) (?=(?:{_N}|\d))", r"\1 to "),
    (r"\b(go|back) (?:two|too) (?=sleep|bed)", r"\1 to "),
    (r"\b(?:watt|wad|wants|whut)\b", "what"),
    (r"\bwhat (?:tame|tim|tom|team) (?=is\b)", "what time "),
    (r"\bnew (?:yoke|yolk)\b", "new york"), (r"\bto days? date\b", "today's date"),
    (r"\bhow many (?:daze|days's|dates)\b", "how many days"), (r"\bhow match\b", "how much"),
    (r"\b(?:thyme|tine|dime|thy)\b", "time"),
    (r"\bin pairs\b", "in paris"), (r"\b(?:chris miss|chris mass|kiss mass)\b", "christmas"),
    (r"\bto day\b", "today"), (r"\bwhats\b", "what's"),
    (r"\b(?:dates|data|dead)\b(?= today|$)", "date"),
    (r" (?:mines|mine us|minors|mine is) ", " minus "), (r" (?:plush|pluss|blus|plows) ", " plus "),
    (r"\b(divided|multiplied) (?:buy|bye|bi)\b", r"\1 by"),
    (r"\bpercentage (?=of|off)", "percent "),
    (r"\bgrahams\b", "grams"), (r"\b(a|in|to) (?:mild|mild's|mild)s?\b", r"\1 mile"),
    (r"\b(?:lauder|laud her|loud her|allowed her|louder her)\b", "louder"),
    (r"\b(?:quite her|quiet her|quite a)\b", "quieter"), (r"\bbe quite\b", "be quiet"),
    (r"\b(?:fast her|fester|fast a)\b", "faster"),
    (r"\bslow (?:lee|leigh|li)\b", "slowly"), (r"\b(?:slow her|slow a|slur)\b", "slower"),
    (r"\b(slow|turn it|turn the volume|volume|turn) (?:dawn|town|done|don)\b", r"\1 down"),
    (r"\ba (?:bid|bet|pit)\b", "a bit"), (r"\ba gain\b", "again"),
    (r"^(?:reaped|repeal|rip it|repeats|re pete|repent|replete)\b", "repeat"),
    (r"\bshut (?:app|op|hop)\b|\bshot up\b", "shut up"), (r"\b(?:ewe|yew|u)\b", "you"),
    (r"\bare you (?:their|they're|the)$", "are you there"),
    (r"\b(can you|do you) (?:here|hair|hare|ear) (?=me|us)", r"\1 hear "),
    (r"\bto (?:sheep|sleet|slip|asleep)\b", "to sleep"),
    (r"\bspell the (?:world|war|wort|ward)\b", "spell the word"),
    (r"\b(?:flick|flib|flip) a (?:corn|point|coy|con)\b", "flip a coin"),
    (r"\b(?:role|rule|row|roll) (a|the) (?:dyes|dye|dies|diced)\b", r"roll \1 dice"),
    (r"\bwhat (?:kin|con|cam) you\b|\bwhat can (?:yo|ya|u|ye)\b", "what can you"),
    (r"\bgo (?:a|too|two) sleep\b", "go to sleep"),
    (r"\b(?:chine ease|china's|chinees)\b", "chinese"), (r"\b(?:in glish|inglish)\b", "english"),
    (r"\bspel\b", "spell"),
    (r"\b(?:alrm|alam|larm)\b", "alarm"),
]  # fmt: skip
"""What is written, and what may have been said."""


def readings(written: Written) -> Iterator[Written]:
    """Yield what else may have been said than the clean text `written`, the likeliest first."""
    if len(written.text.split()) > MOST_WORDS:
        return
    heard = written
    for pattern, meant in _sounds():
        heard = _instead_of(heard, pattern, meant)
    if heard.text != written.text:
        yield heard
    spelt = _spelt(heard)
    if spelt.text != heard.text:
        yield spelt
    yield from _sounding(written)


def _sounding(written: Written) -> Iterator[Written]:
    """Yield the text with one or two words that are none here as what sounds alike."""
    words, tries = written.text.split(), 0
    for length in (2, 1):
        for start in range(len(words) - length + 1):
            said = words[start : start + length]
            if all(word in KNOWN or word in _WHOLE for word in said):
                continue
            for meant in _alike(" ".join(said)):
                tries += 1
                if tries > MOST_TRIES:
                    return
                yield _instead(written, {" ".join(said): meant})


@functools.lru_cache(maxsize=512)
def _alike(said: str) -> tuple[str, ...]:
    """Return the known words that sound like `said`, those first that look like it too."""
    scored = [
        (SequenceMatcher(None, said.replace(" ", ""), word).ratio(), word)
        for word in _sounds_of_keys().get(sound(said), ())
    ]
    return tuple(word for ratio, word in sorted(scored, reverse=True) if ratio >= RATHER_ALIKE)


@functools.cache
def _sounds_of_keys() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(_KEYS):
        if len(word) >= SHORTEST - 1:
            found.setdefault(sound(word), []).append(word)
    return found


def _instead_of(written: Written, pattern: re.Pattern[str], meant: str) -> Written:
    return written.replaced(pattern, lambda match: match.expand(meant))


@functools.cache
def _sounds() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern), meant) for pattern, meant in _SOUNDS]


def _spelt(written: Written) -> Written:
    """Put right the words that are none: joined, split, misspelt."""
    words = written.text.split()
    pairs = {f"{a} {b}": _joined(a, b) for a, b in itertools.pairwise(words) if _joined(a, b)}
    written = _instead(written, pairs)
    words = [word for word in written.text.split() if len(word) > 3 and word.isalpha()]
    return _instead(written, {word: _likeliest(word) for word in words if _likeliest(word) != word})


def _instead(written: Written, meant: Mapping[str, str]) -> Written:
    if not meant:
        return written
    said = "|".join(map(re.escape, meant))
    return written.replaced(re.compile(rf"\b(?:{said})\b"), lambda match: meant[match[0]])


def _joined(first: str, second: str) -> str:
    """Return one word of two, of which one is none: "re mind"."""
    whole = first + second
    return whole if whole in KNOWN and not {first, second} <= KNOWN else ""


@functools.lru_cache(maxsize=512)
def _likeliest(word: str) -> str:
    """Return the known word or words that `word` may be; itself where none is near."""
    if word in KNOWN | _WHOLE or any(word.removesuffix(end) in KNOWN for end in _ENDINGS):
        return word
    for at in range(1, len(word)):
        parts = word[:at], word[at:]
        if parts[0] in _SPLIT and parts[1] in _SPLIT and parts[1] != "a" and word not in _WHOLE:
            return " ".join(parts)
    if len(word) < SHORTEST:
        return word
    near = {known for each in _shorter(word) for known in _index().get(each, ())}
    scored = [(SequenceMatcher(None, word, known).ratio(), known) for known in near]
    best = max(scored, default=(0.0, word))
    return best[1] if best[0] >= ALIKE and best[1][0] == word[0] else word


_ENDINGS = ("s", "es", "d", "ed", "ing", "er", "ers", "y", "ly", "'s")
"""With one of these a known word is another one: that a bus stops is no request to stop."""
_SPLIT = {*_KEYS, "a", "my", "the", "up", "me", "you", "to", "day", "that"}
_WHOLE = words(
    "tame team dimmer tumor leader ladder loader quitter foster fester sailor rapid report"
    " step steep stub shop slip slap slope slab lesson license spike spook took tock dock duck"
    " tack take tick spill spoil spool con can cone gone gun cane dose tease days toes wet"
    " wait white wood week weak walk woke present hats hits tells tales rise rose race rice"
    " smell smells lawyer torn town done tone police blues bliss menace means moons teams tombs"
    " food fit"
    " bands bonds crimes class glass close clues mails meals scare road rude ride red right"
    " route ward mess miss mass pardon person party paper pepper later letter light lord loud"
    " love leave live last lost list least less loss lose world price place voice tiger could"
    " would month months nothing small heard hears shell still house sound round court count"
    " worse horse course water matter latter father forty anyone someone into onto today"
    " tomorrow itself himself another inside atone toman meat inset toit itat forme meet isis"
    " upset upon alike input import indeed instead format"
)


def _shorter(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


@functools.cache
def _index() -> dict[str, list[str]]:
    """Known words by what is left of them without one letter."""
    found: dict[str, list[str]] = {}
    for word in sorted(_KEYS):
        if len(word) >= SHORTEST - 1:
            for each in _shorter(word):
                found.setdefault(each, []).append(word)
    return found
