"""`assistant record`: keep a turn that went wrong."""

import click

from assistant.commands import example, print_json, settings, tell


@click.command(epilog=example("assistant record", "assistant record --next 3"))
@click.option(
    "--next",
    "count",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Keep the next N turns in place of the last one.",
)
@click.option("--json", "as_json", is_flag=True, help="One object: file, or folder.")
def command(count: int | None, as_json: bool) -> None:
    """Keep the running assistant's last turn in one file: what it heard, decided and said.

    Only where record.keep allows it. `assistant replay` runs the file again.
    """
    from assistant.serve.control import call

    request = {"command": "record"} | ({"next": count} if count else {})
    answer = call(settings().socket_path, request, timeout_s=30.0)
    if as_json:
        print_json({key: answer[key] for key in ("file", "folder") if key in answer})
    elif count:
        tell("the next turns will be written to {folder}", folder=answer["folder"])
    else:
        click.echo(answer["file"])
