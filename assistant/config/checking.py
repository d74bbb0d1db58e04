"""What was written becomes settings, or a sentence: which key, what was found, what is allowed."""

import difflib
from collections.abc import Callable
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from assistant.config.sections import Config, Section
from assistant.errors import BadInput
from assistant.messages import say

RENAMED = {"turn.silence": "turn.max_silence", "turn.whole_silence": "turn.min_silence"}
"""Keys of before, and those that took their place."""


def parse(data: dict[str, Any], source: str) -> Config:
    """Turn parsed TOML into a `Config`; `source` names the file in the message of `BadInput`."""
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise BadInput(
            "{source}: {wrong}", source=source, wrong=_sentence(error.errors()[0])
        ) from None


def _sentence(error: ErrorDetails) -> str:
    """Say in words which key is wrong, what was found and what is allowed."""
    location = [str(part) for part in error["loc"]]
    field = _field(location)
    if error["type"] == "extra_forbidden":
        return _unknown_key(location)
    while location and field is None:  # "input.str" names a branch of a union, not a key
        location = location[:-1]
        field = _field(location)
    key, found = ".".join(location), error["input"]
    if isinstance(field, type):
        return say("`{key}` must be a table, `[{key}]`; found {found!r}.", key=key, found=found)
    allowed = allowed_values(field, say) if field is not None else error["msg"]
    return say("`{key}` is {found!r}; allowed: {allowed}.", key=key, found=found, allowed=allowed)


def _unknown_key(location: list[str]) -> str:
    section = _field(location[:-1])
    assert isinstance(section, type)
    assert issubclass(section, Section)
    key = ".".join(location)
    if now := RENAMED.get(key):
        return say("`{key}` is called `{now}` now; write that.", key=key, now=now)
    known = list(section.model_fields)
    near = difflib.get_close_matches(location[-1], known, 1)
    if near:
        meant = ".".join([*location[:-1], near[0]])
        return say("unknown key `{key}`; did you mean `{meant}`?", key=key, meant=meant)
    return say("unknown key `{key}`; known: {known}.", key=key, known=", ".join(known))


def _field(location: list[str]) -> Any:
    """Return the section class or the field that a dotted location names, or None."""
    here: Any = Config
    for part in location:
        if not (isinstance(here, type) and issubclass(here, Section) and part in here.model_fields):
            return None
        field = here.model_fields[part]
        nested = field.annotation
        here = nested if isinstance(nested, type) and issubclass(nested, Section) else field
    return here


def allowed_values(field: Any, say: Callable[..., str] = str.format) -> str:
    """Say which values a field takes, in words, as `say(sentence, **values)` says them."""
    bounds = {
        name: getattr(m, name) for m in field.metadata for name in ("ge", "le") if hasattr(m, name)
    }
    if choices := get_args(field.annotation):
        if all(isinstance(choice, str) for choice in choices):
            return ", ".join(f'"{choice}"' for choice in choices)
        if field.annotation == list[str]:
            return say('a list of texts, ["like", "this"]')
        if get_origin(field.annotation) is list:
            every = ", ".join(f'"{each}"' for each in get_args(choices[0]))
            return say("a list of {every}", every=every)
        return say("a text or a whole number")
    kind = {
        bool: say("true or false"),
        int: say("a whole number"),
        float: say("a number"),
        str: say("a text"),
    }[field.annotation]
    if not bounds:
        return kind
    return say("{kind} from {least} to {most}", kind=kind, least=bounds["ge"], most=bounds["le"])
