"""The secret that clients from other machines show: made once, in a file for its owner only."""

import os
import secrets
import stat
from pathlib import Path

from assistant.errors import BadInput

SHORTEST = 16
"""Least number of characters."""


def load_or_make(path: Path) -> str:
    """Return the secret; the first call makes it. Raises `BadInput` where that cannot be."""
    try:
        return _load(path)
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: the token cannot be read: {_why(error)}; set web.token_file."
        ) from error
    try:
        _make(path)
        return _load(path)
    except OSError as error:
        raise BadInput(
            f"{path}: the token cannot be written: {_why(error)}; set web.token_file."
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


def _load(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise BadInput(f"{path}: other users can read the token; `chmod 600 {path}`.")
        token = file.read(4096).strip()
    if len(token) < SHORTEST or not token.isprintable() or set(token) & set(' ";,\\'):
        raise BadInput(
            f"{path}: a token has {SHORTEST} or more characters, without spaces, quotes, "
            "commas, semicolons and backslashes; remove the file for a new one."
        )
    return token


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is not ASCII"
