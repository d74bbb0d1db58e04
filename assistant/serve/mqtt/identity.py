"""Who this device is: a name for the topics that stays the same, and one for people."""

import hashlib
import logging
import secrets
import socket
from pathlib import Path

from assistant import files, machine

log = logging.getLogger(__name__)

FILE = "device-id"
"""In the folder of what must not be lost, where the machine itself has nothing to tell it by."""
DIGITS = 12


def device(folder: Path, root: Path = machine.ROOT) -> str:
    """Return a name that no other machine has and that outlives restarts.

    A board's serial number comes first: copied cards share the id of their installation. Neither
    is shown to others (machine-id(5) asks for that), only what a hash makes of it.
    """
    known = machine.serial_number(root) or machine.machine_id(root) or _kept(folder / FILE)
    return hashlib.blake2b(
        known.encode(), key=b"assistant mqtt", digest_size=DIGITS // 2
    ).hexdigest()


def name() -> str:
    """Return the host's name, without its domain."""
    return socket.gethostname().partition(".")[0] or "assistant"


def _kept(path: Path) -> str:
    """Return what the file says; where there is none, it is made."""
    try:
        if known := path.read_text(encoding="ascii", errors="replace").strip():
            return known
    except OSError:
        pass
    made = secrets.token_hex(DIGITS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, made + "\n")
    except OSError as error:
        log.warning(
            "%s: cannot be written: %s; the device will have another name after a restart, unless "
            "mqtt.device is set.",
            path,
            error.strerror,
        )
    return made
