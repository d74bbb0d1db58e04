"""Where a configuration is looked for, how it is read, and what goes before what.

The command line goes before the file, the file before the persona, and that before the profile.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from assistant.config.checking import parse
from assistant.config.sections import Config
from assistant.errors import BadInput
from assistant.messages import say

SYSTEM_PATH = Path("/etc/assistant/config.toml")


def search_path() -> Iterator[Path]:
    """Where a configuration is looked for, first match wins (after ``--config``)."""
    if named := os.environ.get("ASSISTANT_CONFIG"):
        yield Path(named).expanduser()
        return
    yield platformdirs.user_config_path("assistant") / "config.toml"
    yield SYSTEM_PATH


def find(named: Path | None = None) -> Path | None:
    """Return the configuration file to read, or None when there is none.

    A file that was named (``--config`` or ``$ASSISTANT_CONFIG``) and is missing raises `BadInput`.
    """
    candidates = [named] if named else list(search_path())
    for path in candidates:
        if _there(path):
            return path
    if named or os.environ.get("ASSISTANT_CONFIG"):
        where = "--config" if named else "$ASSISTANT_CONFIG"
        raise BadInput(
            "{candidates}: no such configuration file (named by {where}); `assistant config "
            "init` writes one.",
            candidates=candidates[0],
            where=where,
        )
    return None


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be entered: reading it will say so
        return True


def load(named: Path | None = None, overrides: dict[str, Any] | None = None) -> Config:
    """Read the configuration, or the defaults where there is no file.

    `overrides` maps dotted keys (``"llm.seed"``) to values that the command line gave.
    Raises `BadInput` with one sentence for the first thing that is wrong.
    """
    path = find(named)
    data: dict[str, Any] = {}
    if path:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(
                "{path}: cannot be read: {strerror}.", path=path, strerror=error.strerror
            ) from error
        except UnicodeDecodeError as error:
            raise BadInput(
                "{path}: is not UTF-8 text (byte {start}); save it as UTF-8.",
                path=path,
                start=error.start,
            ) from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise BadInput("{path}: is not valid TOML: {error}.", path=path, error=error) from error
    for dotted, value in (overrides or {}).items():
        table, _, key = dotted.rpartition(".")
        target = data.setdefault(table, {}) if table else data
        if isinstance(target, dict):
            target[key] = value
    return settled(_with_folders(parse(data, str(path) if path else say("command line")), path))


def settled(config: Config) -> Config:
    """Return what was written with the defaults of this machine's profile and of the persona.

    The persona goes before the profile. Raises `BadInput` for a persona that cannot be used.
    """
    from assistant.profile import fitted

    fitting = fitted(config)
    if not config.persona:
        return fitting
    from assistant.persona.wearing import worn

    return worn(fitting)


def _with_folders(config: Config, path: Path | None) -> Config:
    """Return `config` with the folders of skills and personas beside the configuration file."""
    for table, key, name in (("skills", "folder", "skills"), ("paths", "personas", "personas")):
        section = getattr(config, table)
        beside = (path or next(search_path())).parent / name
        if not getattr(section, key) and beside.is_dir():
            update = {table: section.model_copy(update={key: str(beside)})}
            config = config.model_copy(update=update)
    return config
