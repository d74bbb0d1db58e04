"""`assistant knowledge`: what it answers from the owner's documents."""

import hashlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.commands import Seconds, example, plain, print_json, settings, tell
from assistant.errors import BadInput
from assistant.messages import say

if TYPE_CHECKING:
    from assistant.mind.knowledge.adding import Adder, Outcome
    from assistant.mind.knowledge.finding import Found
    from assistant.mind.knowledge.store import Store

LARGEST = 20_000_000
"""Bytes of a file that is still read; unpacked, too."""


@click.group(
    epilog=example(
        "assistant knowledge add visitor-guide.md",
        'assistant knowledge ask "when do you open on Thursdays"',
    )
)
def command() -> None:
    """Keep documents to answer from: add, list, remove, search, ask, watch."""


@command.command(
    epilog=example(
        "assistant knowledge add visitor-guide.md",
        "assistant knowledge add manuals",
        'cat rules.txt | assistant knowledge add - --name "safety rules.txt"',
    )
)
@click.argument("path", metavar="FILE|DIR|-")
@click.option("--name", default="", help="What answers call it; with `-` its ending says its kind.")
def add(path: str, name: str) -> None:
    """Add a document, all of a folder, or standard input; what has not changed takes no time."""
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise BadInput(
                "standard input: more than {largest} MB; split it.", largest=LARGEST // 10**6
            )
        name = name or f"notes {hashlib.sha256(data).hexdigest()[:6]}.txt"
        _tell([_adder().put(name, Path(name).stem, data)])
        return
    if name and Path(path).is_dir():
        raise BadInput("--name names one document; a folder's are called as its files are.")
    if _tell(_adder().add(Path(path), name)) and not Path(path).is_dir():
        raise BadInput("{path}: was not added.", path=path)


@command.command("list", epilog=example("assistant knowledge list --json"))
@click.option("--json", "as_json", is_flag=True, help="One object a line: name, path, passages.")
def list_(as_json: bool) -> None:
    """List the documents."""
    entries = _store().documents()
    if not entries and not as_json:
        tell("No documents yet; `assistant knowledge add FILE` adds one.")
    for each in entries:
        if as_json:
            print_json({"name": each.name, "path": each.path, "passages": each.passages})
        else:
            tell(
                "{name}: {count}, from {path}",
                name=plain(each.name),
                count=_count(each.passages),
                path=plain(each.path),
            )


@command.command(epilog=example("assistant knowledge remove visitor-guide.md"))
@click.argument("name", metavar="NAME|FILE")
def remove(name: str) -> None:
    """Forget a document, by its name or its file."""
    store = _store()
    found = [
        each.path
        for each in store.documents()
        if name in (each.name, each.path) or str(Path(name).resolve()) == each.path
    ]
    if not found:
        raise BadInput("{name}: no such document; `assistant knowledge list` shows all.", name=name)
    for path in found:
        store.remove(path)
        tell("removed: {path}", path=plain(path))


@command.command(epilog=example('assistant knowledge search "when do you open" --most 3'))
@click.argument("question", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object a line: score, fits, name, ...")
def search(question: tuple[str, ...], most: int, as_json: bool) -> None:
    """Show the passages that fit a question, with their scores."""
    from assistant.commands.ask import read_text
    from assistant.mind.knowledge.knowledge import make

    found = make(settings().state_dir).finder.find(read_text(question), most)
    if not found and not as_json:
        tell("Nothing was found.")
    for each in found:
        row = each.row
        if as_json:
            print_json(
                {
                    "score": round(each.score, 4),
                    "fits": round(each.fits, 3),
                    "name": row.name,
                    "heading": row.heading,
                    "text": row.text,
                    "answer": row.answer,
                    "lacks": each.asks if each.signs.lacks else "",
                    "missing": list(each.missing),
                }
            )
        else:
            _explain(each)
    if found and not as_json:
        _needed(found[0])


@command.command(epilog=example('assistant knowledge ask "when do you open on Thursdays"'))
@click.argument("question", nargs=-1, required=True)
def ask(question: tuple[str, ...]) -> None:
    """Answer a question from the documents alone."""
    from assistant.commands.ask import read_text
    from assistant.mind.knowledge.knowledge import make

    grounding = make(settings().state_dir).ground(read_text(question), always=True)
    if grounding is None:
        return
    click.echo(grounding.text)
    if grounding.kind == "unknown" and grounding.found:
        tell("The nearest passage:", err=True)
        _explain(grounding.found[0], err=True)
        _needed(grounding.found[0], err=True)


@command.command(epilog=example("assistant knowledge watch manuals --every 60"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--every", type=Seconds(1, 86400), default=10.0, show_default=True, help="In s.")
@click.option("--once", is_flag=True, help="Look once, then end.")
def watch(folder: Path, every: float, once: bool) -> None:
    """Keep the documents of a folder as they are there: new, changed and gone ones."""
    adder = _adder()
    told: dict[str, tuple[str, str]] = {}
    while True:
        for each in adder.sync(folder):
            if told.get(each.path) != (each.state, each.why):  # what is skipped is, each time
                _tell([each], quiet=True)
            told[each.path] = each.state, each.why
        if once:
            return
        time.sleep(every)


def _explain(found: "Found", *, err: bool = False) -> None:
    """Show a passage, and what speaks against it."""
    row = found.row
    tell(
        "{score:.3f}, fits {fits:.0%}, {where}:",
        score=found.score,
        fits=found.fits,
        where=plain(f"{row.name}, {row.heading}" if row.heading else row.name),
        err=err,
    )
    click.echo(f"    {plain(f'{row.text} {row.answer}'.strip())}", err=err)
    if found.signs.lacks:
        tell("    asked for is {kind}, and it has none", kind=_called(found.asks), err=err)
    if found.missing:
        tell("    not in it: {words}", words=plain(", ".join(found.missing)), err=err)


def _needed(best: "Found", *, err: bool = False) -> None:
    """Say that no passage answers, if that is so."""
    from assistant.mind.knowledge.knowledge import FITS

    if best.fits < FITS:
        tell("None of them answers: it had to fit by {needed:.0%}.", needed=FITS, err=err)


def _called(kind: str) -> str:
    """Return what a question asks for, in the terminal's language."""
    return {
        "money": say("an amount of money"),
        "duration": say("a length of time"),
        "time": say("a time"),
        "number": say("a number"),
        "name": say("a name"),
        "place": say("a place"),
        "colour": say("a colour"),
    }[kind]


def _store() -> "Store":
    from assistant.mind.knowledge.knowledge import FILE
    from assistant.mind.knowledge.store import Store

    return Store(settings().state_dir / FILE)


def _adder() -> "Adder":
    from assistant.mind.knowledge.adding import Adder
    from assistant.mind.knowledge.meaning import E5

    return Adder(_store(), E5(), LARGEST, _progress if sys.stderr.isatty() else lambda *_: None)


def _progress(path: str, done: int, of: int) -> None:
    end = "\r\033[K" if done == of else ""
    tell(
        "\r{name}: {done} of {of} passages{end}",
        name=plain(Path(path).name),
        done=done,
        of=of,
        end=end,
        err=True,
        nl=False,
    )


def _tell(outcomes: Iterable["Outcome"], *, quiet: bool = False) -> int:
    """Say what became of each; return how many were skipped."""
    skipped = 0
    for each in outcomes:
        if each.state == "skipped":
            skipped += 1
            tell("skipped: {why}", why=plain(each.why), err=True)
        elif each.state != "unchanged" or not quiet:
            click.echo(_became(each))
    return skipped


def _became(outcome: "Outcome") -> str:
    """Return the line for a file that was not skipped."""
    line = {
        "added": say("added: {path}", path=plain(outcome.path)),
        "changed": say("changed: {path}", path=plain(outcome.path)),
        "unchanged": say("unchanged: {path}", path=plain(outcome.path)),
        "removed": say("removed: {path}", path=plain(outcome.path)),
    }[outcome.state]
    return line + (say(", {count}", count=_count(outcome.passages)) if outcome.passages else "")


def _count(passages: int) -> str:
    return say("1 passage") if passages == 1 else say("{count} passages", count=passages)
