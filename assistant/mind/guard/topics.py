"""Reads files of topics: what each sounds like, and what is said instead; see docs/guard.md."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import BadInput
from assistant.mind.guard.patterns import Grammar, Wrong

Level = Literal["open", "shop", "child"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Each refuses what those before it do, and more."""
NUMBER = "{number}"
Written = tuple[tuple[Grammar, str], ...]
"""Patterns, and what reads them once they are needed."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOLE = re.compile(r"\{[^{}]*\}")

_Text = Annotated[str, Field(min_length=1, max_length=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Topic(_Part):
    level: Level = "open"
    say: Annotated[str, Field(max_length=1000)] = ""
    number: Annotated[str, Field(max_length=40)] = ""
    urgent: bool = False
    patterns: list[_Text] = []
    harmless: list[_Text] = []


class Doses(_Part):
    """What the amount of a medicine is made of; all of it without capitals."""

    vague: list[_Text] = []
    """How many, but not how much: "a pill" is one only where it is taken."""
    numbers: list[_Text] = []
    between: list[_Text] = []
    """Words that may stand between numbers, or between a number and its unit."""
    units: list[_Text] = []
    """Of medicines, hardly of anything else: a medicine may be named after it."""
    common_units: list[_Text] = []
    """Of milk and flour, too: a medicine must be named before it, or right after it."""
    medicines: list[_Text] = []
    """How words begin of which one makes an amount a dose."""
    endings: list[_Text] = []
    """How the names of medicines end."""
    regimen: list[_Text] = []
    """Patterns of what is only said of medicines that are taken."""


class _File(_Part):
    language: Literal["en", "zh"]
    expansion_rules: dict[str, str] = {}
    topics: dict[str, _Topic] = {}
    never_say: list[_Text] = []
    doses: Doses = Doses()


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic in one language."""

    name: str
    level: Level = "open"
    """The least strict level that refuses it."""
    say: str = ""
    number: str = ""
    """What `{number}` in `say` stands for."""
    urgent: bool = False
    """An emergency, which is answered before anything else."""
    patterns: Written = ()
    harmless: Written = ()
    """A text with one of these is not about the topic."""

    def more(self, other: "Topic") -> "Topic":
        """Return this topic with what an owner says of it; the owner's sentence is the one."""
        return Topic(
            self.name,
            self.level,
            other.say or self.say,
            other.number or self.number,
            self.urgent or other.urgent,
            self.patterns + other.patterns,
            self.harmless + other.harmless,
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """The topics of one language, the most urgent first, and what is never said in it."""

    language: str
    topics: Mapping[str, Topic] = field(default_factory=dict)
    never_say: Sequence[str] = ()
    doses: Doses = field(default_factory=Doses)

    def more(self, other: "Shelf") -> "Shelf":
        """Return these topics with those of an owner."""
        topics = dict(self.topics)
        for name, topic in other.topics.items():
            topics[name] = topics[name].more(topic) if name in topics else topic
        doses = Doses.model_validate(
            {
                name: [*getattr(self.doses, name), *getattr(other.doses, name)]
                for name in Doses.model_fields
            }
        )
        return Shelf(self.language, topics, (*self.never_say, *other.never_say), doses)


@functools.cache
def own(language: str) -> Shelf:
    """Return the package's topics; that they are right is known by the tests."""
    import yaml

    path = resources.files("assistant") / "data" / "guard" / f"{language}.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = _File.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
    return _shelf(found)


def load(path: Path) -> Shelf:
    """Return an owner's topics. Raises `BadInput` with line and column."""
    from assistant.mind.skills.located import Located

    located = Located(path)
    try:
        found = _File.model_validate(located.data)
    except ValidationError as error:
        raise _refused(located.where, error) from None
    known, grammar = own(found.language), Grammar(found.language, found.expansion_rules)
    for name, topic in found.topics.items():
        if wrong := _wrong(name, topic, known.topics.get(name)):
            raise BadInput(
                "{where}: the topic `{name}` {wrong}",
                where=located.where(("topics", name)),
                name=name,
                wrong=wrong,
            )
        for key in ("patterns", "harmless"):
            _check(located.where, ("topics", name, key), getattr(topic, key), grammar)
    _check(located.where, ("doses", "regimen"), found.doses.regimen, grammar)
    return _shelf(found)


def _wrong(name: str, topic: _Topic, known: Topic | None) -> str:
    """Return what is wrong with a topic beyond the types; empty: nothing."""
    say = topic.say or (known.say if known else "")
    if not _NAME.fullmatch(name):
        return "has no name that can be used; allowed are a-z, 0-9 and _."
    if known and "level" in topic.model_fields_set:
        return "is the assistant's own and keeps its level; choose by `guard.topics` instead."
    if not say:
        return "has no sentence; write into `say` what is said instead."
    if other := next((hole for hole in _HOLE.findall(say) if hole != NUMBER), ""):
        return f"says {other}; only {NUMBER} may stand in braces."
    if NUMBER in say and not (topic.number or (known and known.number)):
        return f"says {NUMBER}, but has no `number`."
    return ""


def _check(where: Any, keys: Sequence[str], texts: Sequence[str], grammar: Grammar) -> None:
    for number, text in enumerate(texts):
        try:
            grammar.pattern(text)
        except Wrong as error:
            raise BadInput(
                "{where}: {text!r} is no pattern: {error} (after {at} characters).",
                where=where((*keys, number)),
                text=text,
                error=error,
                at=error.at,
            ) from None


def _shelf(found: _File) -> Shelf:
    grammar = Grammar(found.language, found.expansion_rules)

    def written(texts: Sequence[str]) -> Written:
        return tuple((grammar, text) for text in texts)

    made = {
        name: Topic(
            name,
            each.level,
            each.say,
            each.number,
            each.urgent,
            written(each.patterns),
            written(each.harmless),
        )
        for name, each in found.topics.items()
    }
    return Shelf(found.language, made, found.never_say, found.doses)


def _refused(where: Any, error: ValidationError) -> BadInput:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"])) or "the file"
    if first["type"] == "extra_forbidden":
        why = "is unknown, see docs/guard.md"
    elif first["type"] == "missing":
        why = "is missing, see docs/guard.md"
    else:
        shown = repr(first["input"])
        why = f"is {shown if len(shown) <= 80 else shown[:77] + '...'}: {first['msg']}"
    return BadInput("{where}: `{key}` {why}.", where=where(first["loc"]), key=key, why=why)
