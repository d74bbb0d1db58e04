"""The processor, and how many cores and how much memory this process may use."""

import os
import platform
from math import ceil
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def cores(root: Path = ROOT) -> int:
    """Physical cores that this process may run on, at least 1.

    Two threads of one core count once: they share the arithmetic units that a language model
    keeps busy. A control group's processor quota (`cpu.max`) counts too.
    """
    if not hasattr(os, "sched_getaffinity"):  # macOS
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    siblings = "sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    found = {_read(root / siblings.format(cpu)) or str(cpu) for cpu in allowed}
    return max(1, min(len(found), *(ceil(quota) for quota in _quotas(root)), len(allowed)))


def processor(root: Path = ROOT) -> str:
    """Return the processor's name."""
    # x86 says "model name"; a Raspberry Pi says what it is in "Model".
    named = [name for name in _told(root, "model") if not name.isdigit()]
    return named[0] if named else platform.processor() or platform.machine()


def instructions(root: Path = ROOT) -> str:
    """Return the processor's extensions (`avx2`, `asimd`), empty where they are not told."""
    told = _told(root, "flags") or _told(root, "features")  # x86 and ARM
    return told[0] if told else ""


def threads(root: Path = ROOT) -> tuple[int, int]:
    """Threads that fit the machine: (to make an answer, to read the question).

    Reading is arithmetic and takes every core. Making a token is bound by the memory: half of four
    or more cores already saturates it (a Raspberry Pi 5 is fastest with 2) and the voice has the
    others.
    """
    count = cores(root)
    return (count if count <= 2 else min(4, ceil(count / 2))), count


def total_memory(root: Path = ROOT) -> int | None:
    """Bytes of memory that this process may ever have; None if unknown.

    The smallest of the system's `MemTotal` and the limits of each control group (v2) around it.
    """
    limits = [_read(group / "memory.max") for group in _groups(root)]
    return min([*_meminfo(root, "MemTotal:"), *map(int, filter(str.isdigit, limits))], default=None)


def available_memory(root: Path = ROOT) -> int | None:
    """Bytes that can be taken before something must be swapped or killed; None if unknown.

    The smallest of the system's `MemAvailable` and what is left in each control group (v2) around
    this process; a group's page cache can be given back and counts as left.
    """
    return min([*_meminfo(root, "MemAvailable:"), *_group_memory(root)], default=None)


def resident_memory(root: Path = ROOT) -> int | None:
    """Bytes of memory that this process holds; None if unknown."""
    lines = _read(root / "proc/self/status").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)


def serial_number(root: Path = ROOT) -> str:
    """Return the board's serial number (Raspberry Pi and others), empty where it has none."""
    return _read(root / "proc/device-tree/serial-number").strip("\0")


def machine_id(root: Path = ROOT) -> str:
    """Return the identity of this installation, machine-id(5), empty where it has none."""
    known = _read(root / "etc/machine-id")
    return known if len(known) == 32 else ""  # an image says "uninitialized" until its first start


def _told(root: Path, key: str) -> list[str]:
    """Return what /proc/cpuinfo says on lines that begin with `key`, in whatever case."""
    lines = _read(root / "proc/cpuinfo").splitlines()
    return [line.partition(":")[2].strip() for line in lines if line.lower().startswith(key)]


def _meminfo(root: Path, key: str) -> list[int]:
    """Return the bytes that /proc/meminfo tells on the line of `key`, if there is one."""
    lines = _read(root / "proc/meminfo").splitlines()
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith(key)]


def _group_memory(root: Path) -> list[int]:
    left = []
    for group in _groups(root):
        most, used = _read(group / "memory.max"), _read(group / "memory.current")
        if most.isdigit() and used.isdigit():
            cache = sum(
                int(line.split()[1])
                for line in _read(group / "memory.stat").splitlines()
                if line.startswith(("active_file ", "inactive_file "))
            )
            left.append(max(0, int(most) - int(used) + cache))
    return left


def _quotas(root: Path) -> list[float]:
    """Processors that each control group around this process may use."""
    limits = [_read(group / "cpu.max").split() for group in _groups(root)]
    return [
        int(limit[0]) / int(limit[1]) for limit in limits if len(limit) == 2 and limit[0].isdigit()
    ]


def _groups(root: Path) -> list[Path]:
    """Folders of the control groups (v2) that this process is in, innermost first."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        if line.startswith("0::/"):
            inside = PurePosixPath(line[4:])
            mount = root / "sys/fs/cgroup"
            return [mount / folder for folder in (inside, *inside.parents)]
    return []


def _read(path: Path) -> str:
    """Return a small file's text, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
