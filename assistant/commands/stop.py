"""`assistant stop`: silence, as the stop word makes it."""

import click

from assistant.commands import example, settings


@click.command(epilog=example("assistant stop"))
def command() -> None:
    """Silence the running assistant: what it hears, thinks or says ends. It goes on running."""
    from assistant.serve.control import call

    call(settings().socket_path, {"command": "stop"})
