"""Words that nobody has said: what recognisers are known to write for silence, noise and music.

A recogniser was trained on speech, and where there is none it writes what is likely: the last words
of a video, a filler, one phrase over and over. What each is known for stands in a file,
`assistant/data/phantoms/ENGINE.txt`; benchmarks/phantoms.py tells what it writes. Pure but for
reading that file once.
"""

import functools
import re
from importlib.resources import files

from assistant.language import HAN
from assistant.wording import said

DOUBTFUL_S = 1.0
"""Speech of more s than this for each word or Chinese character of a doubtful text is no such text.
"""
WORD_TIMES, PHRASE_TIMES = 5, 3
"""A word said so often in a row was not said ("no, no, no" was), nor a phrase."""
WORD_SHARE, PHRASE_SHARE = 0.8, 0.6
"""What part of the text that has to be."""
LONGEST_PHRASE = 8
"""In words or Chinese characters."""
_FIGURES = "zero oh one two three four five six seven eight nine ten double"
NUMBERS = frozenset([*_FIGURES.split(), *"零〇一二三四五六七八九十幺"])
"""A number that is dictated may have one figure many times."""

_TAGS = re.compile(r"(?:[(\[（【<][^)\]）】>]*[)\]）】>]|[♪♫][^♪♫]*[♪♫]|[\s♪♫*.。\ufffd])+")
"""A remark about the sound, such as "[Music]", "(applause)" or "♪", and no words."""
_UNIT = re.compile(f"[{HAN}]|[^\\W{HAN}]+(?:'[^\\W{HAN}]+)*")


class Phantoms:
    """What one recogniser makes up."""

    def __init__(self, engine: str) -> None:
        """`engine` is its `Recogniser.name`; the one of another host is taken for Whisper."""
        self._never, self._doubtful = _listed("whisper" if engine == "wyoming" else engine)

    def unreal(self, text: str, speech_s: float) -> bool:
        """Whether `text` was made up, for `speech_s` s of what was taken for speech."""
        words = said(text)
        if not words or _TAGS.fullmatch(text) or self._is_never_said(words):
            return True
        units = _UNIT.findall(words)
        if words in self._doubtful and speech_s > DOUBTFUL_S * len(units):
            return True
        return _repeats(units)

    def _is_never_said(self, words: str) -> bool:
        return words in self._never or any(
            words.startswith(each[:-1]) for each in self._never if each.endswith("*")
        )


def _repeats(units: list[str]) -> bool:
    """Whether the text is one word or phrase over and over, and little else."""
    for size in range(1, min(LONGEST_PHRASE, len(units) // PHRASE_TIMES) + 1):
        times, share = (WORD_TIMES, WORD_SHARE) if size == 1 else (PHRASE_TIMES, PHRASE_SHARE)
        run = 0  # how far each unit has been the one that stood a phrase before it
        for at in range(size, len(units)):
            same = units[at] == units[at - size] and not _is_number(units[at])
            run = run + 1 if same else 0
            long = run + size
            if long >= times * size and long >= share * len(units):
                return True
    return False


def _is_number(unit: str) -> bool:
    return unit.isdigit() or unit in NUMBERS


@functools.cache
def _listed(engine: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is never said, and what is doubtful, as `said` writes it."""
    file = files("assistant").joinpath("data", "phantoms", f"{engine}.txt")
    never, doubtful = set[str](), set[str]()
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if text and not text.startswith("#"):
                star = "*" if text.endswith("*") else ""
                kind = doubtful if text.startswith("?") else never
                kind.add(said(text.strip("?* ")) + star)
    return frozenset(never), frozenset(doubtful)
