"""`assistant history`: what was said, where the owner keeps it."""

import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from assistant.commands import example, plain, print_json, settings, tell, write_new
from assistant.errors import BadInput
from assistant.messages import say

if TYPE_CHECKING:
    from assistant.archive import Archive, Turn


@click.group(
    invoke_without_command=True,
    epilog=example("assistant history", "assistant history list --last 5"),
)
@click.pass_context
def command(context: click.Context) -> None:
    """Tell whether it is kept what is said, and how much there is."""
    if context.invoked_subcommand:
        return
    history = settings().history
    if not history.keep:
        tell("Nothing that is said is kept: history.keep is false.")
    elif history.days:
        tell("What is said is kept for {days} days.", days=history.days)
    else:
        tell("What is said is kept until it is forgotten.")
    with _archive() as archive:
        many, first, last = archive.count() if archive else (0, None, None)
    if first is not None and last is not None:
        tell("{many} turns, {first} to {last}", many=many, first=_day(first), last=_day(last))


@command.command("list", epilog=example("assistant history list", "assistant history list --json"))
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="Turns.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: time, asked, ...")
def show(last: int, as_json: bool) -> None:
    """Show what was said, the newest last."""
    with _archive() as archive:
        turns = list(archive.read(last)) if archive else []
    if not turns and not as_json:
        tell("Nothing is kept.")
    for turn in turns:
        if as_json:
            print_json(_told(turn))
        else:
            click.echo(f"{_time(turn.at)}\n  > {plain(turn.asked)}\n  {plain(turn.heard)}")


@command.command(
    epilog=example("assistant history export > said.jsonl", "assistant history export said.jsonl")
)
@click.argument("file", type=click.Path(dir_okay=False), default="-")
def export(file: str) -> None:
    """Write all that is kept to FILE, or standard output: one JSON object a line."""
    with _archive() as archive:
        turns = archive.read() if archive else iter(())
        lines = (json.dumps(_told(turn), ensure_ascii=False) + "\n" for turn in turns)
        if file == "-":
            sys.stdout.writelines(lines)
        else:
            from pathlib import Path

            write_new(Path(file), "".join(lines))


@command.command(
    epilog=example("assistant history forget", "assistant history forget --before 2026-11-01 --yes")
)
@click.option("--before", metavar="DATE", help="Only what is older than this day, YYYY-MM-DD.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(before: str | None, yes: bool) -> None:
    """Delete what is kept, for good."""
    moment = None if before is None else _moment(before)
    with _archive() as archive:
        if archive is None:
            tell("Nothing is kept.")
            return
        if not yes:
            click.confirm(say("Forget what was said?"), abort=True)
        tell("forgotten: {many} turns", many=archive.forget(moment))


@contextmanager
def _archive() -> "Iterator[Archive | None]":
    """Open what is kept; None where nothing ever was."""
    from assistant.archive import FILE, Archive

    path = settings().state_dir / FILE
    if not path.exists():
        yield None
        return
    archive = Archive(path)
    try:
        yield archive
    finally:
        archive.close()


def _moment(day: str) -> float:
    """Return when that day begins, in s since 1970."""
    try:
        return datetime.datetime.strptime(day, "%Y-%m-%d").astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise BadInput(
            "--before is {day!r}; allowed: a day as in 2026-11-01.", day=day[:40]
        ) from error


def _time(at: float) -> str:
    """Return it as the clock on the wall showed it; a damaged one is a question mark."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds")
    return "?"


def _day(at: float) -> str:
    return _time(at)[:10]


def _told(turn: "Turn") -> dict[str, str]:
    return {
        "time": _time(turn.at),
        "language": turn.language,
        "asked": turn.asked,
        "heard": turn.heard,
    }
