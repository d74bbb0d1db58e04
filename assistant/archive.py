"""What was said, kept for the owner who asked for that: `history.db` of the device's own.

A turn is written when it has ended, with what was heard of the answer. A file of its own: what
happens to it, and its being forgotten, leaves the timers alone.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from assistant.database import Database, Migrations, Step
from assistant.errors import AssistantError, BadInput

log = logging.getLogger(__name__)

FILE = "history.db"
"""In the folder of the state."""
HOLDS = "the last turns of the history"
MIGRATIONS: Migrations = (
    (
        """CREATE TABLE turns (
            id INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            language TEXT NOT NULL,
            asked TEXT NOT NULL,
            heard TEXT NOT NULL
        ) STRICT""",
    ),
)
"""Without an index or other tables: each would be a further page to write for every turn."""
UNWRITTEN = 1000
"""So many turns wait in memory for room on the disk; then the oldest is lost."""
DAY_S = 86400.0
READ = "SELECT id, at, language, asked, heard FROM turns"
LAST = f"{READ} ORDER BY id DESC LIMIT 1"
COUNT = "SELECT count(*), min(at), max(at) FROM turns"
WRITE = "INSERT INTO turns (at, language, asked, heard) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    at: float
    """When it had ended, by the clock on the wall, s since 1970 in UTC."""
    language: str
    """Of the answer: `en` or `zh`."""
    asked: str
    heard: str
    """As much of the answer as could be heard."""


class Archive:
    """The turns that are kept; may be used from any thread.

    The running assistant is the only one that adds to it; another process may read, and forget.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Open the file, or begin one. `now` tells s since 1970.

        Raises `BadInput` for a file of a newer version of this program.
        """
        self._file = Database(path, MIGRATIONS, HOLDS)
        self._now = now
        self._lock = threading.Lock()
        self._unwritten: deque[Turn] = deque(maxlen=UNWRITTEN)
        self._seen = 0  # the file's version for those who look whether others changed it
        self._retained = -DAY_S
        self._closed = False
        self._open()

    @property
    def remembers(self) -> bool:
        """Whether all turns until now would survive a power cut."""
        return self._file.is_open and not self._unwritten

    def add(self, *turns: Turn) -> bool:
        """Keep these, and what could not be written before; return whether all is on the disk."""
        with self._lock:
            if not self._file.is_open and not self._closed:
                with contextlib.suppress(BadInput):  # of a newer version, put there meanwhile
                    self._open()
            if self._changed_by_another():
                self._unwritten.clear()  # they are forgotten with the rest
            self._unwritten.extend(turns)
            steps = [(WRITE, astuple(turn)) for turn in self._unwritten]
            if steps and self._file.change(steps):
                self._unwritten.clear()
            return self.remembers

    def read(self, last: int | None = None) -> Iterator[Turn]:
        """Yield the turns, or the `last` ones, the oldest first. Raises `AssistantError`."""
        query = READ if last is None else f"SELECT * FROM ({READ} ORDER BY id DESC LIMIT {last})"
        with self._lock, self._readable():
            for _, *values in self._file.rows(f"{query} ORDER BY id"):
                yield Turn(*values)

    def count(self) -> tuple[int, float | None, float | None]:
        """Return how many turns are kept, and the times of the first and last of them."""
        with self._lock, self._readable():
            many, first, last = self._file.rows(COUNT)[0]
            return many, first, last

    def forget(self, before: float | None = None) -> int:
        """Delete all turns, or those from before that time (s since 1970); return how many.

        Nothing of them is left in the files. Raises `AssistantError` where it cannot be done.
        """
        with self._lock, self._readable():
            where, values = ("", ()) if before is None else (" WHERE at < ?", (before,))
            many: int = self._file.rows(f"SELECT count(*) FROM turns{where}", values)[0][0]
            step: Step = (f"DELETE FROM turns{where}", values)
            if not self._file.change([step]) or not self._file.scrub():
                raise AssistantError(
                    "{path}: could not be cleaned, another process holds it or the disk is full; "
                    "try again.",
                    path=self._file.path,
                )
            self._changed_by_another()  # it was this one
            return many

    def retain(self, days: float) -> None:
        """Delete, once a day, what is older than so many days."""
        if abs((now := self._now()) - self._retained) < DAY_S:
            return
        self._retained = now
        try:
            _, first, _ = self.count()
            if first is not None and first < (before := now - days * DAY_S):
                log.info("history: %s turns were too old; they are deleted", self.forget(before))
        except AssistantError as error:
            log.warning("history: what is old is still there: %s", error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            self._file.close()

    def _open(self) -> None:
        self._file.open(LAST)
        self._changed_by_another()

    def _changed_by_another(self) -> bool:
        """Whether somebody else wrote into the file since this was asked last."""
        before = self._seen
        with contextlib.suppress(sqlite3.Error):  # the change itself will tell what is wrong
            self._seen = next((row[0] for row in self._file.rows("PRAGMA data_version")), 0)
        return before not in (0, self._seen)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Say in one sentence what is wrong with the file."""
        try:
            if not self._file.is_open:
                raise AssistantError("{path}: cannot be opened.", path=self._file.path)
            yield
        except sqlite3.Error as error:
            raise AssistantError(
                "{path}: cannot be read: {error}.", path=self._file.path, error=error
            ) from error
