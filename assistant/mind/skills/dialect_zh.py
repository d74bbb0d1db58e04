"""Words of Canton, Taiwan, Sichuan and the north as they are elsewhere: 依家几点, 网路, 今儿个."""

import functools
import re
from collections.abc import Mapping

from assistant.mind.skills import words_zh
from assistant.mind.skills.written import Written


def common(written: Written) -> Written:
    """Return the text with words that are said everywhere."""
    known, pattern = _known()
    return written.replaced(pattern, lambda match: known[match[0]])


@functools.cache
def _known() -> tuple[Mapping[str, str], re.Pattern[str]]:
    known = words_zh.dialects()
    longest_first = sorted(map(re.escape, known), key=len, reverse=True)
    return known, re.compile("|".join(longest_first))
