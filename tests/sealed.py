"""A sandbox as close as can be to that of systemd/assistant.service, for machines without systemd.

Bubblewrap makes the namespaces (no network interface but a dead loopback, a root that is only read,
no capabilities); the system calls and socket families come from the unit itself, by libseccomp.
"""

import ctypes
import errno
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "assistant.service"
# <seccomp.h>
ALLOW, ERRNO, EQUAL, MASKED_EQUAL = 0x7FFF0000, 0x00050000, 4, 7
# <linux/sched.h>: all CLONE_NEW* that clone(2) knows.
NAMESPACES = 0x7E020000


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def setting(name: str) -> list[str]:
    """Return all words that the unit says for a key."""
    lines = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return [word for line in lines for word in line.split()]


def allowed() -> set[str]:
    """Return the names of the system calls that the unit allows."""
    names: set[str] = set()
    for word in setting("SystemCallFilter"):
        if word.startswith("~"):
            names -= members(word[1:])
        else:
            names |= members(word)
    return names


def members(word: str) -> set[str]:
    """Return what is in one of systemd's sets of system calls, or the call itself."""
    if not word.startswith("@"):
        return {word}
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", word],
        capture_output=True,
        text=True,
        check=True,
    )
    inside = [line.strip() for line in told.stdout.splitlines()[1:]]
    return set().union(*(members(each) for each in inside if each and each[0] != "#"))


def program() -> int:
    """Return a file descriptor of the filter as the kernel wants it."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ERRNO | errno.EPERM)))

    def allow(name: str, *only: Comparison, action: int = ALLOW) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other processors
            array = (Comparison * len(only))(*only)
            library.seccomp_rule_add_array(context, action, number, len(only), array)

    # RestrictNamespaces=yes and RestrictAddressFamilies= as systemd makes them: clone3 cannot be
    # looked into, so it is not there, and the C library takes clone.
    special = {"socket", "unshare", "setns", "clone", "clone3"}
    for name in allowed() - special:
        allow(name)
    for family in setting("RestrictAddressFamilies"):
        allow("socket", Comparison(0, EQUAL, getattr(socket, family), 0))
    assert setting("RestrictNamespaces") == ["yes"]
    allow("clone", Comparison(0, MASKED_EQUAL, NAMESPACES, 0))
    allow("clone3", action=ERRNO | errno.ENOSYS)
    file = os.memfd_create("seccomp", 0)
    assert library.seccomp_export_bpf(context, file) == 0
    library.seccomp_release(context)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def wrapped(argv: list[str], seen: Path, writable: Path, filter_fd: int) -> list[str]:
    """Return the command line that runs `argv` in the sandbox.

    Of /tmp it has the folder `seen` to read and `writable` to write; `filter_fd` must be passed on.
    """
    return [
        *("bwrap", "--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"),
        *("--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--tmpfs", "/tmp", "--ro-bind", str(ROOT), str(ROOT), "--ro-bind", str(seen), str(seen)),
        *("--bind", str(writable), str(writable), "--seccomp", str(filter_fd), "--", *argv),
    ]


def inside(bwrap: int) -> int:
    """Return the process that bubblewrap's process `bwrap` has started in the sandbox."""
    for _ in range(2):  # the first one in there is bubblewrap's, too
        bwrap = int(Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text().split()[0])
    return bwrap


def need() -> None:
    """Skip the test where there is no bubblewrap, or the kernel lets nobody make namespaces."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    tried = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(f"this machine forbids namespaces: {tried.stderr.strip()}")
