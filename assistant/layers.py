"""Lays settings under those that the owner has written, which win.

What is laid under counts as a default afterwards: another profile or persona can take its place.
"""

from typing import Any, TypeVar

from assistant.config import Config, Section

Some = TypeVar("Some", bound=Section)


def under(config: Config, brought: dict[str, Any]) -> Config:
    """Return the settings with those of `brought` (``"table.key"``) that the owner has not set."""
    tables = {key.partition(".")[0] for key in brought}
    return replaced(config, {table: _table(config, table, brought) for table in tables})


def replaced(section: Some, values: dict[str, Any]) -> Some:
    """Return a copy with other values, of which none counts as set by the owner."""
    copy = section.model_copy(update=values)
    copy.model_fields_set.intersection_update(section.model_fields_set)
    return copy


def explicit(config: Config, key: str) -> bool:
    """Whether the owner has set it."""
    table, _, name = key.partition(".")
    return name in getattr(config, table).model_fields_set


def _table(config: Config, table: str, brought: dict[str, Any]) -> Section:
    new = {
        key.partition(".")[2]: value
        for key, value in brought.items()
        if key.startswith(f"{table}.") and not explicit(config, key)
    }
    section: Section = getattr(config, table)
    return replaced(section, new)
