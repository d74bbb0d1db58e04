"""What listeners say only to show that they listen, in all languages that are spoken."""

import functools
from importlib import resources

from assistant.language import LANGUAGES


@functools.cache
def backchannels() -> tuple[str, ...]:
    """Return them as `assistant/data/backchannels-*.txt` list them."""
    data = resources.files("assistant") / "data"
    files = (data / f"backchannels-{language}.txt" for language in LANGUAGES)
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
