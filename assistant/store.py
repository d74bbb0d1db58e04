"""What rings, kept so that it survives a power cut: `store.db` of the device's own.

What cannot be written now (full disk, read-only folder) is kept in memory, and written together
with the next change that can be.
"""

import contextlib
import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path

from assistant.database import Database, Migrations, Row
from assistant.errors import BadInput

FILE = "store.db"
"""In the folder of the state."""
HOLDS = "timers, alarms and reminders"
LATE_IDS = 1 << 32
"""Ids of what is set while the file cannot be read begin here: it may hold smaller ones."""

MIGRATIONS: Migrations = (
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

        One that is damaged is set aside, and what cannot be opened is replaced by memory until it
        can, both with a warning. Raises `BadInput` for a file of a newer version of this program.
        """
        self._lock = threading.Lock()
        self._file = Database(path, MIGRATIONS, HOLDS) if path else None
        self._rings: dict[int, Ring] = {}
        self._unsaved: dict[int, Ring | None] = {}  # None: it is to be deleted
        self._newest = 0  # no id comes twice while this runs: one that is gone may still be named
        if self._file:
            self._take(self._file.open(READ))
            self._newest = 0 if self._file.is_open else LATE_IDS

    @property
    def remembers(self) -> bool:
        """Whether all there is would survive a power cut."""
        return self._file is not None and self._file.is_open and not self._unsaved

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
            if self._file:
                self._file.close()
            self._file = None

    def _take(self, rows: list[Row]) -> None:
        """Add what is in the file."""
        self._rings = {ring.id: ring for ring in (Ring(*row) for row in rows)} | self._rings

    def _save(self) -> None:
        """Write what is not written yet, all of it or nothing."""
        if not self._file or not self._unsaved:
            return
        if not self._file.is_open:
            with contextlib.suppress(BadInput):  # of a newer version, put there meanwhile
                self._take(self._file.open(READ))
        steps = [
            (WRITE, [getattr(ring, column) for column in COLUMNS])
            if ring
            else ("DELETE FROM rings WHERE id = ?", (id,))
            for id, ring in self._unsaved.items()
        ]
        if self._file.change(steps):
            self._unsaved.clear()
