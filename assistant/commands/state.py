"""`assistant state`: the phase of the conversation, once or as it changes."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import click

from assistant.commands import example, print_json, settings


@click.command(epilog=example("assistant state", "assistant state --follow --json"))
@click.option("--follow", "-f", is_flag=True, help="Go on with each change, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: phase, turn, out.")
def command(follow: bool, as_json: bool) -> None:
    """Say what the running assistant does: asleep, listening, thinking or speaking."""
    from assistant.serve.control import call, stream

    path = settings().socket_path
    if not follow:
        _show(call(path, {"command": "state"}), as_json)
        return
    with contextlib.closing(stream(path, {"command": "watch"})) as events:
        for state in _states(events):
            _show(state, as_json)
            sys.stdout.flush()


def _states(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events that tell the state, among all others."""
    return (event for event in events if event.get("event") == "state")


def _show(state: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json({key: state[key] for key in ("phase", "turn", "out")})
    else:
        click.echo(state["phase"])
