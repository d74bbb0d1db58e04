"""What a loudspeaker's samples themselves say: when it fell silent, which words were audible."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from assistant.audio.files import AUDIBLE
from assistant.audio.frames import Pcm

WINDOW_S = 0.01
GAP_S = 0.9
"""Silence of so many s is more than the pause between two sentences."""


def sounding(pcm: Pcm, rate: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each 10 ms of (samples,) int16 whether anything in it is audible."""
    window = round(rate * WINDOW_S)
    count = len(pcm) // window
    blocks = np.abs(pcm[: count * window].astype(np.int32)).reshape(count, window)
    return np.asarray(blocks.max(axis=1, initial=0) > AUDIBLE)


def spoken_s(pcm: Pcm, rate: int) -> float:
    """Return how many s of (samples,) int16 there are until it is silent for good."""
    loud = np.flatnonzero(sounding(pcm, rate))
    return round(float(loud[-1] + 1) * WINDOW_S, 2) if len(loud) else 0.0


def falls_silent(
    pcm: Pcm, rate: int, since: float, gap: float = GAP_S, *, begun: bool = False
) -> float | None:
    """Return when, in s, the first silence of `gap` s begins that ends after `since` s.

    With `begun` it must have begun after that, too. None: it never does. A silence at the end
    counts when that much of it is there.
    """
    window = round(rate * WINDOW_S)
    loud = np.flatnonzero(sounding(pcm, rate))
    ends = np.append(loud, len(pcm) // window)
    starts = np.insert(loud, 0, -1)
    for last, following in zip(starts, ends, strict=True):
        begin, end = (last + 1) * WINDOW_S, following * WINDOW_S
        if (begin if begun else end) > since and end - begin >= gap:
            return float(begin)
    return None


def words(text: str) -> list[str]:
    """Return the words of a text, bare; every Chinese character is one."""
    bare = unicodedata.normalize("NFKC", text).casefold().replace("'", "")
    return re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", bare)


def aligned(said: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs (place in `said`, place in `heard`) of equal words in the best alignment."""
    cost = np.zeros((len(said) + 1, len(heard) + 1), np.int32)
    cost[:, 0] = np.arange(len(said) + 1)
    cost[0, :] = np.arange(len(heard) + 1)
    for i, word in enumerate(said, 1):
        for j, other in enumerate(heard, 1):
            swap = cost[i - 1, j - 1] + (word != other)
            cost[i, j] = min(swap, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs, i, j = [], len(said), len(heard)
    while i and j:
        if said[i - 1] == heard[j - 1] and cost[i, j] == cost[i - 1, j - 1]:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j - 1] + 1:
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def errors(said: str, heard: str) -> tuple[int, int]:
    """Return (word errors, words): those of a transcript `heard` of what was `said`."""
    reference, other = words(said), words(heard)
    row = list(range(len(other) + 1))
    for i, word in enumerate(reference, 1):
        above, row[0] = row[0], i
        for j, guess in enumerate(other, 1):
            above, row[j] = row[j], min(above + (word != guess), row[j] + 1, row[j - 1] + 1)
    return row[-1], len(reference)


def audible_words(reply: str, transcript: str) -> int:
    """Return how many words of `reply` were audible when `transcript` is what was understood.

    A recogniser errs within, but what counts is how far it came: to the end of the beginning of
    `reply` that differs least, the longest of several.
    """
    said, heard = words(reply), words(transcript)
    row = list(range(len(heard) + 1))
    least, count = len(heard), 0
    for number, word in enumerate(said, 1):
        above, row[0] = row[0], number
        for j, other in enumerate(heard, 1):
            above, row[j] = row[j], min(above + (word != other), row[j] + 1, row[j - 1] + 1)
        if row[-1] <= least:
            least, count = row[-1], number
    return count if heard else 0


def missing_words(said: str, transcript: str) -> int:
    """Return how many words of `said` are in no place of the transcript."""
    return len(words(said)) - len(aligned(words(said), words(transcript)))
