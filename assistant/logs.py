"""Where messages for the log go, and which of them."""

import logging
from typing import Any, Literal, get_args

from assistant.errors import BadInput

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)


def begin(level: str) -> None:
    """Write messages of at least `level` to standard error; a second call changes nothing."""
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s")


def set_level(level: str) -> None:
    """Tell messages of at least `level` from now on, for the whole process."""
    logging.getLogger().setLevel(level.upper())


def asked(request: dict[str, Any]) -> dict[str, Any]:
    """Set the level that a request of the control socket names, if any; tell which one holds.

    Raises `BadInput` for one that there is not.
    """
    level = request.get("level")
    if level is not None:
        if level not in LEVELS:
            raise BadInput(
                "the level is {level}; allowed: {levels}.",
                level=repr(level)[:40],
                levels=", ".join(LEVELS),
            )
        set_level(level)
    return {"level": logging.getLevelName(logging.getLogger().level).lower()}
