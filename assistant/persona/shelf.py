"""Where personas lie: those that are shipped, and the owner's beside the configuration file."""

import re
from pathlib import Path

from assistant.config import Config
from assistant.errors import BadInput

SHIPPED = Path(__file__).parent.parent / "data" / "personas"
FOLDER = "personas"
"""Beside the configuration file: the owner's own."""
ENDING = ".toml"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def names(config: Config) -> list[str]:
    """Return the names of all personas, the owner's first; reads the folders."""
    found = [
        path.stem
        for folder in _folders(config)
        for path in _files(folder)
        if NAME.fullmatch(path.stem)
    ]
    return list(dict.fromkeys(found))


def find(config: Config, wanted: str) -> Path:
    """Return the file of a persona: a path to a .toml, the owner's of that name, or a shipped one.

    Raises `BadInput` for one that there is not.
    """
    if "/" in wanted or wanted.endswith(ENDING):
        path = Path(wanted).expanduser().absolute()
        if not path.is_file():
            raise BadInput("{path}: no such persona file (named by `persona`).", path=path)
        return path
    for folder in _folders(config):
        path = folder / (wanted + ENDING)
        if NAME.fullmatch(wanted) and path.is_file():
            return path
    raise BadInput(
        "there is no persona {wanted}; there is: {known}, or a path to a .toml file; `assistant "
        "persona new NAME` writes one.",
        wanted=repr(wanted[:80]),
        known=", ".join(names(config)),
    )


def shipped(path: Path) -> bool:
    """Whether a persona file came with the assistant."""
    return path.parent == SHIPPED


def _folders(config: Config) -> list[Path]:
    own = config.paths.personas
    return [*([Path(own).expanduser()] if own else []), SHIPPED]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ENDING)
    except OSError:  # there is no such folder, or it may not be read
        return []
