"""Who is at the other end of the control socket, and who may give commands there.

The kernel tells it (SO_PEERCRED, unix(7)), so nothing has to be believed. It comes on top of the
socket's mode, which keeps out whoever may not write to it: a mode can be changed by mistake.
"""

import contextlib
import grp
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import BadInput

SO_PEERGROUPS = 59
"""Of Linux since 4.13 (include/uapi/asm-generic/socket.h); Python has no name for it."""
MOST_GROUPS = 256
"""Python takes no longer answer (1024 bytes); of a user with more the first one counts alone."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process at the other end."""

    pid: int
    uid: int
    groups: frozenset[int]


def of(client: socket.socket) -> Peer | None:
    """Return who connected; None on a system that does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    told = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", told)
    more: tuple[int, ...] = ()
    with contextlib.suppress(OSError):  # more groups, or an older kernel
        raw = client.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MOST_GROUPS * 4)
        more = struct.unpack(f"{len(raw) // 4}I", raw)
    return Peer(pid, uid, frozenset((gid, *more)))


def allowed(peer: Peer | None, group: int | None, own: int | None = None) -> bool:
    """Whether that one may give commands: the same user, root, or a member of `group`.

    Where the system does not tell who it is, the socket's mode has decided already.
    """
    if peer is None:
        return True
    user = os.geteuid() if own is None else own
    return peer.uid in (user, 0) or (group is not None and group in peer.groups)


def number(group: str) -> int | None:
    """Return the number of a group that is named, or given as a number; None for no group.

    Raises `BadInput` for one that this machine does not have.
    """
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        if group.isascii() and group.isdigit() and len(group) < 10:
            return int(group)
        raise BadInput(
            "control.group is {group!r}, and this machine has no such group; make it with "
            "`groupadd`, or name another one.",
            group=group[:80],
        ) from None


def admit(path: Path, group: int | None) -> None:
    """Set who may connect to the socket at `path`: this user, and the members of `group`.

    They must get through the folder, too, where that is this user's alone. Raises `OSError`.
    """
    if group is None:
        path.chmod(0o600)
        return
    folder = path.parent
    if folder.stat().st_mode & 0o077 == 0:
        os.chown(folder, -1, group)
        folder.chmod(0o710)
    os.chown(path, -1, group)
    path.chmod(0o660)
