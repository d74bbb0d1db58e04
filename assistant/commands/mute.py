"""`assistant mute`: no sound of the microphone goes any further."""

import click

from assistant.commands import example, settings


@click.command(epilog=example("assistant mute"))
def command() -> None:
    """Make the running assistant deaf until `assistant unmute`, after a new start, too."""
    from assistant.serve.control import call

    call(settings().socket_path, {"command": "mute"})
