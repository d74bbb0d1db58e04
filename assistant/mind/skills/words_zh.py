"""The words of Chinese requests, by kind: `assistant/data/words-zh.yaml`, which says how."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from assistant.mind.skills import sentences
from assistant.mind.skills.skill import Slot

ALWAYS, BITS = "small", "a_bit"
"""The words that any request may have, and those that `~` stands for."""
_NEVER = re.compile("(?!)")


@dataclass(frozen=True, slots=True)
class Words:
    """What a text may be made of."""

    known: frozenset[str]
    longest: int

    def reached(self, text: str, start: int = 0) -> set[int]:
        """Return the places up to which `text` from `start` on is made of the words."""
        reached, todo = {start}, [start]
        while todo:
            at = todo.pop()
            for end in range(at + 1, min(len(text), at + self.longest) + 1):
                if end not in reached and text[at:end] in self.known:
                    reached.add(end)
                    todo.append(end)
        return reached


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, and how it is known."""

    intent: str
    need: re.Pattern[str]
    """What must be found in it."""
    words: Words
    """What it is made of."""
    never: re.Pattern[str] = _NEVER
    """What is not said in it."""
    beside: str = ""
    """Where a clause may say why: `before` it or at `both` its ends; empty: nowhere."""
    asks: bool = False
    """Whether it may end in 吗; else only 能…吗 and 好吗 are no questions."""
    named: re.Pattern[str] = _NEVER
    """What a name belongs to."""
    slots: Mapping[str, Slot] = field(default_factory=dict)

    def is_said(self, text: str) -> bool:
        """Tell whether what is needed is there and what is never said is not."""
        return bool(self.need.search(text)) and not self.never.search(text)


@functools.cache
def kinds() -> Sequence[Kind]:
    """Return the kinds in the order in which they are tried."""
    return tuple(_kind(each) for each in _file()["kinds"])


@functools.cache
def words(names: str, more: str = "") -> Words:
    """Return the words of the groups with these names (parted by spaces), and `more`."""
    groups: dict[str, str] = _file()["words"]
    known = set(more.split())
    for name in (ALWAYS, *names.split()):
        known.update(_each(groups[name], groups[BITS].split()))
    return Words(frozenset(known), max(map(len, known)))


@functools.cache
def every() -> frozenset[str]:
    """Return the words of all groups, without the signs of spans."""
    found: set[str] = set()
    for group in _file()["words"].values():
        found.update(_each(group, _file()["words"][BITS].split()))
    return frozenset(word for word in found if not word.isupper())


def dialects() -> Mapping[str, str]:
    """Return words that are not said everywhere, and those that are."""
    found: Mapping[str, str] = _file()["dialects"]
    return found


def _kind(data: Mapping[str, Any]) -> Kind:
    return Kind(
        data["intent"],
        _pattern(data["need"]),
        words(data["words"], data.get("and", "")),
        _pattern(data["never"]) if "never" in data else _NEVER,
        data.get("beside", ""),
        data.get("asks", False),
        _pattern([data["named"]]) if "named" in data else _NEVER,
        data.get("slots", {}),
    )


def _each(group: str, bits: Sequence[str]) -> Iterator[str]:
    for word in group.split():
        stem = word.removesuffix("~")
        yield stem
        if stem != word:
            yield from (stem + bit for bit in bits)


def _pattern(texts: Sequence[str]) -> re.Pattern[str]:
    parts = _parts()

    def part(found: re.Match[str]) -> str:
        return parts.get(found[1], found[0])  # not those of look-behinds and groups

    return re.compile("|".join(re.sub(r"<(\w+)>", part, text) for text in texts))


@functools.cache
def _parts() -> Mapping[str, str]:
    feasts = sorted(_file()["words"]["feasts"].split(), key=len, reverse=True)
    return {**_file()["parts"], "feast": f"(?:{'|'.join(feasts)})"}


@functools.cache
def _file() -> Mapping[str, Any]:
    path = resources.files("assistant") / "data" / "words-zh.yaml"
    return sentences.own(path.read_text(encoding="utf-8"))
