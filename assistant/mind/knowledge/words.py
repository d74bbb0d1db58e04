"""The words of a text, as they are looked up.

Chinese is cut into pairs of characters that overlap, as Lucene's CJK analyser does: a word of two
characters is found, no dictionary has to be loaded, and a new name is a word like others.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

RUN = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
ASKING = re.compile(
    r"请问一?下?|麻烦|告诉我|我想(?:问|知道)一?下?|什么(?:时候|时间|地方)?|怎么(?:样|办|回事)?|为什么|多少|"
    r"哪(?:里|儿|个|些|天|几)|是不是|有没有|能不能|可不可以|可以|应该|需要|如果|的话|一下|这个|那个|你们|我们|"
    r"还是|已经|就是|现在|大概|得|吗|呢|吧|啊|呀|了|的|我|你|它|是|在|要|能|会|有|几|把|给|都|也|就|去|来|和|跟|那"
)
"""Of a Chinese question what asks, not what is asked about."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        a about am an and any are as at be been but by can could did do does for from get go got
        had has have hello hey hi how i if im in into is it its ive just know like me my need of
        ok okay on one or our please put right should so some sorry tell than that the their
        them then there these they thing this those to uh um us want was we were what whats when
        where which who why will with would you your yours youre id ill dont s t m re ve d ll
        say says let lets also actually anyone anything something up out here well
        """,
    )
)
"""English words that every text has."""


def words(text: str, *, question: bool = False) -> list[str]:
    """Return the words in their order, without common ones; of a `question` the topic alone."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    folded = re.sub(r"'(?:s|re|ve|ll|d|m|t)\b", "", folded)
    if question:
        folded = ASKING.sub(" ", folded)
    found: list[str] = []
    for run in RUN.findall(folded):
        if "\u3400" <= run[0] <= "\u9fff":
            found += [one + two for one, two in pairwise(run)] or [run]
        elif run not in COMMON:
            found.append(run)
    return found


def joined(found: Iterable[str]) -> tuple[str, ...]:
    """Return words as people write them: Chinese pairs that overlap made one again."""
    whole: list[str] = []
    for word in found:
        if whole and whole[-1][-1] == word[0] and "\u3400" <= word[0] <= "\u9fff":
            whole[-1] += word[1:]
        else:
            whole.append(word)
    return tuple(whole)


def chinese(text: str) -> bool:
    """Whether a text is Chinese, foreign names within it or not."""
    characters = sum("\u3400" <= each <= "\u9fff" for each in text)
    return characters * 4 >= sum(each.isalnum() for each in text) > 0
