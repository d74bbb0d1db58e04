"""`assistant serve`: the web page and its interface, beside a running daemon."""

import os

import click

from assistant.commands import example, settings
from assistant.config import Config
from assistant.errors import EngineMissing

PATIENCE = 5
"""Niceness of the daemon's child: who speaks goes before who writes."""


@click.command(epilog=example("assistant serve", "assistant serve --host 0.0.0.0 --port 80"))
@click.option("--host", metavar="ADDRESS", help="Address to listen on; see web.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one.")
@click.option("--child", is_flag=True, hidden=True)  # the daemon's: ends with standard input
def command(host: str | None, port: int | None, child: bool) -> None:
    """Serve the web page and its interface; the assistant itself runs beside it."""
    config = changed(settings(), host, port)
    try:
        from assistant.serve.web import server
    except ModuleNotFoundError as error:
        raise EngineMissing(
            "the web page needs {name}, which is not installed; `script/setup --with web` "
            "installs it.",
            name=error.name,
        ) from error
    if child:
        os.nice(PATIENCE)
    server.main(config, click.echo, child)


def changed(config: Config, host: str | None, port: int | None) -> Config:
    """Return the settings with what the command line gave."""
    given = {"host": host, "port": port}
    web = config.web.model_copy(update={k: v for k, v in given.items() if v is not None})
    return config.model_copy(update={"web": web})
