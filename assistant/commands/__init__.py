"""One file per command of the command line, loaded when it is called."""

import json
from typing import Any, cast

import click

from assistant.config import Config


def settings() -> Config:
    """Return the configuration that the command line named; read once, when first wanted."""
    return cast(Config, click.get_current_context().obj())


def print_json(value: Any) -> None:
    """Write one object to standard output, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def example(*lines: str) -> str:
    """Return the end of a command's help: examples, not re-wrapped."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
