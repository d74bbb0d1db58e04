"""What can be chosen: the skills and the owner's actions, each with examples and parameters."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from assistant.mind.skills.skill import Slot

_FREE = re.compile(r"\[([^\]]*)\]")


def _anything(_: Slot) -> bool:
    return True


def _whole(value: Slot) -> bool:
    return isinstance(value, int)


def _range(value: Slot) -> bool:
    return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Param:
    """Something that a call has to know, and where it is found in the request."""

    name: str
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Kinds of spans (`reading.KINDS`) that it may be, and the slot that each fills."""
    words: Mapping[Slot, Sequence[str]] = field(default_factory=dict)
    """Values that are meant when one of their words is said; they fill the slot `name`."""
    free: bool = False
    """Any words of the request."""
    sum: str = ""
    """The intent of a calculation that the language's reader finds in the request."""
    needed: bool = True
    """Without it the tool is not meant."""
    fits: Callable[[Slot], bool] = _anything
    """Whether a value that was read may be it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request, and its free words."""

    text: str
    free: str = ""

    @staticmethod
    def parse(text: str) -> "Example":
        """Return what is written with its free words in brackets."""
        found = _FREE.search(text)
        return Example(_FREE.sub(r"\1", text), found[1] if found else "")


@dataclass(frozen=True, slots=True)
class Tool:
    """What may be called."""

    name: str
    """The intent that answers."""
    does: str
    examples: Sequence[Example]
    params: Sequence[Param] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All tools of a language, and what asks for none."""

    tools: Sequence[Tool]
    others: Sequence[str]


def own(language: str) -> Catalogue:
    """Return the assistant's own skills, as assistant/data/tools describes them."""
    data = _data(language)
    tools = [
        Tool(
            name,
            each["does"],
            tuple(map(Example.parse, [*each["examples"], *each.get("also", ())])),
            tuple(_params(name, data["words"])),
        )
        for name, each in data["tools"].items()
    ]
    return Catalogue(tools, data["others"])


@cache
def _data(language: str) -> Any:
    import yaml

    path = resources.files("assistant") / "data" / "tools" / f"{language}.yaml"
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def _params(
    intent: str, words: Mapping[str, Mapping[str, Mapping[Slot, Sequence[str]]]]
) -> list[Param]:
    said = words.get(intent, {})
    return [replace(each, words=said.get(each.name, {})) for each in _PARAMS.get(intent, ())]


_MOMENT = {"time": "time", "duration": "duration_s"}
_WHEN = (
    Param("when", _MOMENT),
    Param("day", {"day": "day"}, needed=False),
    Param("repeat", {"repeat": "repeat"}, needed=False),
)
_ALL = Param("all", needed=False)
_WHICH = (Param("which", {"time": "time"}, needed=False), *_WHEN[1:], _ALL)
_STEP = {"percent": "value", "number": "value"}
_PARAMS: Mapping[str, Sequence[Param]] = {
    "timer_set": (Param("length", {"duration": "duration_s"}),),
    "timer_cancel": (_ALL,),
    "timer_add": (Param("length", {"duration": "duration_s"}),),
    "snooze": (Param("length", {"duration": "duration_s"}, needed=False),),
    "alarm_set": _WHEN,
    "alarm_cancel": _WHICH,
    "reminder_set": (*_WHEN, Param("message", free=True)),
    "reminder_cancel": _WHICH,
    "volume_up": (Param("value", {"percent": "value"}, needed=False),),
    "volume_down": (Param("value", {"percent": "value"}, needed=False),),
    "volume_set": (Param("value", _STEP, fits=_whole),),
    "time_now": (Param("zone", {"place": "zone"}, needed=False),),
    "date_today": (
        Param("day", {"day": "day"}, needed=False),
        Param("zone", {"place": "zone"}, needed=False),
    ),
    "random": (Param("value", {"number": "value"}, fits=_range),),
    "language_set": (Param("language"),),
    "spell": (Param("word", free=True),),
    "arithmetic": (Param("sum", sum="arithmetic"),),
    "convert": (Param("sum", sum="convert"),),
}
"""What the skills know of the slots in docs/skills.md, by intent. A name of a timer is not among
them: outside of a sentence of the book it cannot be told from a reason."""
