"""The documents' passages on the disk: one SQLite file, a transaction for each document."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import BadInput
from assistant.mind.knowledge.meaning import WIDTH, Vectors
from assistant.mind.knowledge.words import chinese, words

VERSION = 2
SCHEMA = """
CREATE TABLE document (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    heading TEXT NOT NULL, text TEXT NOT NULL, answer TEXT NOT NULL,
    chinese INTEGER NOT NULL, vectors BLOB NOT NULL
);
CREATE INDEX passage_document ON passage (document);
CREATE TABLE draft (
    path TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, answer TEXT NOT NULL,
    vectors BLOB NOT NULL
);
CREATE VIRTUAL TABLE word USING fts5 (words, content='', columnsize=0, tokenize='porter');
"""
"""`answer` is set where `text` is a frequently asked question. `vectors` are 384 float16 each: of
the whole passage, then of its sentences where there are several. A `draft` is a passage of a
document that is still being read. The words are an index alone: what they were made of stands in
`passage`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document that was added."""

    path: str
    name: str
    hash: str
    passages: int


@dataclass(frozen=True, slots=True)
class Row:
    """A passage to be written, or one that was read."""

    heading: str
    text: str
    answer: str
    """Of a frequently asked question; empty: it is a passage of a text."""
    name: str = ""
    """The document's."""


class Store:
    """Used by the thread that made it; several processes may have the file open."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises `BadInput`."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA journal_mode = WAL")
            with self._whole():
                found = self._db.execute("PRAGMA user_version").fetchone()[0]
                if found == 0:
                    for statement in SCHEMA.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise BadInput(
                "{path}: it cannot be used for the documents: {error}; remove it, or set "
                "knowledge.file to another one, then add them again.",
                path=path,
                error=error,
            ) from error
        if found not in (0, VERSION):
            raise BadInput(
                "{path}: another version of the assistant made it; remove it, and add the "
                "documents again.",
                path=path,
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def documents(self) -> list[Entry]:
        """Return all, by name."""
        rows = self._db.execute(
            "SELECT path, name, hash, (SELECT count(*) FROM passage WHERE document = document.id) "
            "FROM document ORDER BY name, path"
        )
        return [Entry(*row) for row in rows]

    def hash(self, path: str) -> str | None:
        """Return the hash of the document that came from `path`."""
        row = self._db.execute("SELECT hash FROM document WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def put(self, entry: Entry, rows: Sequence[Row], vectors: Sequence[Vectors]) -> None:
        """Write a document, instead of the one from the same path; whole, or not at all."""
        with self._whole():
            self._remove(entry.path)
            self._db.execute("DELETE FROM draft")  # this one's, and what was given up long ago
            document = self._db.execute(
                "INSERT INTO document (path, name, hash) VALUES (?, ?, ?)",
                (entry.path, entry.name, entry.hash),
            ).lastrowid
            for row, those in zip(rows, vectors, strict=True):
                text = (row.heading, row.text, row.answer)
                passage = self._db.execute(
                    "INSERT INTO passage (document, heading, text, answer, chinese, vectors) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (document, *text, chinese(row.text), those.astype(np.float16).tobytes()),
                ).lastrowid
                self._db.execute(
                    "INSERT INTO word (rowid, words) VALUES (?, ?)", (passage, _indexed(row))
                )

    def draft(self, path: str, rows: Sequence[Row], vectors: Sequence[Vectors]) -> None:
        """Keep passages of a document that is not whole yet, so that no work on it is lost."""
        with self._whole():
            self._db.executemany(
                "INSERT INTO draft VALUES (?, ?, ?, ?, ?)",
                [
                    (path, row.heading, row.text, row.answer, those.astype(np.float16).tobytes())
                    for row, those in zip(rows, vectors, strict=True)
                ],
            )

    def made(self, path: str) -> dict[Row, Vectors]:
        """Return the passages whose vectors need not be made again: of the document, and drafts."""
        return {
            Row(*row): np.frombuffer(blob, np.float16).reshape(-1, WIDTH).astype(np.float32)
            for *row, blob in self._db.execute(
                "SELECT heading, text, answer, vectors FROM passage "
                "JOIN document ON document.id = document WHERE path = :path UNION ALL "
                "SELECT heading, text, answer, vectors FROM draft WHERE path = :path",
                {"path": path},
            )
        }

    def remove(self, path: str) -> bool:
        """Remove a document; return whether there was one."""
        with self._whole():
            return self._remove(path)

    def _remove(self, path: str) -> bool:
        for number, *row in self._db.execute(
            "SELECT passage.id, heading, text, answer FROM passage "
            "JOIN document ON document.id = document WHERE path = ?",
            (path,),
        ).fetchall():
            self._db.execute(
                "INSERT INTO word (word, rowid, words) VALUES ('delete', ?, ?)",
                (number, _indexed(Row(*row))),
            )
        return self._db.execute("DELETE FROM document WHERE path = ?", (path,)).rowcount > 0

    def version(self) -> tuple[int, int]:
        """Return what changes whenever the file's content does."""
        elsewhere = self._db.execute("PRAGMA data_version").fetchone()[0]
        return elsewhere, self._db.total_changes

    def vectors(self) -> tuple[list[int], Vectors, list[int], list[bool]]:
        """Return the passages' numbers, all vectors, where each one's begin, which are Chinese."""
        numbers, first, language = [], [], []
        count = self._db.execute("SELECT total(length(vectors)) FROM passage").fetchone()[0]
        vectors = np.empty((int(count) // (2 * WIDTH), WIDTH), np.float32)
        filled = 0
        for number, blob, is_chinese in self._db.execute(
            "SELECT id, vectors, chinese FROM passage ORDER BY id"
        ):
            those = np.frombuffer(blob, np.float16).reshape(-1, WIDTH)
            vectors[filled : filled + len(those)] = those
            numbers.append(number)
            first.append(filled)
            language.append(bool(is_chinese))
            filled += len(those)
        return numbers, vectors, first, language

    def having(self, word: str) -> list[int]:
        """Return the numbers of the passages with a word, in any of its forms."""
        return [
            number
            for (number,) in self._db.execute(
                "SELECT rowid FROM word WHERE word MATCH ?", (f'"{word}"',)
            )
        ]

    def row(self, number: int) -> Row:
        """Return a passage."""
        found = self._db.execute(
            "SELECT heading, text, answer, name FROM passage "
            "JOIN document ON document.id = document WHERE passage.id = ?",
            (number,),
        ).fetchone()
        return Row(*found)

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _indexed(row: Row) -> str:
    return " ".join(words(f"{row.heading}\n{row.text}\n{row.answer}"))
