"""What somebody says while the assistant speaks: is it meant to interrupt? Pure; texts only.

Not what listeners say to show that they listen (a backchannel), nor the assistant's own words when
the recogniser gives them back. Nor a short sound, unless it begins as short interruptions do: of
"mm-hm" or a cough recognisers make words, up to three of them. Since the reply waits in silence
meanwhile, there is time for more evidence.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence

from assistant.language import HAN

ENOUGH = 7
"""Words, or Chinese characters, that make speech of a sound before it has ended: "just put the bags
on the table" begins like an order to the assistant, and the reply is silent meanwhile anyway."""
BRIEF_S = 0.7
"""A sound is brief that does not last longer: murmurs last half a second."""
LONGEST = 48
"""Letters at the end of what was recognised that are compared with the reply; the beginning may be
what is left of a clause that sounded before."""
DIFFERS = 0.34
"""Share of the letters in which the assistant's own words may be misheard. Other sentences of the
same language differ from the most similar place of a reply in half of their letters and more."""
FEW = 2
"""Words that a recogniser makes of one stop word."""
SHORT = 5
"""Fewer letters than this are the assistant's own only where they are whole words of it: two words
of so few letters are always similar."""
COURTESY = (
    "please", "now", "it", "that", "okay", "ok", "hey", "no", "oh", "just", "thanks", "thank you",
    "请", "了", "吧", "啊", "呀", "一下", "好了", "好", "先", "快", "谢谢",
)  # fmt: skip
"""What may stand around a stop word."""
_CHARACTER = re.compile(f"([{HAN}])")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


def words(text: str) -> list[str]:
    """Return the words of `text`, lower case, letters and digits only; Chinese characters alone."""
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c if c.isalnum() else "" if c in "'’" else " " for c in text)
    return _CHARACTER.sub(r" \1 ", _DRAWN_OUT.sub(r"\1\1", kept)).split()


def backchannel(text: str, listed: Sequence[str]) -> bool:
    """Whether `text` consists of nothing but what is `listed`, once or several times."""
    return bool((said := words(text)) and _pattern(tuple(listed)).fullmatch(f"{' '.join(said)} "))


def halts(text: str, stop_words: Sequence[str]) -> bool:
    """Whether `text` is a stop word, perhaps said twice or with a courtesy: "okay, stop it"."""
    said = f"{' '.join(words(text))} "
    return bool(
        _pattern((*stop_words, *COURTESY)).fullmatch(said)
        and _pattern(tuple(stop_words), many=False).search(said)
    )


def misheard(text: str, stop_words: Sequence[str]) -> bool:
    """Whether `text` is only what a stop word became, which a partial result had held."""
    said = words(text)
    held = _pattern(tuple(stop_words), many=False).search(f"{' '.join(said)} ")
    return len(said) <= FEW and held is None


def echoed(text: str, sounding: str) -> bool:
    """Whether `text` is what the recogniser makes of `sounding`, the reply of the last seconds.

    Compared are letters, since words are cut and joined at will; the most similar place counts
    (Sellers 1980). The cost is the product of both lengths, at most some 20,000 steps.
    """
    said, reply = words(text), words(sounding)
    letters, around = "".join(said)[-LONGEST:], "".join(reply)
    if not letters or not around:
        return False
    if len(letters) < SHORT:
        return quoted(text, sounding)
    return _distance(letters, around) <= DIFFERS * len(letters)


def quoted(text: str, sounding: str) -> bool:
    """Whether `text` is a run of words of `sounding`: a stop word that the reply itself says."""
    return f" {' '.join(words(text))} " in f" {' '.join(words(sounding))} "


def rest_of_it(text: str, sounding: str, backchannels: Sequence[str], *, ended: bool) -> bool:
    """Whether `text` may be the rest of a question whose end was seen too soon."""
    if backchannel(text, backchannels) or echoed(text, sounding):
        return False
    return len(words(text)) >= (1 if ended else 2)


def interrupts(
    text: str,
    sounding: str,
    backchannels: Sequence[str],
    interjections: Sequence[str],
    *,
    lasted: float,
    ended: bool,
) -> bool:
    """Whether `text`, said while `sounding` is heard, is meant to interrupt; see above.

    The sound has `lasted` so many s until now, or until it `ended`.
    """
    if backchannel(text, backchannels) or echoed(text, sounding):
        return False
    said = words(text)
    if len(said) >= ENOUGH and lasted > BRIEF_S:
        return True
    begins = _pattern(tuple(interjections), many=False).match(f"{' '.join(said)} ") is not None
    return ended and (begins or (len(said) > 1 and lasted > BRIEF_S))


def _distance(pattern: str, text: str) -> int:
    """Return the least number of letters to be changed, added or left out until `pattern` is a part
    of `text`."""
    best, column = len(pattern), list(range(len(pattern) + 1))
    for letter in text:
        diagonal, column[0] = column[0], 0
        for at, mine in enumerate(pattern, 1):
            changed = diagonal + (mine != letter)
            diagonal = column[at]
            column[at] = min(changed, diagonal + 1, column[at - 1] + 1)
        best = min(best, column[-1])
    return best


@functools.cache
def _pattern(phrases: tuple[str, ...], *, many: bool = True) -> re.Pattern[str]:
    """Return what matches `phrases` as whole words with a space behind each, longest first."""
    forms = sorted({" ".join(words(phrase)) for phrase in phrases} - {""}, key=len, reverse=True)
    one = f"(?:(?:{'|'.join(map(re.escape, forms)) or '(?!)'}) )"
    return re.compile(f"{one}+" if many else f"(?<!\\S){one}")
