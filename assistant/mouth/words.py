"""Which word of a text sounds when: what an engine knows of its own words, brought to the text's.

An engine's words are not those of the text: it says "of the" as one and "1995" as two. Both are in
the same order and about as long in phonemes as in letters, so they are laid side by side as a
sentence and its translation are (Gale and Church 1993), by the least difference of lengths.
"""

import bisect
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from assistant.language import HAN

JOINED = 4
"""So many words on one side are laid beside one on the other at the most."""
JOINT = 1.5
"""What each further word there costs, in phonemes."""
DIGIT = 4
"""Letters that a digit is as long as when it is said."""
_WORD = re.compile(rf"[{HAN}]|[^\s{HAN}]+")


def starts(text: str) -> list[tuple[int, int]]:
    """Return where each word of `text` that can be heard begins, and its length in letters."""
    found = ((m.start(), sum(map(_letters, m.group()))) for m in _WORD.finditer(text))
    return [(start, letters) for start, letters in found if letters]


def _letters(character: str) -> int:
    return DIGIT if character.isdigit() else int(character.isalnum())


def beginnings(text: str, lengths: Sequence[int]) -> list[int | None]:
    """Return for each of an engine's words, `lengths` phonemes long, where in `text` it begins.

    None where it is in the middle of a word, or none of the text's begins with it.
    """
    words, found = starts(text), [None] * len(lengths)
    result: list[int | None] = list(found)
    for mine, theirs in _side_by_side([letters for _, letters in words], lengths):
        result[theirs] = words[mine][0]
    return result


def carried(
    words: Sequence[tuple[int, int]], spoken: str, text: str
) -> tuple[tuple[int, int], ...]:
    """Return marks (characters, sample) of `spoken` as marks of `text`, which was made into it.

    Where the two have the same words they are the same places; between them, where a number was
    written out, nothing is known but where it ends.
    """
    if spoken == text or not words:
        return tuple(words)
    mine, theirs = _cut(text), _cut(spoken)
    places: list[tuple[int, int]] = []
    matcher = SequenceMatcher(None, [w for _, w in theirs], [w for _, w in mine], autojunk=False)
    for block in matcher.get_matching_blocks():
        places += [(theirs[block.a + n][0], mine[block.b + n][0]) for n in range(block.size)]
    known = [spoken_at for spoken_at, _ in places]
    found: list[tuple[int, int]] = []
    for chars, sample in words:
        at = bisect.bisect_left(known, chars)
        if at < len(known) and known[at] == chars:
            found.append((places[at][1], sample))
    if words and (not found or found[0][0] > 0):
        found.insert(0, (0, words[0][1]))
    return tuple(found)


def _cut(text: str) -> list[tuple[int, str]]:
    """Return the words with where they begin, as far as they can be compared."""
    found = ((m.start(), m.group()) for m in _WORD.finditer(text))
    bare = ((start, "".join(c for c in w.casefold() if c.isalnum())) for start, w in found)
    return [(start, word) for start, word in bare if word]


def _side_by_side(mine: Sequence[int], theirs: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first words, (mine, theirs), of the groups that belong together, by lengths."""
    if not mine or not theirs:
        return []
    ratio = sum(theirs) / sum(mine)
    wanted = [length * ratio for length in mine]
    best: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    steps = [(1, n) for n in range(1, JOINED + 1)] + [(n, 1) for n in range(2, JOINED + 1)]
    for a in range(len(mine) + 1):
        for b in range(len(theirs) + 1):
            if (a, b) not in best:
                continue
            cost = best[a, b][0]
            for da, db in steps:
                if a + da > len(mine) or b + db > len(theirs):
                    continue
                gap = abs(sum(wanted[a : a + da]) - sum(theirs[b : b + db])) + JOINT * (da + db - 2)
                if (a + da, b + db) not in best or cost + gap < best[a + da, b + db][0]:
                    best[a + da, b + db] = (cost + gap, a, b)
    at, found = (len(mine), len(theirs)), []
    if at not in best:  # more than can be laid together: only the beginning is known
        return [(0, 0)]
    while at != (0, 0):
        _, a, b = best[at]
        found.append((a, b))
        at = a, b
    return found[::-1]
