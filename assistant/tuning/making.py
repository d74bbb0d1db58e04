"""How a model made for this device gets onto the shelf: beside its source, whole or not at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.fetching import alone, disk_errors
from assistant.files import sync
from assistant.models import RECIPE, Entry, File, Shelf, digest
from assistant.sources import Report, require_room
from assistant.tuning import wanted
from assistant.tuning.recipe import Recipe
from assistant.tuning.vocab import Uncuttable, Vocabulary

FILE = "model.gguf"
SIZE = 90_112
"""Tokens that stay; docs/models.md has the curve of size, speed and loss."""
HEADER = 16 << 20
"""Bytes that a file may take beside its weights."""


@dataclass(frozen=True)
class Made:
    """A model that is there for this device."""

    entry: Entry
    fresh: bool
    """Whether it was made now."""
    whole: str
    """Why the vocabulary was left alone; empty: it was cut."""


def standard() -> Recipe:
    """The recipe for a model whose vocabulary is known."""
    return Recipe(words=wanted.shipped().digest, size=SIZE)


def tunable(shelf: Shelf) -> Entry:
    """Return the best published language model that is installed, or of which one was made.

    Raises `EngineMissing` when there is none.
    """
    models = [entry for entry in shelf.published if entry.purpose == "llm"]
    found = next((entry for entry in models if shelf.ready(entry)), None)
    if found is None:
        way = f"; {shelf.way_to(models[0])}" if models else ""
        raise EngineMissing(
            "no language model is installed in {root}{way}.", root=shelf.root, way=way
        )
    return found


def make(shelf: Shelf, entry: Entry, report: Report, *, again: bool = False) -> Made:
    """Make sure that the model for this device is there; `again`: make it even so.

    `entry` is the published one. Raises `BadInput` for what is no language model, cannot be read or
    does not fit on the disk, `EngineMissing` when it is not installed, `AssistantError` when it is
    damaged.
    """
    if entry.purpose != "llm" or entry.archive or len(entry.files) != 1:
        raise BadInput(
            "`{name}` cannot be tuned: only a language model in one file can.", name=entry.name
        )
    tuned, recipe = shelf.tuned(entry), standard()
    with disk_errors(shelf.root), alone(shelf, tuned, report):
        tuned = shelf.tuned(entry)  # another process may have made it meanwhile
        record = shelf.recipe(tuned.name)
        asked = {"source": entry.files[0].sha256, "recipe": recipe.digest}
        if not again and record.get("asked") == asked and shelf.installed(tuned):
            return Made(tuned, False, str(record.get("whole", "")))
        _check_source(shelf, entry, report)
        with staging(shelf, tuned) as folder:
            written = _write(shelf, entry, recipe, folder / FILE, report)
            written = {"asked": asked, **written}
            note_down(folder, written)
            place(folder, shelf.folder(tuned))
    return Made(shelf.tuned(entry), True, str(written["whole"]))


def kept_tokens(vocabulary: Vocabulary, recipe: Recipe, words: wanted.Wanted) -> list[int]:
    """Return the ids that stay; raises `Uncuttable` for a vocabulary that the list is not for."""
    if not vocabulary.merges:
        raise Uncuttable("it is not made of merges")
    if vocabulary.fingerprint != words.fingerprint:
        raise Uncuttable("it is another one than that of Qwen2.5, for which tokens were counted")
    return vocabulary.choose(words.order(vocabulary), recipe.size)


def _check_source(shelf: Shelf, entry: Entry, report: Report) -> None:
    if not shelf.installed(entry):
        raise EngineMissing(
            "`{name}` is not installed in {root}; {entry}, and then it can be tuned.",
            name=entry.name,
            root=shelf.root,
            entry=shelf.way_to(entry),
        )
    if faults := shelf.faults(entry, partial(report.progress, f"checking {entry.name}")):
        raise AssistantError(
            "{faults}; `assistant models fetch {name}` mends it.", faults=faults[0], name=entry.name
        )


def _write(
    shelf: Shelf, entry: Entry, recipe: Recipe, path: Path, report: Report
) -> dict[str, Any]:
    """Write the file; return what is to be written down of it."""
    from assistant.tuning import cut

    source = cut.Source(shelf.folder(entry) / entry.files[0].path)
    kept, whole = None, ""
    try:
        kept = kept_tokens(source.vocabulary, recipe, wanted.shipped())
    except Uncuttable as reason:
        whole = f"the vocabulary of `{entry.name}` cannot be cut, because {reason}"
        recipe = replace(recipe, words="", size=0)
    planned = cut.plan(source, recipe, kept)
    needed = sum(tensor.size for tensor in planned) + HEADER
    require_room(path.parent, needed, f"`{shelf.tuned(entry).name}`")
    name = f"making {shelf.tuned(entry).name}"
    cut.write(source, planned, recipe, kept, path, partial(report.progress, name))
    size = path.stat().st_size
    sha256 = digest(path, partial(report.progress, f"hashing {FILE}"), 0, size)
    return {
        "source": {"name": entry.name, "sha256": entry.files[0].sha256},
        "recipe": asdict(recipe),
        "tokens": len(source.vocabulary.tokens if kept is None else kept),
        "whole": whole,
        "files": [vars(File(FILE, size, sha256))],
    }


@contextmanager
def staging(shelf: Shelf, tuned: Entry) -> Iterator[Path]:
    """Yield an empty folder on the disk of the models, and leave nothing of it behind."""
    folder = shelf.staging(tuned)
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def note_down(folder: Path, record: dict[str, Any]) -> None:
    """Write beside the file how it was made."""
    (folder / RECIPE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def place(staged: Path, folder: Path) -> None:
    """Move the finished folder to its place, so that after a power cut it is whole or not there."""
    for path in [*staged.iterdir(), staged]:
        sync(path)
    if folder.exists():  # an older one
        shutil.rmtree(folder)
    staged.replace(folder)
    sync(folder.parent)
