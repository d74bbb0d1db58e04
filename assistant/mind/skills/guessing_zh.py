"""A guess at what was said where a recogniser wrote words of the same sound, and nothing fits.

The text is cut into words of requests so that the least is left over; a piece of two characters or
more that only sounds like one of them counts as that one, but less than one that is written right.
"""

import functools
from collections.abc import Mapping

from assistant.mind.skills import words_zh
from assistant.mind.skills.beside_zh import of_another_device
from assistant.mind.skills.numbers_zh import NUMERALS
from assistant.mind.skills.sounds_zh import WORDS, sounds

ALIKE, UNKNOWN = 2, 6
"""What a guessed word costs besides 1 for each character that changes, and what a character in no
word does; a word as written costs nothing."""
MOST_GUESSED = 2
"""More words that are written wrong are another text."""
LONGEST = 44


def guessed(text: str) -> str:
    """Return the text with the words that are likely meant, of the same length."""
    if not 1 < len(text) <= LONGEST or of_another_device(text):
        return text
    heard, known, alike = sounds(text, southern=False), _known(), _alike()
    # the cost up to each place, where its last piece begins, and what that was
    best: list[tuple[int, int, str]] = [(0, 0, "")]
    for end in range(1, len(text) + 1):
        options = [(best[end - 1][0] + UNKNOWN, end - 1, text[end - 1])]
        for start in range(max(0, end - _longest()), end):
            piece = text[start:end]
            if piece in known or piece in NUMERALS or piece.isascii():
                options.append((best[start][0], start, piece))
            elif end - start > 1 and not any(c in NUMERALS for c in piece):
                word = alike.get(heard[start:end], "")
                changed = sum(a != b for a, b in zip(piece, word, strict=False))
                options += [(best[start][0] + ALIKE + changed, start, word)] if word else []
        best.append(min(options, key=lambda each: each[:2]))
    pieces, changed, at = [], 0, len(text)
    while at:
        _, start, piece = best[at]
        changed += piece != text[start:at]
        pieces.append(piece)
        at = start
    return "".join(reversed(pieces)) if changed <= MOST_GUESSED else text


@functools.cache
def _known() -> frozenset[str]:
    return words_zh.every() | frozenset(WORDS)


@functools.cache
def _alike() -> Mapping[str, str]:
    """Return words by their sound, the shorter and the commoner ones last, which win."""
    longer = sorted((word for word in _known() if len(word) > 1), key=lambda w: (-len(w), w))
    return {sounds(word, southern=False): word for word in (*longer, *WORDS)}


@functools.cache
def _longest() -> int:
    return max(map(len, _known()))
