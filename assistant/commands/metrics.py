"""`assistant metrics`: the running assistant's figures, for Prometheus and its like."""

import click

from assistant.commands import example, settings


@click.command(epilog=example("assistant metrics"))
def command() -> None:
    """Print the running assistant's figures in the text format of Prometheus."""
    from assistant.serve.control import call

    click.echo(call(settings().socket_path, {"command": "metrics"})["text"], nl=False)
