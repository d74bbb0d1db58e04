"""Calculations and conversions with more words around them than their grammars know."""

import re

from assistant.mind.skills import decimals, sums_en, units_en
from assistant.mind.skills.loosely import words
from assistant.mind.skills.reading import Exact

_BEFORE = words(
    "i i'd i'm we need want like to know what what's is are how many much tall heavy long far"
    " big hot cold wide deep high fast old do does you get if take have and so the a answer"
    " for me tell can could would please be it that's that say says give work out figure help"
    " with sum quick question maths math let's see okay right calculate find when got one my"
    " there in us number result makes make wondering wonder trying was"
)
_AFTER = words(
    "is are be please would for me that make makes equal equals total together altogether in"
    " give get do i you we to come and thanks thank then exactly about roughly now quick of"
    " all it how much what money again left remains"
)
_STARTS = re.compile(r"(?:^|(?<= ))(?=\S)")
_HAS_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred"
    r"|thousand|million|half|third|quarter|quarters|dozen|zero|an?)\b"
)
_FOR = re.compile(r" (?:for|in) (?:the|my|our|this) [a-z]+(?: [a-z]+)?$")
_STORY = re.compile(r"\b(?:apples?|anna|she|he|they|years?)\b")
MOST_TRIES = 24
_ASKED_OF_IT = re.compile(
    r" (?:so |and )?(?:how (?:many|much) (?P<unit>[a-z]+(?: [a-z]+)?) (?:is|are|does|would"
    r"|do) (?:that|it|this)"
    r"(?: be| make| come to)?|what(?:'s| is) (?:that|it|this) in (?P<into>[a-z]+(?: [a-z]+)?))$"
)
"""The quantity is told before: "it says two cups how many millilitres is that"."""
MOST_OF_A_QUANTITY = 5
"""Words."""


def read(text: str) -> Exact | None:
    """Return what the calculation or conversion in a clean text comes to."""
    if not _HAS_NUMBER.search(text) or _STORY.search(text):
        return None
    if (asked := _ASKED_OF_IT.search(text)) and (found := _of_it(text, asked)):
        return found
    words = _FOR.sub("", text).split()
    first = next((i for i, word in enumerate(words) if word not in _BEFORE), len(words))
    last = next((i for i, w in enumerate(reversed(words)) if w not in _AFTER), len(words))
    tries = 0
    for start in range(first + 1):
        for end in range(len(words), len(words) - last - 1, -1):
            if end - start < 2 or (start, end) == (0, len(words)):
                continue
            tries += 1
            if tries > MOST_TRIES:
                return None
            part = " ".join(words[start:end])
            if _HAS_NUMBER.search(part) and (
                found := decimals.exact(part, units_en.conversion, sums_en.calculate)
            ):
                return found
    return None


def _of_it(text: str, asked: re.Match[str]) -> Exact | None:
    told = text[: asked.start()].split()
    for length in range(min(MOST_OF_A_QUANTITY, len(told)), 1, -1):
        said = f"{' '.join(told[-length:])} in {asked['unit'] or asked['into']}"
        if found := decimals.exact(said, units_en.conversion, lambda _: None):
            return found
    return None
