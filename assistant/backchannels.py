"""What is said over a reply, in all languages that are spoken: lists of words."""

import functools
from importlib import resources

from assistant.language import LANGUAGES


def backchannels() -> tuple[str, ...]:
    """Return what listeners say only to show that they listen."""
    return _listed("backchannels")


def interjections() -> tuple[str, ...]:
    """Return with what somebody begins who says only a word or two and means it."""
    return _listed("interjections")


@functools.cache
def _listed(name: str) -> tuple[str, ...]:
    """Return the lines of `assistant/data/NAME-*.txt` but for remarks."""
    data = resources.files("assistant") / "data"
    files = (data / f"{name}-{language}.txt" for language in LANGUAGES)
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
