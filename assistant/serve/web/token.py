"""The secret that clients from other machines show: made once, in a file for its owner only."""

import contextlib
import logging
import os
import re
import secrets
import stat
from pathlib import Path

from assistant.errors import BadInput

log = logging.getLogger(__name__)

SHORTEST = 16
"""Least number of characters."""
FORM = re.compile(r"[\w.~+/-]+=*", re.ASCII)
"""What can be sent as `Bearer`, RFC 6750; none of it has a meaning in a cookie or an address."""


class Secret:
    """The one that a server demands: looks whether its file has another by now."""

    def __init__(self, path: Path) -> None:
        """Raises as `load_or_make`."""
        self._path = path
        self._seen = self._state()
        self.text = load_or_make(path)

    def changed(self) -> bool:
        """Whether `text` is another one since the last call; without a good file it is not."""
        if (state := self._state()) == self._seen:
            return False
        self._seen, before = state, self.text
        try:
            self.text = _load(self._path)
        except (OSError, UnicodeDecodeError, BadInput) as error:
            log.warning("the token stays as it was: %s", error)
        return self.text != before

    def _state(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns


def load_or_make(path: Path) -> str:
    """Return the secret; the first call makes it. Raises `BadInput` where that cannot be."""
    try:
        return _load(path)
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "{path}: the token cannot be read: {error}; set web.token_file.",
            path=path,
            error=_why(error),
        ) from error
    try:
        _make(path)
        return _load(path)
    except OSError as error:
        raise BadInput(
            "{path}: the token cannot be written: {error}; set web.token_file.",
            path=path,
            error=_why(error),
        ) from error


def renew(path: Path) -> str:
    """Return another secret, with which the one that is there ends. Raises `BadInput`."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _make(beside)
            beside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        return _load(path)
    except OSError as error:
        raise BadInput(
            "{path}: the token cannot be written: {error}; set web.token_file.",
            path=path,
            error=_why(error),
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return
    with os.fdopen(number, "w", encoding="ascii") as file:
        if os.geteuid() == 0:  # in the folder of a service, the service must read it
            owner = path.parent.stat()
            os.fchown(number, owner.st_uid, owner.st_gid)
        file.write(secrets.token_urlsafe(32) + "\n")


def _load(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise BadInput("{path}: other users can read the token; `chmod 600 {path}`.", path=path)
        token = file.read(4096).strip()
    if len(token) < SHORTEST or not FORM.fullmatch(token):
        raise BadInput(
            "{path}: a token has {shortest} or more of A-Z a-z 0-9 - . _ ~ + / =; `assistant "
            "web token --new` makes one.",
            path=path,
            shortest=SHORTEST,
        )
    return token


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is not ASCII"
