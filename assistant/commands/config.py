"""`assistant config`: the settings."""

from pathlib import Path

import click

from assistant import config
from assistant.commands import example, settings, tell, write_whole
from assistant.errors import BadInput


@click.group()
def command() -> None:
    """Show, check or write the configuration."""


@command.command(epilog=example("assistant config show", "assistant --set language=zh config show"))
def show() -> None:
    """Print the settings in force, as a configuration file."""
    click.echo(config.dump(settings()), nl=False)


@command.command(epilog=example("assistant --config my.toml config check"))
def check() -> None:
    """Tell whether the configuration is right; exit code 2 if not."""
    from assistant.systemd import network

    chosen, found = settings(), _found()
    if found:
        tell("{path}: all right.", path=found)
    else:
        tell("No configuration file: the defaults hold.")
    for setting, level in network.wants(chosen):
        tell("{setting} needs the network `{level}` as a service.", setting=setting, level=level)


@command.command(epilog=example("assistant config path"))
def path() -> None:
    """Print which configuration file is read, or where one would be looked for."""
    if found := _found():
        click.echo(found)
        return
    for candidate in config.search_path():
        tell("{candidate} (not there)", candidate=candidate)


@command.command(epilog=example("assistant config init", "assistant config init ./my.toml"))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(file: Path | None, force: bool) -> None:
    """Write a configuration in which every setting stands with its default."""
    target = file or next(config.search_path())
    try:
        if target.exists() and not force:
            raise BadInput("{target}: is there already; --force replaces it.", target=target)
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "{target}: cannot be written: {strerror}.", target=target, strerror=error.strerror
        ) from error
    write_whole(target, config.template())
    click.echo(target)


def _found() -> Path | None:
    named = click.get_current_context().find_root().params["path"]
    return config.find(named)
