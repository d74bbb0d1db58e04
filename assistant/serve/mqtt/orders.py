"""What others may ask for: the commands, and how their payloads are read. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

from assistant.errors import BadInput
from assistant.serve import settings as changes
from assistant.serve.mqtt.topics import CHANGE

LONGEST_PAYLOAD = 8192
"""In bytes."""
LONGEST_TEXT = 2000
"""Characters of a text to be spoken or answered."""
LONGEST_ID = 64

FIELDS: dict[str, str | None] = {
    "say": "text",
    "ask": "text",
    "wake": None,
    "stop": None,
    "volume": "volume",
    "rate": "rate",
    "mute": "muted",
    "voice": "voice",
    "language": "language",
    "persona": "persona",
}
"""The commands, each with the one thing that it needs."""
TRUTH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?|\.\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be done: a request to the daemon, or a change of its settings."""

    name: str
    """One of `FIELDS`, or `CHANGE`."""
    arguments: dict[str, Any]
    id: str = ""
    """What its sender calls it; empty: nothing."""

    @property
    def changes(self) -> bool:
        """Whether it changes settings."""
        return self.name == CHANGE or FIELDS[self.name] in changes.NAMES


def read(name: str, payload: bytes) -> Order:
    """Return the order in a payload: a JSON object, or for a command the bare value.

    Raises `BadInput`.
    """
    if name != CHANGE and name not in FIELDS:
        raise BadInput(
            "there is no command {name!r}; known: {fields}.",
            name=name[:40],
            fields=", ".join(FIELDS),
        )
    text = _text(payload)
    if name == CHANGE or text.lstrip().startswith("{"):
        arguments, named = _object(name, text)
    else:
        arguments, named = _bare(name, text), ""
    if name == CHANGE:
        arguments = changes.checked(arguments, CHANGE)
    elif FIELDS[name] in changes.NAMES:
        arguments = changes.checked(arguments, name)
    elif FIELDS[name]:
        _check_text(name, arguments["text"])
    return Order(name, arguments, named)


def named(payload: bytes) -> str:
    """Return what a payload's sender calls it, whatever the rest is; empty: nothing."""
    try:
        data = json.loads(payload[:LONGEST_PAYLOAD])
        return _id(data.get("id", ""))
    except (ValueError, RecursionError, AttributeError, BadInput):
        return ""


def _text(payload: bytes) -> str:
    if len(payload) > LONGEST_PAYLOAD:
        raise BadInput(
            "the payload has {payload} bytes; {longest_payload} is the most.",
            payload=len(payload),
            longest_payload=LONGEST_PAYLOAD,
        )
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the payload is no UTF-8 text (byte {start}).", start=error.start) from error


def _object(name: str, text: str) -> tuple[dict[str, Any], str]:
    """Return what an object holds for the command, and its id."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("{name}: the payload is not valid JSON.", name=name) from error
    if not isinstance(data, dict):
        raise BadInput(
            '{name}: the payload is no JSON object such as {{"volume": 0.5}}.', name=name
        )
    named = _id(data.pop("id", ""))
    if name == CHANGE:
        return data, named
    field = FIELDS[name]
    wanted = {field} if field else set()
    if set(data) != wanted:
        allowed = f"`{field}` and `id`" if field else "`id` only"
        raise BadInput(
            "{name}: the payload holds {data}; it takes {allowed}.",
            name=name,
            data=_names(data),
            allowed=allowed,
        )
    return data, named


def _names(data: dict[str, Any]) -> str:
    return ", ".join(repr(key[:40]) for key in list(data)[:5]) or "nothing"


def _id(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_ID or not value.isprintable():
        raise BadInput(
            "`id` is not a text of at most {longest_id} characters.", longest_id=LONGEST_ID
        )
    return value


def _bare(name: str, text: str) -> dict[str, Any]:
    """Return the bare value in its field."""
    match FIELDS[name]:
        case None:  # such as the `PRESS` of a button
            return {}
        case "muted":
            truth = TRUTH.get(text.strip().lower())
            return {"muted": text[:40] if truth is None else truth}
        case "volume" | "rate" as field:
            number = NUMBER.fullmatch(text.strip())
            return {field: float(number[0]) if number else text[:40]}
        case "voice" | "language" | "persona" as field:
            return {field: text.strip()[:200]}
        case field:
            return {str(field): text}


def _check_text(name: str, text: Any) -> None:
    """Raise `BadInput` for what cannot be spoken or answered."""
    if not isinstance(text, str) or not text.strip():
        raise BadInput("{name}: there is no text.", name=name)
    if len(text) > LONGEST_TEXT:
        raise BadInput(
            "{name}: the text has {text} characters; {longest_text} is the most.",
            name=name,
            text=len(text),
            longest_text=LONGEST_TEXT,
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:  # JSON can write half a character
        raise BadInput("{name}: the text holds half a character.", name=name) from error
