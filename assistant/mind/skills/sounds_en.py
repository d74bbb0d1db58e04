"""How English words sound, roughly: enough to tell that "vole um" may have been "volume"."""

import functools
import re

_RULES = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""), (r"tch", "x"), (r"ph", "f"), (r"gh", ""), (r"^kn", "n"), (r"^wr", "r"),
        (r"wh", "w"), (r"mb$", "m"), (r"ck", "k"), (r"qu", "kw"), (r"sh|ch|tio|cia", "x"),
        (r"dg|j|g(?=[eiy])", "x"), (r"c(?=[eiy])", "s"), (r"c|q|g", "k"), (r"v", "f"), (r"z", "s"),
        (r"th|d", "t"), (r"b", "p"), (r"h", ""), (r"(?<=.)w", ""), (r"r(?![aeiouy])", ""),
        (r"^[aeiouy]+", "A"), (r"[aeiouy]", ""), (r"(.)\1+", r"\1"),
    )
]  # fmt: skip
"""Sounds that ears mix up are one letter: voiced and voiceless; an r that is not spoken is none."""


@functools.lru_cache(maxsize=4096)
def sound(text: str) -> str:
    """Return the consonants that are heard in one or several words, in order."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text
