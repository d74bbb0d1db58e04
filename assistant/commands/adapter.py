"""`assistant models adapter`: what is laid over the language model, while the assistant runs."""

import os
from pathlib import Path

import click

from assistant.commands import settings, tell
from assistant.config import Config
from assistant.errors import AssistantError

PATIENCE_S = 120.0
"""An answer that was begun is finished first."""


@click.command("adapter")
@click.argument("name", required=False, metavar="[NAME|none]")
@click.option("--check", is_flag=True, help="Only say whether it fits the language model.")
def command(name: str | None, check: bool) -> None:
    """Let the running assistant answer with a LoRA adapter, or with none.

    NAME is that of a file in the folder `adapters` of the models' folder or of the catalogue, or
    a path. It holds until the assistant ends; `llm.adapter` of the configuration keeps it. Without
    a NAME the adapters in that folder are listed, `*` marks the one in use.

    \b
    Example:
      assistant models adapter pirate
      assistant models adapter none
      assistant models adapter --check ./pirate.gguf
    """
    config = settings()
    if name is None:
        _list(config)
        return
    if os.sep in name or name.startswith("~"):  # the assistant was started elsewhere
        name = str(Path(name).expanduser().absolute())
    if check:
        _check(config, name)
        return
    _call(config, {"name": name})
    if name == "none":
        tell("the assistant answers without an adapter.")
    else:
        tell("the assistant answers with the adapter {name}.", name=name)


def _list(config: Config) -> None:
    from assistant.mind import adapter

    try:
        used = _call(config, {})
    except AssistantError:  # none runs
        used = ""
    known = adapter.names(config.models_dir)
    for name in known:
        click.echo(f"{'*' if name == used else ' '} {name}")
    if used not in ("", adapter.NONE, *known):
        click.echo(f"* {used}")
    if not known:
        folder = config.models_dir / adapter.FOLDER
        tell("there is no adapter in {folder}", folder=folder, err=True)


def _check(config: Config, name: str) -> None:
    from assistant.mind import adapter
    from assistant.models import Shelf

    base = Shelf(config.models_dir).locate(config.llm.model, "llm")
    path = adapter.locate(name, config.models_dir)
    adapter.check(path, base)
    tell("{path} fits {base}.", path=path, base=base)


def _call(config: Config, asked: dict[str, str]) -> str:
    """Ask the running assistant; return the adapter that is in use then."""
    from assistant.serve.control import call

    told = call(config.socket_path, {"command": "adapter", **asked}, PATIENCE_S)
    return str(told["adapter"])
