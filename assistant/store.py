"""What must survive a power cut: an SQLite file of the device's own.

Written ahead (WAL), by one connection, with `synchronous = FULL`: a commit returns only when it
is on the disk. NORMAL, the usual choice beside WAL, may lose the last commits in a power cut, and
those are the alarm that somebody was just promised. FULL costs one flush for each change, a few ms
on an SD card, and things change some times a day.

What cannot be written now (full disk, read-only folder) is kept in memory, and written together
with the next change that can be.
"""

import contextlib
import dataclasses
import logging
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import BadInput

log = logging.getLogger(__name__)

FILE = "store.db"
"""In the folder of the state."""
BUSY_S = 1.0
"""How long another process may hold the file: one that reads a copy for a backup, not longer."""

UNUSABLE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_IOERR,
)
"""Not the file is at fault but the place; every other error at the start is damage."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE rings (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            language TEXT NOT NULL,
            seconds REAL NOT NULL,
            left REAL,
            clock TEXT NOT NULL,
            day TEXT NOT NULL,
            repeat TEXT NOT NULL,
            at REAL NOT NULL,
            mono REAL NOT NULL,
            boot TEXT NOT NULL
        ) STRICT""",
    ),
)
"""What makes of schema N the schema N + 1; the file's `user_version` says which one it has."""

VERSION = len(MIGRATIONS)


@dataclass(frozen=True, slots=True)
class Ring:
    """One thing that rings, as it is kept; `assistant.mind.skills.alarms` knows what it means."""

    kind: str
    """`timer`, `alarm` or `reminder`."""
    name: str = ""
    """What it is called, or what to remind of."""
    language: str = "en"
    """In which it was asked for: `en` or `zh`."""
    seconds: float = 0.0
    """A countdown: how long it is, with what was added; 0: it follows the clock on the wall."""
    left: float | None = None
    """What is left of a countdown that is paused, s; None: it runs."""
    clock: str = ""
    """`HH:MM`, where it follows the clock on the wall."""
    day: str = ""
    """`YYYY-MM-DD`: when it rings, where it does once."""
    repeat: str = ""
    """`daily`, `weekdays`, `weekends`, or days as in `mon,thu`; empty: it rings once."""
    at: float = 0.0
    """When it rings next, by the clock on the wall, s since 1970 in UTC."""
    mono: float = 0.0
    """When a countdown ends, by the monotonic clock of `boot`, s."""
    boot: str = ""
    """Which start of the machine `mono` counts from."""
    id: int = 0
    """Given by the store; 0: not yet."""


COLUMNS = tuple(field.name for field in dataclasses.fields(Ring))
READ = f"SELECT {', '.join(COLUMNS)} FROM rings ORDER BY id"
WRITE = f"REPLACE INTO rings ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


class Store:
    """What is remembered; may be used from any thread."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or begin one; the folder is made too. None: keep all in memory.

        One that is damaged is set aside, and what cannot be opened is replaced by memory, both with
        a warning. Raises `BadInput` for a file of a newer version of this program.
        """
        self.path = path or Path()
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._rings: dict[int, Ring] = {}
        self._unsaved: dict[int, Ring | None] = {}  # None: it is to be deleted
        self._newest = 0  # no id comes twice while this runs: one that is gone may still be named
        self._warned = False
        if path is None:
            return
        try:
            self._open()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", -1) & 0xFF in UNUSABLE:
                self._warn(error)
            else:
                self._begin_anew(error)
        except OSError as error:
            self._warn(error)

    @property
    def remembers(self) -> bool:
        """Whether all there is would survive a power cut."""
        return self._db is not None and not self._unsaved

    def rings(self) -> list[Ring]:
        """Return all that rings, the oldest first."""
        with self._lock:
            return list(self._rings.values())

    def keep(self, ring: Ring) -> Ring:
        """Add a ring, or put it in the place of the one with its id; return it with its id.

        It is on the disk then, where `remembers` is true.
        """
        with self._lock:
            if not ring.id:
                self._newest = max((self._newest, *self._rings)) + 1
                ring = dataclasses.replace(ring, id=self._newest)
            self._rings[ring.id] = self._unsaved[ring.id] = ring
            self._save()
        return ring

    def forget(self, *ids: int) -> None:
        """Keep these no longer; unknown ones are no error."""
        with self._lock:
            for id in ids:
                if self._rings.pop(id, None):
                    self._unsaved[id] = None
            self._save()

    def close(self) -> None:
        """Close the file; what is kept afterwards is in memory only."""
        with self._lock:
            if self._db:
                self._db.close()
            self._db = None

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            if (version := db.execute("PRAGMA user_version").fetchone()[0]) > VERSION:
                raise BadInput(
                    "{path}: written by a newer version of assistant (schema {version}, this "
                    "one knows up to {known}); update assistant, or move the file away.",
                    path=self.path,
                    version=version,
                    known=VERSION,
                )
            if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            _migrate(db, version)
            self._rings = {ring.id: ring for ring in (Ring(*row) for row in db.execute(READ))}
        except UnicodeDecodeError as error:  # what SQLite says of the damage quotes it
            db.close()
            raise sqlite3.DatabaseError(str(error)) from error
        except BaseException:
            db.close()
            raise
        self.path.chmod(0o600)
        self._db = db

    def _begin_anew(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside, with what belongs to it, and begin a new one."""
        try:
            aside = self._set_aside()
            log.warning(
                "%s: damaged (%s); it is set aside as %s and a new one is begun: timers, alarms "
                "and reminders are lost.",
                self.path,
                error,
                aside.name,
            )
            self._open()
        except (OSError, sqlite3.Error) as worse:
            self._warn(worse)

    def _set_aside(self) -> Path:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + end).replace(f"{aside}{end}")
        return self.path.replace(aside)

    def _save(self) -> None:
        """Write what is not written yet, all of it or nothing."""
        if not self._db or not self._unsaved:
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for id, ring in self._unsaved.items():
                if ring:
                    self._db.execute(WRITE, [getattr(ring, column) for column in COLUMNS])
                else:
                    self._db.execute("DELETE FROM rings WHERE id = ?", (id,))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._warn(error)
        else:
            self._unsaved.clear()
            self._warned = False

    def _warn(self, error: Exception) -> None:
        """Say once, until it is over, that nothing is remembered."""
        if not self._warned:
            log.warning(
                "%s: cannot be written (%s); timers, alarms and reminders are kept in memory and "
                "lost at the next start; make room, or make the folder writable.",
                self.path,
                error,
            )
        self._warned = True


def _migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the file forward, all the way or not at all."""
    if version == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    for steps in MIGRATIONS[version:]:
        for step in steps:
            db.execute(step)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
