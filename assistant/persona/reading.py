"""Reads a persona: one TOML file that says who the assistant is; see docs/personas.md.

It is read strictly and as a whole, so that what is wrong in it is told when the assistant starts.
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant import config
from assistant.errors import BadInput
from assistant.language import AUTO
from assistant.mind.skills.located import Located
from assistant.persona import wording
from assistant.persona.wording import HOLE, LANGUAGES, MOMENTS, WAYS, Moment, Way

SETTINGS = (
    "speech.rate",
    "llm.temperature",
    "llm.top_p",
    "llm.top_k",
    "llm.repeat_penalty",
    "llm.max_tokens",
    "llm.adapter",
    "llm.adapter_scale",
    "turn.max_silence",
    "turn.min_silence",
    "turn.no_speech",
    "turn.follow_up",
    "turn.question_follow_up",
    "turn.addressed",
    "wake.words",
    "wake.earcon",
    "guard.level",
)
"""The settings of the configuration that a persona may bring along: how it is, never where it sends
something, or what it may do on this machine."""
TABLES = tuple(dict.fromkeys(key.partition(".")[0] for key in SETTINGS))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Language = Annotated[str, Field(pattern="^(en|zh)$")]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\r\n{}]+$")]
Character = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\r\n{}]+$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Greeting = Annotated[str, Field(min_length=1, max_length=300)]
Voice = Annotated[str, Field(min_length=1, max_length=300)]
Engine = Literal["espeak", "piper", "pyttsx3", "wyoming"]


class _Prompt(_Part):
    spoken: Text | None = None
    written: Text | None = None


class _Greeting(_Part):
    start: Greeting | None = None
    wake: Greeting | None = None


Filler = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\r\n{}]+$")]


class _File(_Part):
    name: Name | dict[Language, Name] = {}
    character: dict[Language, Character] = {}
    prompt: dict[Language, _Prompt] = {}
    greeting: dict[Language, _Greeting] = {}
    voice: dict[Language, Voice | dict[Engine, Voice]] = {}
    phrases: dict[Language, list[Name]] = {}
    fillers: dict[Language, list[Filler]] = {}


KEYS = (*_File.model_fields, *TABLES)
ALLOWED = {
    "name": "a text of 1 to 40 characters without braces, or one for each language: "
    '`name.en = "Pip"`',
    "character": "a text of 1 to 300 characters without braces for each language: "
    '`character.en = "a patient friend"`',
    "prompt": "texts of 1 to 4000 characters, `spoken` and `written`, for each language: "
    "`[prompt.en]`",
    "greeting": "texts of 1 to 300 characters, `start` and `wake`, for each language: "
    "`[greeting.en]`",
    "voice": 'the name of a voice for each language, `voice.en = "en-gb"`, or one for each engine '
    "(espeak, piper, pyttsx3, wyoming): `[voice.en]`",
    "fillers": "a list of texts of 1 to 60 characters without braces for each language, or an "
    'empty one: `fillers.en = ["One moment."]`',
    "phrases": 'a list of what wakes it for each language: `phrases.en = ["hello pip"]`',
}


class Persona:
    """Who the assistant is. Immutable; without a file it is the kind one without a name."""

    def __init__(
        self,
        path: Path | None = None,
        told: _File | None = None,
        settings: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """`settings` are tables of the configuration, with those of `SETTINGS` that it has."""
        self.path = path
        self._told = told or _File()
        self.settings = settings or {}

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of who it is."""
        if not isinstance(other, Persona):
            return NotImplemented
        return (self._told, self.settings) == (other._told, other.settings)

    def name(self, language: str) -> str:
        """Return what it calls itself; empty: it has no name.

        A name that is told for the other language alone is the name in this one, too.
        """
        name = self._told.name
        return name if isinstance(name, str) else name.get(language, next(iter(name.values()), ""))

    def character(self, language: str) -> str:
        """Return what it is, in a few words; empty: that is not told in this language."""
        return self._told.character.get(language, "")

    def prompt(self, language: str, way: Way) -> str:
        """Return what the language model is told of who it is, for what it says or writes.

        `language` is `en`, `zh`, or `auto` for both.
        """
        if language == AUTO:
            english = self.prompt("en", way)
            return wording.both(english, self.name("en"), self.name("zh"))
        return wording.prompt(
            language, way, self.name(language), self.character(language), self.own(language, way)
        )

    def own(self, language: str, way: Way) -> str:
        """Return the file's own words for the prompt; empty: the usual ones are told."""
        found = self._told.prompt.get(language)
        return (getattr(found, way) or "") if found else ""

    def greeting(self, language: str, moment: Moment) -> str:
        """Return what it says then; empty: nothing."""
        found = self._told.greeting.get(language)
        text = (getattr(found, moment) or "") if found else ""
        return wording.filled(text, {"name": self.name(language)})

    def voice(self, language: str) -> str | dict[Engine, str]:
        """Return the name of its voice, or one for each engine; empty: the usual one."""
        return self._told.voice.get(language, "")

    def fillers(self, language: str) -> tuple[str, ...] | None:
        """Return what it says while an answer is slow; None: the usual words."""
        found = self._told.fillers.get(language)
        return None if found is None else tuple(found)

    def phrases(self, language: str) -> list[str]:
        """Return what wakes it in this language, besides ready-made wake words."""
        return self._told.phrases.get(language, [])


def read(path: Path) -> Persona:
    """Read a persona file. Raises `BadInput`, with line and column where they are known."""
    located = Located(path)
    data = dict(located.data)
    tables = {table: data.pop(table) for table in TABLES if table in data}
    try:
        told = _File.model_validate(data)
    except ValidationError as error:
        raise _refused(located, error) from None
    _check_holes(located, told)
    return Persona(path, told, _settings(located, tables))


def _refused(located: Located, error: ValidationError) -> BadInput:
    """Return the sentence for the first thing that is wrong."""
    top, branches = error.errors()[0]["loc"][0], error.errors()  # of a union each branch errs
    first = max(
        (each for each in branches if each["loc"][0] == top),
        key=lambda each: len(_there(located.data, each["loc"])),
    )
    keys = _there(located.data, first["loc"])
    where, key = located.where(keys), ".".join(map(str, keys))
    if len(keys) > 1 and keys[1] not in LANGUAGES:
        return BadInput(
            "{where}: `{key}`: allowed as languages: {languages}.",
            where=where,
            key=key,
            languages=", ".join(LANGUAGES),
        )
    if first["type"] == "extra_forbidden" and len(keys) == 1:
        near = difflib.get_close_matches(key, KEYS, 1)
        return BadInput(
            "{where}: unknown key `{key}`; known: {known}.",
            where=where,
            key=key,
            known=", ".join(near or KEYS),
        )
    return BadInput(
        "{where}: `{key}` is {found}; allowed: {allowed}.",
        where=where,
        key=key,
        found=_short(_value(located.data, keys)),
        allowed=ALLOWED[str(keys[0])],
    )


def _there(data: Any, place: Sequence[str | int]) -> list[str | int]:
    """Return the keys of `place` that are in `data`; pydantic names branches of unions too."""
    keys: list[str | int] = []
    for key in place:
        if isinstance(data, dict) and key in data:
            keys.append(key)
            data = data[key]
        elif isinstance(data, list) and isinstance(key, int):
            return keys
    return keys


def _value(data: Any, keys: Sequence[str | int]) -> Any:
    for key in keys:
        data = data[key]
    return data


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _check_holes(located: Located, told: _File) -> None:
    """Raise `BadInput` for a name in braces that stands for nothing."""
    for keys, text, known in _texts(told):
        for hole in HOLE.findall(text):
            if hole not in known:
                raise BadInput(
                    "{where}: `{key}` holds `{{{hole}}}`; what may stand in braces: {known}.",
                    where=located.where(keys),
                    key=".".join(keys),
                    hole=hole,
                    known=", ".join(known),
                )
            if hole == "name" and not told.name:
                raise BadInput(
                    "{where}: `{key}` holds `{{name}}`, but the persona has no `name`.",
                    where=located.where(keys),
                    key=".".join(keys),
                )


def _texts(told: _File) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """Yield where a text stands, the text, and what may stand in braces in it."""
    for language, prompt in told.prompt.items():
        for way in WAYS:
            text = getattr(prompt, way) or ""
            yield ("prompt", language, way), text, ("name", "character", "rules")
    for language, greeting in told.greeting.items():
        for moment in MOMENTS:
            yield ("greeting", language, moment), getattr(greeting, moment) or "", ("name",)


def _settings(located: Located, tables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings that it brings along. Raises `BadInput` as the configuration would."""
    for table, values in tables.items():
        known = [key.partition(".")[2] for key in SETTINGS if key.startswith(f"{table}.")]
        if not isinstance(values, dict):
            raise BadInput(
                "{where}: `{table}` must be a table, `[{table}]`.",
                where=located.where((table,)),
                table=table,
            )
        for key, value in values.items():
            where = located.where((table, key))
            if key not in known and f"{table}.{key}" not in config.RENAMED:
                raise BadInput(
                    "{where}: `{table}.{key}` is no setting that a persona may bring along; those "
                    "of `[{table}]` are: {known}.",
                    where=where,
                    table=table,
                    key=key,
                    known=", ".join(known),
                )
            config.parse({table: {key: value}}, where)
    return tables
