"""Brings what was said or written into the one form in which topics are looked for."""

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

LONGEST = 2000
"""Characters of the longest text that is looked at as a whole; of a longer one both ends are."""
HAN = "\u3400-\u9fff"
_HAN = re.compile(f"[{HAN}]")
_APOSTROPHE = re.compile("['\u2019\u2018`]")
_NO_WORD = re.compile(r"[\W_]+")
_ALSO = str.maketrans("著妳", "着你")
"""What OpenCC leaves, because both are right in places."""
_BESIDE_HAN = re.compile(f"(?<=[{HAN}]) +| +(?=[{HAN}])")


def clean(text: str) -> str:
    """Return `text` in lower case and simplified characters, without points and apostrophes.

    One space is between words, none beside a Chinese character: "I can't!" is "i cant".
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}"
    text = unicodedata.normalize("NFKC", text).lower()
    text = _NO_WORD.sub(" ", _APOSTROPHE.sub("", text)).strip()
    if not has_han(text):
        return text
    simple: str = _converter().convert(text).translate(_ALSO)
    return _BESIDE_HAN.sub("", simple)


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in `text`."""
    return _HAN.search(text) is not None


@functools.cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")
