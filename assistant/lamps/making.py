"""Finds the lamps that the settings name and those of installed packages."""

import logging
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from assistant.config import Config
from assistant.errors import BadInput
from assistant.lamps.lamp import Lamp, Lamps
from assistant.lamps.led import Led
from assistant.mind.skills import plugins
from assistant.mind.skills.limited import Failed, Hangs, Limited

log = logging.getLogger(__name__)

GROUP = "assistant.lamps"
"""The group of entry points; each names something that is called without arguments for a lamp."""
MAKE_S = 5.0


def make(config: Config) -> Lamps | None:
    """Return all lamps; None: there is none. Raises `BadInput` for one of the settings."""
    settings = config.lamp
    lamps: list[tuple[str, Lamp]] = []
    if settings.led:
        lamps.append((settings.led, Led(settings.led)))
    for named in settings.plugins:
        path, _, name = named.rpartition(":")
        file = Path(path).expanduser()
        if not path or not name:
            raise BadInput(
                "`lamp.plugins` holds {named!r}; wanted: `FILE.py:NAME` or `PACKAGE.MODULE:NAME`.",
                named=named,
            )
        lamps.append((named, _made(named, plugins.function(file.parent, f"{file.name}:{name}"))))
    lamps += [(each.name, lamp) for each in entry_points(group=GROUP) if (lamp := _offered(each))]
    return Lamps(lamps) if lamps else None


def _made(named: str, maker: Any) -> Lamp:
    """Return what `maker` makes. Raises `BadInput` where that is no lamp."""
    try:
        lamp: Lamp = Limited()(maker, MAKE_S)
    except (Failed, Hangs) as error:
        raise BadInput(
            "the lamp {named}: cannot be made: {error}.", named=named, error=error
        ) from error
    if not callable(getattr(lamp, "state", None)):
        raise BadInput("the lamp {named} has no `state(phase)`; see docs/lamps.md.", named=named)
    return lamp


def _offered(entry: EntryPoint) -> Lamp | None:
    """Return the lamp of an installed package; one that cannot be made is told of, and left."""
    try:
        return _made(entry.name, Limited()(entry.load, MAKE_S))
    except (Failed, Hangs, BadInput) as error:
        log.error("the lamp %s = %s cannot be used: %s", entry.name, entry.value, error)
        return None
