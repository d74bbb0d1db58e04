"""Runs a program for a bounded time, with bounded output, and leaves nothing of it behind."""

import contextlib
import os
import pwd
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

KEPT = 4096
"""Bytes of output that are kept; what is said of it is shorter."""
MOST = 16_000_000
"""Bytes after which a program counts as run wild, and is ended."""
CHUNK = 65_536
GRACE_S = 0.5
"""Between the request to end and the end."""
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "XDG_RUNTIME_DIR")
"""Variables that programs get; the others may be keys and passwords."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    """Its exit code; negative: the signal that ended it."""
    output: bytes
    """The first `KEPT` bytes."""
    why: str = ""
    """`time`, `output` or `stopped`: it was ended; empty: it ended by itself."""


def account(user: str) -> dict[str, Any]:
    """Return what makes a program run as `user`. Raises `KeyError`: there is none."""
    found = pwd.getpwnam(user)
    if found.pw_uid == os.geteuid():
        return {}
    groups = os.getgrouplist(user, found.pw_gid)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": groups}


class Child:
    """One run of a program; `stop` may come from any thread."""

    def __init__(self, arguments: Sequence[str], user: str = "", folder: str | None = None) -> None:
        """Start it in a process group of its own. Raises `OSError` where that cannot be done."""
        self._process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={name: os.environ[name] for name in PASSED if name in os.environ},
            start_new_session=True,
            **(account(user) if user else {}),
        )
        self._lock = threading.Lock()
        self._over = self._stopped = False

    def stop(self) -> None:
        """End it now, with all that it has started."""
        with self._lock:
            self._stopped = True
        self._signal(signal.SIGKILL)

    def wait(self, seconds: float) -> Ended:
        """Return how it ended; after `seconds` it is ended, and its process group in any case."""
        kept, why = bytearray(), ""
        try:
            why = self._read(kept, time.monotonic() + seconds)
            if why:
                self._end_softly()
        finally:
            self._signal(signal.SIGKILL)  # also what it has left behind, which holds its output
            with self._lock:  # from here on its number may be another's
                self._over = True
                code = self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()
        return Ended(code, bytes(kept), "stopped" if self._stopped else why)

    def _read(self, kept: bytearray, end: float) -> str:
        assert self._process.stdout
        pipe = self._process.stdout.fileno()
        os.set_blocking(pipe, False)
        seen = 0
        with selectors.DefaultSelector() as selector, _pidfd(self._process.pid) as gone:
            selector.register(pipe, selectors.EVENT_READ)
            selector.register(gone, selectors.EVENT_READ)
            while (left := end - time.monotonic()) > 0:
                ready = {key.fd for key, _ in selector.select(left)}
                if pipe in ready:
                    chunk = os.read(pipe, CHUNK)
                    kept += chunk[: KEPT - len(kept)]
                    seen += len(chunk)
                    if not chunk:
                        selector.unregister(pipe)
                    if seen > MOST:
                        return "output"
                elif gone in ready:  # and nothing more to read of it
                    return ""
        return "time"

    def _end_softly(self) -> None:
        self._signal(signal.SIGTERM)
        with _pidfd(self._process.pid) as gone, selectors.DefaultSelector() as selector:
            selector.register(gone, selectors.EVENT_READ)
            selector.select(GRACE_S)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError, PermissionError):
            if not self._over:
                os.killpg(self._process.pid, number)


@contextlib.contextmanager
def _pidfd(pid: int) -> Any:
    """Give a descriptor that can be read once the process is gone, before it is waited for."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
