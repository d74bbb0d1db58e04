"""Brings files into the store: what is new or has changed, one transaction each."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError, BadInput
from assistant.mind.knowledge import reading
from assistant.mind.knowledge.meaning import Meaning, Vectors
from assistant.mind.knowledge.passages import passages, sentences
from assistant.mind.knowledge.reading import READERS, Document
from assistant.mind.knowledge.store import Entry, Row, Store

MOST = 20_000
"""Passages of one document; a book of 1,000 pages has about 10,000."""
DRAFT = 100
"""After so many passages what was made is kept, some ten seconds of a Raspberry Pi's work."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file."""

    path: str
    state: str
    """`added`, `changed`, `unchanged`, `removed` or `skipped`."""
    passages: int = 0
    why: str = ""
    """The sentence for one that was skipped."""


class Adder:
    """Adds files to a store."""

    def __init__(
        self,
        store: Store,
        meaning: Meaning,
        largest: int,
        progress: Callable[[str, int, int], None] = lambda *_: None,
    ) -> None:
        """Files above `largest` bytes are refused. `progress(path, done, of)` counts passages."""
        self._store, self._meaning, self._largest = store, meaning, largest
        self._progress = progress
        # Who watches a folder does not read all of it again and again.
        self._seen: dict[tuple[str, str], tuple[tuple[int, int], str]] = {}

    def add(self, path: Path, name: str = "") -> Iterator[Outcome]:
        """Add a file, or all of a folder that can be read; yield what became of each.

        Raises `BadInput` where there is nothing at `path`.
        """
        if path.is_dir():
            for each in files(path):
                yield self._one(each, "")
        elif path.exists():
            yield self._one(path, name)
        else:
            raise BadInput("{path}: there is no such file or folder.", path=path)

    def sync(self, folder: Path) -> Iterator[Outcome]:
        """Add what is new or changed in a folder, and remove what is there no longer."""
        if not folder.is_dir():  # a stick that was pulled out is no wish to forget
            raise BadInput("{folder}: there is no such folder.", folder=folder)
        inside = folder.resolve()
        there = {str(each.resolve()) for each in files(folder)}
        for entry in self._store.documents():
            if Path(entry.path).is_relative_to(inside) and entry.path not in there:
                self._store.remove(entry.path)
                yield Outcome(entry.path, "removed")
        yield from self.add(folder)

    def put(self, path: str, name: str, data: bytes) -> Outcome:
        """Add the bytes of a file; unchanged ones take no time. Raises `BadInput`."""
        # With the name: it is what the answer says, and what is read depends on its ending.
        digest = hashlib.sha256(f"{path}\n{name}\n".encode(errors="replace") + data).hexdigest()
        before = self._store.hash(path)
        if before == digest:
            return Outcome(path, "unchanged")
        document = reading.read(path, data, self._largest)
        rows = list(_rows(document))
        if len(rows) > MOST:
            raise BadInput(
                "{path}: {rows} passages, more than {most}; split it.",
                path=path,
                rows=len(rows),
                most=MOST,
            )
        vectors = self._vectors(path, rows)
        self._store.put(Entry(path, name, digest, len(rows)), rows, vectors)
        return Outcome(path, "changed" if before else "added", len(rows))

    def _one(self, path: Path, name: str) -> Outcome:
        whole = str(path.resolve())
        try:
            stamp = _stamp(path)
            known, why = self._seen.get((whole, name), (None, ""))
            if known == stamp and (why or self._store.hash(whole)):
                return Outcome(whole, "skipped" if why else "unchanged", why=why)
            outcome = self._read(path, whole, name or called(path))
        except OSError as error:
            return Outcome(whole, "skipped", why=f"{path}: cannot be read: {error.strerror}.")
        self._seen[whole, name] = stamp, outcome.why
        return outcome

    def _read(self, path: Path, whole: str, name: str) -> Outcome:
        try:
            if not path.is_file():
                raise BadInput("{path}: it is no file.", path=path)
            if (size := path.stat().st_size) > self._largest:
                raise BadInput(
                    "{path}: {size:.0f} MB; at most {largest:.0f} MB are read; split it.",
                    path=path,
                    size=size / 1e6,
                    largest=self._largest / 1e6,
                )
            return self.put(whole, name, path.read_bytes())
        except AssistantError as error:
            return Outcome(whole, "skipped", why=str(error))

    def _vectors(self, path: str, rows: list[Row]) -> list[Vectors]:
        made, found, fresh = self._store.made(path), [], 0
        for done, row in enumerate(rows, 1):
            if row not in made:
                made[row] = self._meaning.passage(readings(row))
                fresh += 1
            found.append(made[row])
            if done % DRAFT == 0 and fresh:
                self._store.draft(path, rows[done - DRAFT : done], found[-DRAFT:])
                fresh = 0
            self._progress(path, done, len(rows))
        return found


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, and of those in it, that can be read; hidden ones are not."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in READERS:
                yield Path(place, name)


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when a file does: when it was written, and its size."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def called(path: Path) -> str:
    """Return what a document is called by those who hear it: the file's name, in words."""
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split()) or path.name


def readings(row: Row) -> list[str]:
    """Return what a passage is found by: the whole of it, then its sentences."""
    if row.answer:
        return [f"{row.text} {row.answer}"]
    # With its heading, which often says what "it" is; sentences are nearer to questions without.
    heading = row.heading.rpartition(" > ")[2]
    whole = f"{heading}: {row.text}" if heading else row.text
    parts = sentences(row.text)
    return [whole, *parts] if len(parts) > 1 else [whole]


def _rows(document: Document) -> Iterator[Row]:
    for passage in passages(document.sections):
        yield Row(passage.heading, passage.text, "")
    for pair in document.pairs:
        yield Row("", pair.question, pair.answer)
