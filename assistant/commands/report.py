"""`assistant report`: a bundle for whoever helps, without anything private."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from assistant import support
from assistant.commands import example, quieten, settings, tell
from assistant.config import Config
from assistant.errors import AssistantError, BadInput

LONGEST_CRASH = 1_000_000
"""Bytes of a crash that are read."""


@click.command(epilog=example("assistant report report.zip"))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def command(file: Path) -> None:
    """Pack what helps to find a fault into FILE (ZIP of JSON), to give to somebody else.

    It holds versions, the machine, which settings are set (texts are left out), what `assistant
    doctor` finds, and of a running assistant figures, times of the last turns and the places in
    the program that wrote to the log. Nothing that was said, answered or written, no names, no
    addresses, no keys.
    """
    config = settings()
    quieten()
    if file.exists():
        raise BadInput("{path}: is there already; choose another name.", path=file)
    tell("Listening to the microphone and looking around, which takes some seconds ...", err=True)
    parts = bundle(config)
    try:
        with (
            os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            for name, part in parts.items():
                packed.writestr(f"{name}.json", json.dumps(part, indent=1, ensure_ascii=False))
    except OSError as error:
        raise BadInput(
            "{path}: cannot be written: {strerror}.", path=file, strerror=error.strerror
        ) from error
    tell("written: {path}", path=file)


def bundle(config: Config) -> dict[str, Any]:
    """Return the parts, each as JSON has it."""
    from assistant.commands.doctor import examine
    from assistant.models import catalogue

    return {
        "about": support.about() | {"free_mb": support.room(config)},
        "settings": support.settings(config, (entry.name for entry in catalogue())),
        "doctor": support.findings(examine(config)),
        **_running(config),
        "crash": support.stacks(_crash(config)),
    }


def _running(config: Config) -> dict[str, Any]:
    """Return what a running assistant tells; where none answers, only that."""
    from assistant.serve.control import call

    def ask(name: str, **more: str) -> dict[str, Any]:
        return call(config.socket_path, {"command": name, **more})

    asked: dict[str, Callable[[], Any]] = {
        "state": lambda: {"phase": (told := ask("state"))["phase"], **support.numbers(told)},
        "figures": lambda: support.numbers(ask("figures")),
        "hearing": lambda: support.numbers(ask("info")["hearing"] or {}),
        "turns": lambda: support.turns(ask("trace", turn="all")["turns"]),
        "log": lambda: ask("log")["records"],
    }
    parts: dict[str, Any] = {}
    for name, get in asked.items():
        try:
            parts[name] = get()
        except AssistantError:
            parts[name] = None
    return parts


def _crash(config: Config) -> str:
    """Return what was written at the last crash, empty where there is nothing."""
    path = config.socket_path.with_suffix(".crash")
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_CRASH)
    except OSError:
        return ""
