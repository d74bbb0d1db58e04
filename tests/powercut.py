"""A disk that loses what it was not told to keep: a fake, made from what a real program did.

`record` runs a program under strace, which tells every write, `fsync`, rename and removal in one
folder, in order. `Disk` takes these and can tell, at any moment, what a power cut might leave: what
was synced for certain; of all else any part, each write whole, torn at a sector, or not at all, and
of the names in a folder those that were changed until some moment since that folder was synced.
That is more than a journaling file system loses, and what POSIX allows; only folders themselves are
always there.

Not seen are writes through `mmap`; SQLite makes them to the `-shm` file only, which it never trusts
after a start, and which is left out here.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = (
    "openat,open,write,pwrite64,ftruncate,fsync,fdatasync,close,"
    "rename,renameat,renameat2,unlink,unlinkat"
)
LINE = re.compile(r"(?P<call>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
AT = re.compile(r'\w+<((?:\\x[0-9a-f]{2})*)>, "((?:\\x[0-9a-f]{2})*)"')
OPEN = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>")


def available():
    """Whether this machine can record."""
    return shutil.which("strace") is not None


def record(folder, *command):
    """Run the command in Python; return what it did in the folder, and what it wrote elsewhere."""
    log = folder.with_name(f"{folder.name}.strace")
    strace = ["strace", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*strace, sys.executable, *map(str, command)], check=True, capture_output=True)
    return [call for line in log.read_text().splitlines() if (call := _parsed(line, str(folder)))]


def cuts(folder, command, moments, rng):
    """Record a command that works in the new `folder`, and cut its power at so many moments.

    Yields, for each, a folder with what is left, and what the command had said by then.
    """
    folder.mkdir()
    calls = record(folder, *command)
    wanted = sorted(rng.randrange(len(calls)) for _ in range(moments))
    disk, said = Disk(), b""
    for at, (call, *arguments) in enumerate(calls):
        if call == "said":
            said += arguments[0]
        else:
            disk.take(call, *arguments)
        for _ in range(wanted.count(at)):
            with tempfile.TemporaryDirectory(dir=folder.parent) as target:
                disk.cut(Path(target), rng)
                yield Path(target), said


@dataclass
class Content:
    """What a file holds."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list = field(default_factory=list)
    """(offset, bytes), or (length, None): cut there."""

    def sync(self):
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def after_a_cut(self, rng):
        left, share = bytearray(self.durable), rng.random()
        for offset, data in self.pending:
            if rng.random() < share:
                torn = data is not None and rng.random() < 0.3
                keep = rng.randrange(len(data) // SECTOR + 1) * SECTOR if torn else None
                _apply(left, (offset, data[:keep] if torn else data))
        return bytes(left)


class Disk:
    """The folder, fed with what `record` gave."""

    def __init__(self):
        self._names, self._durable = {}, {}  # name -> Content, as programs and as power cuts see it
        self._pending = []  # (name, Content or None: it is gone)
        self._at = {}  # position of each open file

    def take(self, call, *arguments):
        """One of the recorded calls that is about the folder."""
        getattr(self, f"_{call}")(*arguments)

    def cut(self, target, rng):
        """Write into the folder `target` what a power cut leaves now."""
        names = dict(self._durable)
        for name, content in self._pending[: rng.randint(0, len(self._pending))]:
            names[name] = content
        for name, content in names.items():
            if content is not None and not name.endswith("-shm"):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(content.after_a_cut(rng))

    def _open(self, number, name, creates, truncates):
        if name not in self._names and creates:
            self._name(name, Content())
        if truncates:
            self._names[name].pending.append((0, None))
        self._at[number] = 0

    def _write(self, number, name, data, offset=None):
        if content := self._names.get(name):  # else it is removed by now
            content.pending.append((self._at[number] if offset is None else offset, data))
        if offset is None:
            self._at[number] += len(data)

    def _truncate(self, name, length):
        self._names[name].pending.append((length, None))

    def _sync(self, name):
        if name in self._names:
            self._names[name].sync()
            return
        rest = []
        for inside, content in self._pending:  # it is a folder
            if inside.rpartition("/")[0] == name:
                self._durable[inside] = content
            else:
                rest.append((inside, content))
        self._pending = rest

    def _rename(self, old, new):
        content = self._names.pop(old)
        self._names[new] = content
        self._pending += [(new, content), (old, None)]

    def _unlink(self, name):
        self._names.pop(name, None)
        self._pending.append((name, None))

    def _name(self, name, content):
        self._names[name] = content
        self._pending.append((name, content))


def _apply(content, change):
    offset, data = change
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _parsed(line, folder):
    """Return a call as `Disk.take` wants it, or ("said", bytes); None for all others."""
    matched = LINE.match(line)
    if not matched or (result := int(matched["result"])) < 0:
        return None
    call, arguments = matched["call"], matched["arguments"]
    if call.startswith(("rename", "unlink", "open")):
        names = [_inside(each, folder) for each in _paths(arguments)]
        if None in names or "AT_REMOVEDIR" in arguments:
            return None
        if not call.startswith("open"):
            return re.match("rename|unlink", call)[0], *names
        flags = arguments.split('"')[-1]
        return "open", result, *names, "O_CREAT" in flags, "O_TRUNC" in flags
    texts = [_bytes(each) for each in HEX.findall(arguments)]
    number, path = OPEN.search(arguments).groups()
    path = _bytes(path).decode(errors="replace")
    if call == "write" and number == "1":
        return "said", texts[-1]
    if call == "close" or (name := _inside(path, folder)) is None:
        return None
    last = arguments.rsplit(", ", 1)[-1]
    match call:
        case "write":
            return "write", int(number), name, texts[-1][:result]
        case "pwrite64":
            return "write", int(number), name, texts[-1][:result], int(last)
        case "ftruncate":
            return "truncate", name, int(last)
    return "sync", name


def _paths(arguments):
    """Return the whole paths that a call names."""
    found = AT.findall(arguments) or [("", each) for each in HEX.findall(arguments)]
    return [str(Path(*(_bytes(each).decode() for each in pair))) for pair in found]


def _bytes(escaped):
    return bytes.fromhex(escaped.replace("\\x", ""))


def _inside(path, folder):
    """Return the path from the folder on, empty for itself; None for one somewhere else."""
    if path == folder:
        return ""
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None
