"""What may be changed while the assistant runs, and the file that keeps what was chosen.

What was chosen goes before the configuration file, which is not touched by it.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant import files
from assistant.config import Config, parse, settled
from assistant.errors import AssistantError, BadInput
from assistant.language import AUTO, leading
from assistant.language import LANGUAGES as SPOKEN
from assistant.persona import shelf

log = logging.getLogger(__name__)

FILE = "settings.json"
"""In the folder of what must not be lost."""
LANGUAGES = (*SPOKEN, AUTO)
SPEECH = ("volume", "rate", "voice")
NAMES = (*SPEECH, "language", "persona", "muted")

Chosen = dict[str, Any]
"""Some of `NAMES`, with what was chosen; an empty voice or persona is the configured one."""


def checked(data: Mapping[str, Any], source: str = "settings") -> Chosen:
    """Return `data` if each of it may be chosen on some machine; raises `BadInput`."""
    if not data:
        raise BadInput(
            "{source}: nothing is to be changed; what can: {names}.",
            source=source,
            names=", ".join(NAMES),
        )
    if unknown := next((name for name in data if name not in NAMES), None):
        raise BadInput(
            "{source}: {unknown!r} is not among what can be changed: {names}.",
            source=source,
            unknown=str(unknown)[:40],
            names=", ".join(NAMES),
        )
    if not isinstance(data.get("muted", False), bool):
        raise BadInput(
            "{source}: `muted` is {data!r}; allowed: true or false.",
            source=source,
            data=data["muted"],
        )
    speech = {name: data[name] for name in SPEECH if name in data}
    whole = {name: data[name] for name in ("language", "persona") if name in data}
    parse(whole | {"speech": speech}, source)
    return dict(data)


def merged(config: Config, chosen: Chosen, change: Chosen) -> Chosen:
    """Return what is chosen after a change; another language or persona has another voice."""
    before = {"language": config.language, "persona": ""} | chosen
    if any(change.get(name, before[name]) != before[name] for name in ("language", "persona")):
        chosen = {name: value for name, value in chosen.items() if name != "voice"}
    return chosen | change


def over(config: Config, chosen: Chosen) -> Config:
    """Return the settings of the configuration with what was chosen."""
    data = config.model_dump(exclude_unset=True)  # a persona brings its own anew, or another one
    language = chosen.get("language", config.language)
    if language != config.language:  # what is named there speaks and hears the other one
        data["language"] = language
        for table, key in (("speech", "voice"), ("asr", "model")):
            data.get(table, {}).pop(key, None)
    data["persona"] = chosen.get("persona") or config.persona
    speech = {name: chosen[name] for name in SPEECH if chosen.get(name, "") != ""}
    data["speech"] = data.get("speech", {}) | speech
    return settled(parse(data, "settings"))


def other_engines(before: Config, after: Config) -> bool:
    """Whether what was chosen takes effect only when the engines are made anew."""

    def of(config: Config) -> tuple[str, str, str]:
        return config.language, config.speech.voice, config.persona

    return of(before) != of(after)


def languages(config: Config) -> list[str]:
    """Return the languages that are installed; the one of the configuration is always among them.

    Reads folders, as `voices` does.
    """
    return [each for each in LANGUAGES if each == config.language or _there(config, each)]


def voices(config: Config, chosen: Chosen) -> list[str]:
    """Return the voices that are installed for the chosen language."""
    from assistant.mouth import engines as mouth

    return mouth.choices(over(config, {**chosen, "voice": ""}))


def personas(config: Config) -> list[str]:
    """Return the names of the personas that may be chosen; empty: that of the configuration."""
    return ["", *shelf.names(config)]


def possible(config: Config, chosen: Chosen) -> None:
    """Raise `BadInput` for a language or voice that is not installed, or a persona without use."""
    if (persona := chosen.get("persona", "")) not in (there := personas(config)):
        raise BadInput(
            "there is no persona {persona}; there is: {there}.",
            persona=repr(persona[:80]),
            there=", ".join(filter(None, there)),
        )
    language, voice = chosen.get("language", config.language), chosen.get("voice", "")
    if language not in (known := languages(config)):
        raise BadInput(
            "the models for `{language}` are not installed, or the configuration names others; "
            "there is: {known}.",
            language=language,
            known=", ".join(known),
        )
    if voice not in (known := voices(config, chosen)):
        names = ", ".join(filter(None, known)) or "none but the configured one"
        raise BadInput(
            "{voice!r} is no installed voice for `{language}`; there is: {names}.",
            voice=voice[:80],
            language=language,
            names=names,
        )


def told(config: Config, chosen: Chosen) -> dict[str, Any]:
    """Return what is in force, and what may be chosen."""
    return {
        "volume": chosen.get("volume", config.speech.volume),
        "rate": chosen.get("rate", config.speech.rate),
        "muted": chosen.get("muted", False),
        "voice": chosen.get("voice", ""),
        "persona": chosen.get("persona", ""),
        "language": chosen.get("language", config.language),
        "voices": voices(config, chosen),
        "languages": languages(config),
        "personas": personas(config),
        "remote": bool(config.remote.endpoint),
    }


def read(path: Path, config: Config) -> Chosen:
    """Return what was kept; a warning tells of what is damaged or not installed any more."""
    try:
        chosen = _kept(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, BadInput) as error:
        log.warning("%s: the settings kept there are not used: %s", path, error)
        return {}
    try:
        possible(config, chosen)
    except BadInput as error:
        log.warning("%s: language, voice and persona kept there are not used: %s", path, error)
        engines = ("language", "voice", "persona")
        return {name: chosen[name] for name in chosen if name not in engines}
    return chosen


def spoken_language(config: Config) -> str:
    """Return the language that was chosen, else the configured one; for who only shows texts."""
    try:
        chosen = _kept(config.state_dir / FILE)
    except (OSError, ValueError, RecursionError, BadInput):
        chosen = {}
    return leading(str(chosen.get("language", config.language)))


def write(path: Path, chosen: Chosen) -> None:
    """Keep what was chosen: the file is the old or the new one, whatever happens.

    Raises `AssistantError`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, json.dumps(chosen, indent=1) + "\n")
    except OSError as error:
        raise AssistantError(
            "{path}: cannot be written: {strerror}; what was changed holds until the assistant "
            "ends.",
            path=path,
            strerror=error.strerror,
        ) from error


def _kept(path: Path) -> Chosen:
    """Return what a file keeps. Raises `OSError`, `ValueError`, `RecursionError` or `BadInput`."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it is no object")
    return checked(data) if data else {}


def _there(config: Config, language: str) -> bool:
    """Whether ears and mouth have what a language needs."""
    from assistant.ears import engines as ears
    from assistant.models import Shelf
    from assistant.mouth import engines as mouth

    changed = over(config, {"language": language})
    try:
        ears.choose(changed)
        mouth.explain(changed)
        if changed.wake.phrases and not changed.wake.always:
            wanted = changed.wake.phrases_model
            Shelf(changed.models_dir).locate(
                wanted, "asr", engine="vosk", language=None if wanted else leading(language)
            )
    except BadInput:
        return False
    return True
