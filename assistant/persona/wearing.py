"""Lays what a persona says under the configuration: what the owner has set there wins."""

from typing import Any

from assistant.config import Config
from assistant.errors import BadInput
from assistant.language import leading
from assistant.layers import explicit, replaced, under
from assistant.persona import reading, shelf
from assistant.persona.reading import Persona
from assistant.persona.wording import MOMENTS, WAYS


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
    settled = under(config, brought)
    if not shelf.NAME.fullmatch(config.persona):  # whatever folder it is looked for from later
        settled = replaced(settled, {"persona": str(path)})
    return settled.played_by(persona)


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
        "overruled": [key for key in brought if explicit(config, key)],
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
