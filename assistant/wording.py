"""The words of what was said, without what recognisers add and take back at will.

A partial result ends with a full stop that the next one no longer has, and capitals come and go.
Compared and read by the language model are the words alone, so that a sentence which grows keeps
its beginning, token for token.
"""

import re
import unicodedata

_INSIDE = r"(?<=\w)(?:['_@&+/-]|(?<=\d)[.,:](?=\d))(?=\w)"
_WORDS = re.compile(rf"(?:\w|{_INSIDE}|(?<=\d)[%°]|[$€£¥#](?=\w))+")


def said(text: str) -> str:
    """Return the words of `text`: lower case, no punctuation but what is inside a word or number.

    "What's 3.5 + 2, Ann?" is "what's 3.5 2 ann". Idempotent.
    """
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).lower().replace("’", "'")))
