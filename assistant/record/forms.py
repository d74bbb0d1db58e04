"""Events, commands, state and rules as JSON and back.

What has its default is left out, and what is not known any more is passed over: so a recording can
be read by another version than the one that made it.
"""

import json
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter

from assistant.events import Command, Event

T = TypeVar("T")

KINDS: dict[str, type] = {each.__name__: each for each in get_args(Event | Command)}
"""Every event and command by its name."""


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter(form: type) -> TypeAdapter[Any]:
    if form not in _adapters:
        _adapters[form] = TypeAdapter(form)
    return _adapters[form]


def plain(value: object) -> dict[str, Any]:
    """Return a dataclass as what JSON knows, without the fields that have their defaults."""
    form = _adapter(type(value))
    told: dict[str, Any] = form.dump_python(value, mode="json", exclude_defaults=True)
    return told


def whole(value: object) -> dict[str, Any]:
    """Return a dataclass as what JSON knows, with all its fields: defaults change."""
    told: dict[str, Any] = _adapter(type(value)).dump_python(value, mode="json")
    return told


def named(value: Event | Command) -> dict[str, Any]:
    """Return an event or command as `plain`, under its name: ``{"Finish": {"turn": 2}}``."""
    return {type(value).__name__: plain(value)}


def read(form: type[T], told: object) -> T:
    """Return the dataclass `form` that `plain` has told; `ValueError` for what is none."""
    made: T = _adapter(form).validate_json(json.dumps(told, allow_nan=False), strict=True)
    return made


def of(told: object, among: object) -> Any:
    """Return the event or command that `named` has told, of the union `among`.

    Raises `ValueError` for what is none of them, `KeyError` for one that this version lacks.
    """
    if not isinstance(told, dict) or len(told) != 1:
        raise ValueError("not one name with its fields")
    ((name, fields),) = told.items()
    if KINDS[name] not in get_args(among):
        raise ValueError(f"{name} is out of place")
    return read(KINDS[name], fields)
