"""`assistant doctor`: what is installed, what is used and why, and what is missing."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import click

from assistant import __version__
from assistant.commands import example, print_json, quieten, settings
from assistant.config import Config
from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one look."""

    name: str
    ok: bool
    text: str


@click.command(epilog=example("assistant doctor", "assistant doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="One object with the list `findings`.")
def command(as_json: bool) -> int:
    """Say what is installed, what is used and why, and what is missing; exit code 1 if it cannot
    work.
    """
    config = settings()
    quieten()
    findings = list(examine(config))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'MISS'} {finding.name}: {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 1


def examine(config: Config) -> Iterator[Finding]:
    """Look at one part after the other; nothing is loaded."""
    from assistant.ears import wake
    from assistant.mind import engines as mind
    from assistant.mouth import engines as mouth

    python = f"Python {platform.python_version()} on {platform.machine()}, {_cores()} cores"
    yield Finding("assistant", sys.version_info >= (3, 11), f"{__version__}, {python}")
    yield _finding("microphone", lambda: _device(config, "input", config.audio.input))
    yield _finding("loudspeaker", lambda: _device(config, "output", config.audio.output))
    yield _finding("wake word", lambda: _wakes(config, wake.make))
    yield _finding("recogniser", lambda: _recogniser(config))
    yield _finding("language model", lambda: mind.explain(config))
    yield _finding("voice", lambda: mouth.explain(config))
    folder = config.models_dir
    parent = next(p for p in [folder, *folder.parents] if p.exists())
    free = shutil.disk_usage(parent).free / 1e9
    yield Finding("models", folder.is_dir(), f"{folder}, {free:.1f} GB free")


def _finding(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except AssistantError as error:
        return Finding(name, False, str(error))


def _device(config: Config, kind: Literal["input", "output"], wanted: str | int) -> str:
    from assistant.audio import devices

    if config.audio.backend == "none":
        return "not used (audio.backend is none)"
    return str(devices.resolve(kind, wanted, devices.listing()).name)


def _recogniser(config: Config) -> str:
    from assistant.ears import engines

    engines.choose(config)  # raises for what is missing; the explanation never does
    return engines.explain(config)


def _wakes(config: Config, make: Callable[[Config], Sequence[object]]) -> str:
    make(config)
    words = [*config.wake.words, *config.wake.phrases]
    ways = [f'"{word.replace("_", " ")}"' for word in words]
    return ", ".join([*ways, *(["always listening"] if config.wake.always else [])]) or "key only"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
