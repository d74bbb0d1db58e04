"""Cuts sections into passages that are short enough to be read before an answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.mind.knowledge.section import Section

LONGEST = 240
"""Letters of a passage, a Chinese character counting for three: about 60 tokens of the model."""
SENTENCE = re.compile(
    r"[^.!?。！？；;\n]+(?:[.!?](?!\s|$)[^.!?。！？；;\n]*)*[.!?。！？；;]*[\"”’)）]*\s*"
)
"""A sentence; a dot within a number or a name does not end it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is found."""

    heading: str
    text: str


def passages(sections: Iterable[Section]) -> Iterator[Passage]:
    """Yield passages of whole sentences, each within one section."""
    for section in sections:
        kept, size = "", 0
        for piece in _pieces(section.text):
            more = width(piece)
            if kept and size + more > LONGEST:
                yield Passage(section.heading, kept.strip())
                kept, size = "", 0
            kept, size = kept + piece, size + more
        if kept.strip():
            yield Passage(section.heading, kept.strip())


def width(text: str) -> int:
    """Return how long a text is, in letters."""
    return sum(3 if "\u3400" <= each <= "\u9fff" else 1 for each in text)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    found = (each.strip() for line in text.split("\n") for each in SENTENCE.findall(line))
    return [each for each in found if each]


def _pieces(text: str) -> Iterator[str]:
    """Yield sentences; parts of those that are too long by themselves."""
    for line in text.split("\n"):
        for sentence in SENTENCE.findall(line):
            yield from _cut(sentence)
        yield "" if re.search(r"[.!?。！？；;:：]\s*$", line) else "\n"


def _cut(sentence: str) -> Iterator[str]:
    part, size = "", 0
    for piece in re.findall(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]{1,80}\s*|\s+", sentence):
        part, size = part + piece, size + width(piece)
        if size >= LONGEST:
            yield part
            part, size = "", 0
    if part:
        yield part
