"""Files that are whole or not there, whatever happens while they are written."""

import contextlib
import os
import secrets
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file; what stood there before stays until the new one is on the disk.

    The new one is what a power cut finds from the return on.

    Raises `OSError` when there is no permission, no space or no such folder.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    beside = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
        sync(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Have the disk keep what is in a file or folder, power cut or not. Raises `OSError`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
