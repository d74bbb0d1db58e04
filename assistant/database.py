"""An SQLite file that lives through power cuts, damage, full disks and newer programs.

Written ahead (WAL) by one connection, with `synchronous = FULL`: a change returns only when it is
on the disk. NORMAL, the usual choice beside WAL, loses the last changes in a power cut, and those
are what somebody was just promised; docs/reliability.md has both measured.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import BadInput

log = logging.getLogger(__name__)

SYNCHRONOUS = "FULL"
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

Migrations = Sequence[Sequence[str]]
"""What makes of schema N the schema N + 1; the file's `user_version` says which one it has."""
Step = tuple[str, Sequence[Any]]
"""A statement and its values."""
Row = tuple[Any, ...]


class Database:
    """One file; for one thread at a time, so whoever owns it holds a lock."""

    def __init__(self, path: Path, migrations: Migrations, holds: str) -> None:
        """`holds` names what is in it, as it is lost where it cannot be written."""
        self.path = path
        self._migrations, self._holds = migrations, holds
        self._db: sqlite3.Connection | None = None
        self._warned = False

    @property
    def is_open(self) -> bool:
        """Whether it can be read."""
        return self._db is not None

    def open(self, query: str) -> list[Row]:
        """Open the file, or begin one, with its folder; return what `query` finds in it.

        One that is damaged, so that this cannot be read, is set aside, and a new one begun; that,
        and that it cannot be opened, is a warning. Raises `BadInput` for a file of a newer version
        of this program.
        """
        try:
            return self._open(query)
        except sqlite3.Error as error:
            if not _place_is_at_fault(error):
                return self._begin_anew(query, error)
            self._warn(error)
        except OSError as error:
            self._warn(error)
        return []

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return what is found; raises `sqlite3.Error`."""
        return self._db.execute(query, values).fetchall() if self._db else []

    def change(self, steps: Iterable[Step]) -> bool:
        """Do all steps or none; return whether it is done, and on the disk.

        That it cannot be done is a warning, once until it can.
        """
        if not self._db:
            return False
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for statement, values in steps:
                self._db.execute(statement, [_storable(value) for value in values])
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._warn(error)
            return False
        self._warned = False
        return True

    def scrub(self) -> bool:
        """Leave nothing in the files of what was deleted; return whether that was possible.

        Deleted rows are overwritten (`secure_delete`), but older pages still stand in the WAL, and
        the file stays as long as it was.
        """
        if not self._db:
            return False
        try:
            self._db.execute("VACUUM")
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            log.info("%s: not cleaned: %s", self.path, error)
            return False
        return not busy

    def close(self) -> None:
        """Close the file."""
        if self._db:
            self._db.close()
        self._db = None

    def _open(self, query: str) -> list[Row]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.path.exists():
            self.path.touch(0o600)
        if self.path.stat().st_mode & 0o077:  # what is made beside it gets the same mode
            self.path.chmod(0o600)
        try:
            return self._connect(query, alone=False)
        except sqlite3.Error as error:
            if not _place_is_at_fault(error):
                raise
        # On a full disk there is no room for what several processes share beside the file.
        return self._connect(query, alone=True)

    def _connect(self, query: str, *, alone: bool) -> list[Row]:
        db = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            if alone:
                db.execute("PRAGMA locking_mode = EXCLUSIVE")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > (known := len(self._migrations)):
                raise BadInput(
                    "{path}: written by a newer version of assistant (schema {version}, this "
                    "one knows up to {known}); update assistant, or move the file away.",
                    path=self.path,
                    version=version,
                    known=known,
                )
            if (fault := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(fault)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            db.execute("PRAGMA secure_delete = ON")
            migrate(db, version, self._migrations)
            found = db.execute(query).fetchall()
        except UnicodeDecodeError as error:  # what SQLite says of the damage quotes it
            db.close()
            raise sqlite3.DatabaseError(str(error)) from error
        except BaseException:
            db.close()
            raise
        self._db = db
        return found

    def _begin_anew(self, query: str, error: sqlite3.Error) -> list[Row]:
        """Set the damaged file aside, with what belongs to it, and begin a new one."""
        try:
            aside = self._set_aside()
            log.warning(
                "%s: damaged (%s); it is set aside as %s and a new one is begun: %s are lost.",
                self.path,
                error,
                aside.name,
                self._holds,
            )
            return self._open(query)
        except (OSError, sqlite3.Error) as worse:
            self._warn(worse)
            return []

    def _set_aside(self) -> Path:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + end).replace(f"{aside}{end}")
        return self.path.replace(aside)

    def _warn(self, error: Exception) -> None:
        """Say once, until it is over, that nothing is remembered."""
        if not self._warned:
            log.warning(
                "%s: cannot be written (%s); %s are kept in memory and lost at the next start; "
                "make room, or make the folder writable.",
                self.path,
                error,
                self._holds,
            )
        self._warned = True


def migrate(db: sqlite3.Connection, version: int, migrations: Migrations) -> None:
    """Bring a file of schema `version` forward, all the way or not at all."""
    if version == len(migrations):
        return
    db.execute("BEGIN IMMEDIATE")
    for steps in migrations[version:]:
        for step in steps:
            db.execute(step)
    db.execute(f"PRAGMA user_version = {len(migrations)}")
    db.execute("COMMIT")


def _storable(value: Any) -> Any:
    """Return what UTF-8 can hold: half a character, as JSON may bring it, is a question mark."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _place_is_at_fault(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF in UNUSABLE
