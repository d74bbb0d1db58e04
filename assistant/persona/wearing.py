"""Lays what a persona says under the configuration: what the owner has set there wins."""

from typing import Any, TypeVar

from assistant.config import Config, Section
from assistant.errors import BadInput
from assistant.language import leading
from assistant.persona import reading, shelf
from assistant.persona.reading import Persona
from assistant.persona.wording import MOMENTS, WAYS

Some = TypeVar("Some", bound=Section)


def worn(config: Config) -> Config:
    """Return the settings with those of the persona where the configuration names none.

    What the persona brings counts as a default afterwards, so that another one can take its place.
    Raises `BadInput` for a persona that there is not, or whose file is wrong.
    """
    if not config.persona:
        return config
    path = shelf.find(config, config.persona)
    persona = reading.read(path)
    brought = brings(config, persona)
    tables = {key.partition(".")[0] for key in brought}
    sections: dict[str, Any] = {table: _under(config, table, brought) for table in tables}
    if not shelf.NAME.fullmatch(config.persona):
        sections["persona"] = str(path)  # whatever folder it is looked for from later
    return _with(config, sections).played_by(persona)


def brings(config: Config, persona: Persona) -> dict[str, Any]:
    """Return the settings that a persona brings along for the configured language, by dotted key.

    Reads the folder of the models where the persona has a voice for each engine.
    """
    brought = {
        f"{table}.{key}": value
        for table, values in persona.settings.items()
        for key, value in values.items()
    }
    if phrases := persona.phrases(leading(config.language)):
        brought["wake.phrases"] = phrases
    if voice := _voice(config, persona):
        brought["speech.voice"] = voice
    return brought


def told(config: Config, name: str) -> dict[str, Any]:
    """Return what a persona says, for `assistant persona show`. Raises as `worn`."""
    path = shelf.find(config, name)
    persona, language = reading.read(path), leading(config.language)
    brought = brings(config, persona)
    return {
        "name": path.stem,
        "calls_itself": persona.name(language),
        "character": persona.character(language),
        "file": str(path),
        **{way: persona.prompt(config.language, way) for way in WAYS},
        **{moment: persona.greeting(language, moment) for moment in MOMENTS},
        "settings": brought,
        "overruled": [key for key in brought if _explicit(config, key)],
    }


def _voice(config: Config, persona: Persona) -> str:
    """Return the voice of the persona for the engine that would speak; empty: that engine's own."""
    from assistant.models import Shelf
    from assistant.mouth import engines

    language = leading(config.language)
    voice = persona.voice(language)
    if isinstance(voice, str):
        return voice
    try:
        engine, _ = engines.named(config)
        name = next((each for key, each in voice.items() if key == engine), "")
        if engine == "piper" and name:
            shelf = Shelf(config.models_dir)
            shelf.locate(name, "tts", engine="piper", language=language)
    except BadInput:  # not installed: what is installed speaks, or it is told by who needs it
        return ""
    return name


def _explicit(config: Config, key: str) -> bool:
    """Whether the owner has set it."""
    table, _, name = key.partition(".")
    return name in getattr(config, table).model_fields_set


def _under(config: Config, table: str, brought: dict[str, Any]) -> Section:
    """Return the table with what is brought for it and not set."""
    new = {
        key.partition(".")[2]: value
        for key, value in brought.items()
        if key.startswith(f"{table}.") and not _explicit(config, key)
    }
    section: Section = getattr(config, table)
    return _with(section, new)


def _with(section: Some, values: dict[str, Any]) -> Some:
    """Return a copy with other values, of which none counts as set by the owner."""
    copy = section.model_copy(update=values)
    copy.model_fields_set.intersection_update(section.model_fields_set)
    return copy
