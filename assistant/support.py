"""What may be given to somebody else to look for a fault: a bundle without anything private.

Everything in it is chosen, nothing is blotted out: numbers, truth values, names that this program
itself knows, and places in its own code. No text that somebody wrote, said or named comes in: not
in the settings, not of a turn, not in a message of the log, not in a path.
"""

import importlib.metadata
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from assistant import __version__, machine
from assistant.config import Config, keys
from assistant.health.finding import Finding

PLAIN = ("assistant", "profile", "clock", "voltage", "temperature")
"""Findings whose words are this program's own, and so are all that they quote."""
SPEEDS = ("recogniser's speed", "voice's speed", "model's speed")
"""The same, unless they tell of an error."""
STACK = re.compile(r'File "(?:[^"]*/)?([^"/]+)", line (\d+) in ([\w<>]+)')
"""A line that Python's `faulthandler` writes of a stack."""
KNOWN_RELEASE = re.compile(r"[A-Za-z0-9.+_-]{1,80}")


def about() -> dict[str, Any]:
    """Return what the program and the machine are."""
    system = _release()
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": _packages(),
        "processor": machine.processor(),
        "architecture": platform.machine(),
        "cores": machine.cores(),
        "memory_mb": _mb(machine.total_memory()),
        "available_mb": _mb(machine.available_memory()),
        "system": {name: system.get(name, "") for name in ("ID", "VERSION_ID")},
        "kernel": platform.release() if KNOWN_RELEASE.fullmatch(platform.release()) else "",
    }


def settings(config: Config, models: Iterable[str] = ()) -> dict[str, Any]:
    """Return each setting that the owner has written: its value, or only that it is set.

    Names of `models` that everybody can have are told, too.
    """
    told: dict[str, Any] = {}
    for key, field in keys():
        if isinstance(field, type):
            continue
        table, _, name = key.rpartition(".")
        section = getattr(config, table) if table else config
        if name in section.model_fields_set:
            told[key] = _harmless(getattr(section, name), field.annotation, frozenset(models))
    return told


def _harmless(value: Any, kind: Any, names: frozenset[str]) -> Any:
    if isinstance(value, bool | int | float) or value in ("", []):
        return value
    choices = {each for kind in (kind, *get_args(kind)) for each in get_args(kind)}
    written = value if isinstance(value, list) else [value]
    if all(isinstance(each, str) and each in choices | names for each in written):
        return value
    return f"({len(value)} of them)" if isinstance(value, list) else "(set)"


def findings(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return what `assistant doctor` has found, in words only where these can name nothing."""
    told = []
    for each in found:
        words = each.name in PLAIN or (each.ok and each.name in SPEEDS)
        told.append(
            {
                "name": each.name,
                "ok": each.ok,
                "warning": each.warning,
                **({"text": each.text} if words else {}),
            }
        )
    return told


def room(config: Config) -> dict[str, float | None]:
    """Return the MB (10^6) that are free where something is written, without saying where."""
    places = {"state": config.state_dir, "cache": config.cache_dir, "models": config.models_dir}
    return {name: _free(folder) for name, folder in places.items()}


def turns(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the timelines that the control socket tells, without a word of what was said."""
    return [
        {
            **_numbers({name: value for name, value in turn.items() if name != "marks"}),
            "marks": [{"stage": mark["stage"], **_numbers(mark)} for mark in turn["marks"]],
        }
        for turn in told
    ]


def numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers and truth values in an answer, in tables and lists, too."""
    return {
        name: numbers(value) if isinstance(value, Mapping) else value
        for name, value in told.items()
        if isinstance(value, Mapping) or _is_number(value) or _are_numbers(value)
    }


def stacks(text: str) -> list[str]:
    """Return where the program was when it crashed: file, line and function, without folders."""
    return [f"{file}:{line} {function}" for file, line, function in STACK.findall(text)]


def _numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_number, value))


def _free(folder: Path) -> float | None:
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        return _mb(shutil.disk_usage(there).free)
    except OSError:
        return None


def _packages() -> dict[str, str]:
    """Return the versions of the packages that this program can use; others are not named."""
    try:
        wanted = importlib.metadata.requires("assistant") or []
    except importlib.metadata.PackageNotFoundError:  # run from a folder
        return {}
    names = {re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in wanted}
    found = {}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _mb(number: int | None) -> float | None:
    return None if number is None else round(number / 1e6, 1)
