"""`assistant reload`: the configuration anew, and the conversation goes on."""

import click

from assistant.commands import example, print_json, settings, tell

PATIENCE_S = 30.0
"""The web page's process may have to end first, and other changes come before this one."""


@click.command(epilog=example("assistant reload", "assistant reload --json"))
@click.option("--json", "as_json", is_flag=True, help="One object: live, restart.")
def command(as_json: bool) -> None:
    """Let the running assistant take up what has changed in the configuration.

    The conversation goes on. What an engine or a device was started with keeps its old value; it is
    said which keys these are. A file with a mistake changes nothing.
    """
    from assistant.serve.control import call

    told = call(settings().socket_path, {"command": "reload"}, PATIENCE_S)
    if as_json:
        print_json({key: told[key] for key in ("live", "restart")})
        return
    if told["live"]:
        tell("holds now: {keys}", keys=", ".join(told["live"]))
    if told["restart"]:
        tell(
            "holds only after a new start: {keys}; `systemctl restart assistant` starts the "
            "service anew.",
            keys=", ".join(told["restart"]),
        )
    if not told["live"] and not told["restart"]:
        tell("nothing has changed.")
