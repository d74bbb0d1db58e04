"""`assistant unmute`: the microphone is heard again."""

import click

from assistant.commands import example, settings


@click.command(epilog=example("assistant unmute"))
def command() -> None:
    """Let the running assistant hear again after `assistant mute`."""
    from assistant.serve.control import call

    call(settings().socket_path, {"command": "unmute"})
