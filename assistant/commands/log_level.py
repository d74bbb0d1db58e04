"""`assistant log-level`: more messages while something is looked for, and fewer again."""

import click

from assistant.commands import example, settings
from assistant.logs import LEVELS


@click.command(epilog=example("assistant log-level", "assistant log-level debug"))
@click.argument("level", required=False, type=click.Choice(LEVELS))
def command(level: str | None) -> None:
    """Set how much the running assistant tells its log until it ends; without LEVEL, say it."""
    from assistant.serve.control import call

    asked = {"level": level} if level else {}
    told = call(settings().socket_path, {"command": "log_level", **asked})
    if not level:
        click.echo(told["level"])
