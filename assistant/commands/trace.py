"""`assistant trace`: where the time of a turn went."""

import json
import shutil
from pathlib import Path

import click

from assistant.commands import example, print_json, settings
from assistant.errors import BadInput


@click.command(
    epilog=example(
        "assistant trace",
        "assistant trace 12",
        "assistant trace all --perfetto trace.json",
        "assistant trace --json",
    )
)
@click.argument("which", default="last", metavar="[last|all|TURN]")
@click.option("--json", "as_json", is_flag=True, help="One object with the list `turns`.")
@click.option(
    "--perfetto",
    "--chrome",
    "perfetto",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a trace file for Perfetto or chrome://tracing.",
)
def command(which: str, as_json: bool, perfetto: Path | None) -> None:
    """Draw where the time of a turn of the running assistant went: the last one, all, or a TURN."""
    from assistant import waterfall
    from assistant.commands import write_whole
    from assistant.serve.control import call

    if which not in ("last", "all") and not which.isdigit():
        raise BadInput(
            "`{which}` is no turn; allowed: last, all, or the number of a turn.", which=which
        )
    turns = call(settings().socket_path, {"command": "trace", "turn": which})["turns"]
    if not turns:
        if which in ("last", "all"):
            raise BadInput("no turn has been spoken yet.")
        raise BadInput(
            "nothing is known of turn {which}; `assistant trace all` shows those that are.",
            which=which,
        )
    timelines = [waterfall.from_json(turn) for turn in turns]
    if perfetto:
        write_whole(perfetto, json.dumps(waterfall.chrome(timelines)))
    if as_json:
        print_json({"turns": turns})
    elif not perfetto:
        width = shutil.get_terminal_size().columns
        click.echo("\n\n".join("\n".join(waterfall.draw(each, width)) for each in timelines))
