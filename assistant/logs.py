"""Where messages for the log go, and which of them: standard error, or the journal with fields.

The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) is a datagram of fields, a few
lines here; the packages that speak it have no wheels and need systemd's headers to be built.
"""

import logging
import os
import socket
import struct
import sys
from collections import deque
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.errors import BadInput

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)
JOURNAL = Path("/run/systemd/journal/socket")
LONGEST = 32_768
"""Characters of a message; a datagram must fit into the socket's buffer (208 KiB)."""
PREFIX = "ASSISTANT_"
"""Fields of our own begin like this."""


def begin(level: str) -> None:
    """Write messages of at least `level` to where standard error goes; once for a process."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler: logging.Handler
    if _to_journal():
        handler = Journal()
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.addHandler(recent)
    set_level(level)


def set_level(level: str) -> None:
    """Tell messages of at least `level` from now on, for the whole process."""
    logging.getLogger().setLevel(level.upper())


def asked(request: dict[str, Any]) -> dict[str, Any]:
    """Set the level that a request of the control socket names, if any; tell which one holds.

    Raises `BadInput` for one that there is not.
    """
    level = request.get("level")
    if level is not None:
        if level not in LEVELS:
            raise BadInput(
                "the level is {level}; allowed: {levels}.",
                level=repr(level)[:40],
                levels=", ".join(LEVELS),
            )
        set_level(level)
    return {"level": logging.getLevelName(logging.getLogger().level).lower()}


def fields(**values: object) -> dict[str, object]:
    """Return what a log call is given as `extra`, so that the journal has these fields, too."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


class Journal(logging.Handler):
    """Writes to systemd's journal; what it does not take is lost, and nobody waits."""

    def __init__(self, path: Path = JOURNAL) -> None:
        """`path` is the journal's socket."""
        super().__init__()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        try:
            self._socket.sendto(entry(record), os.fspath(self._path))
        except OSError:  # the journal starts anew, or is behind: the voice does not wait for it
            pass
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """End."""
        self._socket.close()
        super().close()


class Recent(logging.Handler):
    """Remembers where the last messages came from, without what they were filled in with.

    So nothing that anybody said, wrote or named is in it; see `assistant.support`.
    """

    def __init__(self, most: int = 200) -> None:
        """So many messages at the `most` are remembered."""
        super().__init__()
        self._records: deque[dict[str, Any]] = deque(maxlen=most)

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a message."""
        error = record.exc_info[0] if record.exc_info else None
        self._records.append(
            {
                "time": round(record.created, 3),
                "level": record.levelname,
                "logger": record.name,
                "place": f"{record.filename}:{record.lineno} {record.funcName}",
                "error": error.__name__ if error else None,
            }
        )

    def told(self) -> list[dict[str, Any]]:
        """Return them, the oldest first."""
        return list(self._records)


recent = Recent()
"""Of this process; see `begin`."""


def entry(record: logging.LogRecord) -> bytes:
    """Return the fields of a message as the journal reads them."""
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    told: dict[str, object] = {
        "MESSAGE": text[:LONGEST],
        "PRIORITY": _priority(record.levelno),
        "SYSLOG_IDENTIFIER": "assistant",
        "LOGGER": record.name,
        "THREAD_NAME": record.threadName,
        "CODE_FILE": record.pathname,
        "CODE_LINE": record.lineno,
        "CODE_FUNC": record.funcName,
    }
    for name, value in getattr(record, "fields", {}).items():
        told[PREFIX + name.upper()] = value
    return b"".join(_field(name, str(value)) for name, value in told.items())


def _field(name: str, value: str) -> bytes:
    """Return one field; a line break in it needs the form with a length."""
    raw = value.encode("utf-8", "replace")
    if b"\n" not in raw:
        return name.encode() + b"=" + raw + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"


def _priority(level: int) -> int:
    """Return a level as syslog(3) counts it."""
    steps = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((priority for least, priority in steps if level >= least), 7)


def _to_journal() -> bool:
    """Whether standard error is the journal's, as systemd.exec(5) says it in $JOURNAL_STREAM."""
    try:
        there = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"
