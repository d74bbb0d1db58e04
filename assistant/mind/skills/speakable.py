"""Makes what programs print, and what was said, into one harmless line."""

import re
import unicodedata

LONGEST = 400
"""Characters of a program's output that are said: half a minute of speech."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


def line(text: str) -> str:
    """Return `text` without control characters, as one line."""
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(shown.split())


def speakable(text: str, longest: int = LONGEST) -> str:
    """Return what may be said of `text`: no escapes, at most `longest` characters, whole words.

    Nothing of what is no text (U+FFFD, where it was decoded) but its readable beginning.
    """
    said = line(_ESCAPES.sub("", text.partition("\ufffd")[0]))
    if len(said) <= longest:
        return said
    cut = said[: longest + 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[longest // 2 :] else cut[:longest]).rstrip(" ,;:")
