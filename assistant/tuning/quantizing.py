"""A language model's file in another type of weights, made by llama.cpp: whole or not at all."""

import contextlib
import fcntl
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant import machine
from assistant.errors import AssistantError, BadInput
from assistant.fetching import alone, disk_errors
from assistant.files import sync
from assistant.mind import gguf
from assistant.models import QUANTIZED, Entry, File, Shelf, digest, fingerprint
from assistant.sources import Report, require_room
from assistant.tuning.making import FILE, HEADER, note_down, place, staging

WEIGHTS = {
    **{"F32": 32.0, "F16": 16.0, "BF16": 16.0, "Q8_0": 8.5, "Q6_K": 6.56, "Q5_1": 6.0},
    **{"Q5_K_M": 5.67, "Q5_K_S": 5.52, "Q5_0": 5.5, "Q4_1": 5.0, "Q4_K_M": 4.83, "Q4_K_S": 4.57},
    **{"Q4_0": 4.5, "IQ4_NL": 4.5, "IQ4_XS": 4.25, "Q3_K_L": 4.22, "Q3_K_M": 3.89, "Q3_K_S": 3.48},
    **{"Q2_K": 2.95},
}
"""Type -> bits of a weight (llama.cpp's tools/quantize says them for a model of 8B)."""
PLAIN = ("F32", "F16", "BF16")
"""Types in which nothing was lost yet."""
TYPES = tuple(name for name in WEIGHTS if WEIGHTS[name] < 16 and not name.startswith(("Q2", "Q3")))
"""What can be asked for. Below 4 bits llama.cpp wants to know which weights matter most."""
TAIL = re.compile(r"[-._]?(f32|f16|bf16|i?q\d\w*)$")
"""The end of a file's name that says its type."""
LOOK_S = 0.2
"""How often it looks how much is written, in s."""


@dataclass(frozen=True)
class Wish:
    """What shall be made."""

    source: Path
    header: gguf.Header
    kind: str
    """One of `TYPES`."""

    @property
    def again(self) -> bool:
        """Whether the source has lost something already."""
        return self.header.quantization not in PLAIN


def wish(source: Path, kind: str) -> Wish:
    """Check what is asked for. Raises `BadInput` for a type or a source that cannot be used."""
    wanted = kind.upper()
    if wanted not in TYPES:
        raise BadInput(
            "{kind!r} is no type of weights that can be made; allowed: {types}.",
            kind=kind[:40],
            types=", ".join(TYPES),
        )
    header = gguf.inspect(source)
    has = header.quantization
    if has == wanted:
        raise BadInput("{source}: is {kind} already.", source=source, kind=wanted)
    if WEIGHTS.get(has, 99.0) < WEIGHTS[wanted]:
        raise BadInput(
            "{source}: is {has}, and {kind} would be larger and no better; take a source with more "
            "bits for a weight.",
            source=source,
            has=has,
            kind=wanted,
        )
    return Wish(source, header, wanted)


def name_for(asked: Wish) -> str:
    """Return what the new model is called on the shelf."""
    stem = asked.source.parent.name if asked.source.name == FILE else asked.source.stem
    plain = re.sub(r"[^a-z0-9._-]+", "-", stem.lower().removesuffix(QUANTIZED)).strip("-._")
    return f"{TAIL.sub('', plain) or 'model'}-{asked.kind.lower()}{QUANTIZED}"


def onto(shelf: Shelf, asked: Wish, report: Report, *, again: bool = False) -> tuple[Entry, bool]:
    """Make the model and put it on the shelf, in a folder with `name_for`.

    Returns its entry and whether it was made now: one of the same source stays, unless `again`.
    Raises `BadInput` for one of another source, for a source that cannot be used, or without the
    room, `AssistantError` when llama.cpp fails.
    """
    entry = shelf.quantized(name_for(asked))
    with disk_errors(shelf.root), alone(shelf, entry, report):
        entry = shelf.quantized(entry.name)  # another process may have made it meanwhile
        if not again and shelf.installed(entry):
            _check_same(shelf, entry, asked)
            return entry, False
        with staging(shelf, entry) as folder:
            path = folder / FILE
            _make(asked, path, entry.name, report)
            size = path.stat().st_size
            sha256 = digest(path, partial(report.progress, f"hashing {FILE}"), 0, size)
            files = [vars(File(FILE, size, sha256))]
            note_down(folder, {**_told(shelf, asked), "files": files})
            place(folder, shelf.folder(entry))
    return shelf.quantized(entry.name), True


def _check_same(shelf: Shelf, entry: Entry, asked: Wish) -> None:
    if shelf.recipe(entry.name).get("fingerprint") != fingerprint(asked.source):
        raise BadInput(
            "`{name}` was made of another file, {source}; `--again` makes it of {asked}.",
            name=entry.name,
            source=entry.made_from,
            asked=asked.source,
        )


def _told(shelf: Shelf, asked: Wish) -> dict[str, Any]:
    """Return what is to be known of the model later; see `Shelf.quantized`."""
    source = asked.source.absolute()
    of = next((each for each in shelf.entries if shelf.folder(each) == source.parent), None)
    return {
        "source": str(source),
        "fingerprint": fingerprint(source),
        "type": asked.kind,
        "languages": list(of.languages) if of else [],
        "licence": of.licence if of else "",
    }


def into(path: Path, asked: Wish, report: Report, *, again: bool = False) -> None:
    """Make the file `path`, whole or not at all. Raises as `onto`, or for one that is there."""
    if path.is_dir():
        raise BadInput("{path}: is a folder; `--out` names the new file.", path=path)
    if path.exists() and (not again or path.samefile(asked.source)):
        raise BadInput("{path}: exists already; name another file, or say `--again`.", path=path)
    if not path.parent.is_dir():
        raise BadInput("{path}: there is no folder {folder}.", path=path, folder=path.parent)
    with _beside(path) as staged:
        _make(asked, staged, path.name, report)
        sync(staged)
        staged.replace(path)
        sync(path.parent)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield the place of a file that is to become `path`; at the end nothing is left there."""
    staged = path.with_name(f".{path.name}.part")  # what a killed one left is written over
    try:
        with staged.open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                yield staged
            finally:
                staged.unlink(missing_ok=True)
    except BlockingIOError as error:
        raise BadInput("{path}: another process is making it.", path=path) from error
    except OSError as error:
        raise BadInput(
            "{path}: cannot be written: {error}.", path=path, error=error.strerror or error
        ) from error


def _make(asked: Wish, path: Path, name: str, report: Report) -> None:
    """Have the file of the model `name` written by a process of its own, and look at it."""
    threads = machine.threads()[1]
    number = next(n for n, name in gguf.QUANTIZATIONS.items() if name == asked.kind)
    command = [sys.executable, "-m", "assistant.tuning.quantizer", str(asked.source.absolute())]
    command += [str(path.absolute()), str(number), str(threads)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdin
            assert child.stdout
            assert child.stderr
            total = int(child.stdout.readline() or 0)
            if total:
                require_room(path.parent, total + HEADER, f"`{name}`")
                child.stdin.write("write\n")
                child.stdin.flush()
            _watch(child, path, total, report, f"making {name}")
            why = child.stderr.read().strip()
        finally:
            child.kill()  # it may have ended long ago
    if child.returncode:
        said = f"it ended with signal {-child.returncode}" if child.returncode < 0 else why
        raise AssistantError(
            "{source}: llama.cpp cannot quantize it: {why}",
            source=asked.source,
            why=gguf.short(said.splitlines()[-1] if said else "no reason was given"),
        )
    gguf.inspect(path)


def _watch(
    child: "subprocess.Popen[str]", path: Path, total: int, report: Report, what: str
) -> None:
    """Wait for the end; meanwhile tell how much of the file is there."""
    while True:
        try:
            child.wait(LOOK_S)
            return
        except subprocess.TimeoutExpired:
            done = path.stat().st_size if path.exists() else 0
            report.progress(what, min(done, total), total)
