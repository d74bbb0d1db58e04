"""Keeps the catalogues of the command line's sentences; see script/messages.

The sentences are those that are given to `say`, `tell` and the errors, the help of every command,
and what click says by itself. Catalogues are GNU gettext's, read and written by Babel.
"""

import contextlib
import inspect
import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from assistant import cli, errors

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "assistant" / "locale"
SPEAKERS = ["say", "tell", "__init__"]
CLICK = [
    "Usage:",
    "Options",
    "Commands",
    "Show this message and exit.",
    "Show the version and exit.",
    "default: {default}",
    "default: {default_value}",
    "required",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "No such command {name!r}.",
    "No such option: {name}",
    "No such option {name!r}.",
    "Missing command.",
    "Missing argument",
    "Missing option",
    "Missing parameter: {param_name}",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "{value!r} is not one of {choices}.",
    "Option {name!r} requires an argument.",
    "Aborted!",
]
"""Of click's sentences those that these commands can say."""


def sentences() -> Iterator[str]:
    """Yield all sentences, some of them more than once."""
    names = [name for name, each in vars(errors).items() if inspect.isclass(each)]
    keywords = dict.fromkeys([*SPEAKERS, *names])
    with contextlib.redirect_stderr(io.StringIO()):  # it warns of what is put together by itself
        found = list(extract_from_dir(ROOT / "assistant", keywords=keywords))
    yield from (each[2] for each in found if isinstance(each[2], str))
    yield from CLICK
    yield from cli.COMMANDS.values()
    waiting: list[click.Command] = [cli.command]
    while waiting:
        current = waiting.pop()
        for each in cli.helps(current):
            found = []
            cli.told(each, lambda text, found=found: found.append(text) or text)
            yield from found
        if isinstance(current, click.Group):
            subs = current.list_commands(click.Context(current))
            waiting += filter(
                None, (current.get_command(click.Context(current), each) for each in subs)
            )


def fresh(path: Path) -> Catalog:
    """Return the catalogue at `path` with the sentences that there are now."""
    with path.open("rb") as file:
        catalog = read_po(file)
    template = Catalog(creation_date=catalog.creation_date)
    for each in sentences():
        if any(letter.isalpha() for letter in each):
            template.add(each)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def wrong(catalog: Catalog) -> Iterator[str]:
    """Yield what is not right about the translations."""
    for message in catalog:
        if not message.id:
            continue
        if not message.string:
            yield f"no translation: {message.id}"
        elif fields(message.id) != fields(message.string):
            yield f"other {{names}} than the sentence has: {message.string}"


def fields(sentence: str) -> set[str]:
    """Return the names in a sentence; without any it is not filled in."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    except ValueError:
        return set()


def written(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return the files: as it is edited, and as it is read."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalog, width=100, sort_output=True, no_location=True)
    write_mo(mo, catalog)
    return po.getvalue(), mo.getvalue()


def main() -> int:
    """Return the exit code."""
    bad = 0
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        catalog = fresh(path)
        files = dict(zip((path, path.with_suffix(".mo")), written(catalog), strict=True))
        for each in wrong(catalog):
            bad += 1
            print(f"{path.relative_to(ROOT)}: {each}", file=sys.stderr)
        if "--check" not in sys.argv[1:]:
            for file, data in files.items():
                file.write_bytes(data)
        elif any(not file.exists() or file.read_bytes() != data for file, data in files.items()):
            bad += 1
            print(f"{path.relative_to(ROOT)}: not up to date: run script/messages", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
