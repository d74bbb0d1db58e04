"""`assistant wake`: what a button or a robot calls."""

import click

from assistant.commands import example, settings


@click.command(epilog=example("assistant wake"))
def command() -> None:
    """Wake the running assistant, as its wake word would."""
    from assistant.serve.control import call

    call(settings().socket_path, {"command": "wake"})
