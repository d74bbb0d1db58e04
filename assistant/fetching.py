"""How a model gets onto the shelf: room, lock, sources in order, check, and only then its place.

Everything is put together in ``.partial/NAME`` on the same disk and moved when its SHA-256 is
right, so that a half file is never taken for a model and an interrupted fetch goes on.
"""

import contextlib
import functools
import itertools
import json
import shutil
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from assistant.errors import AssistantError, BadInput
from assistant.files import sync
from assistant.models import RECORD, Archive, Entry, File, Index, Shelf, Source, digest, has_size
from assistant.sources import Courier, Folder, Report, SourceFailed, label, require_room


class Unobtainable(AssistantError):
    """No source could give the model; `last` is why the last of them could not."""

    def __init__(self, name: str, failures: Sequence[str]) -> None:
        self.last = failures[-1]
        super().__init__(
            "`{name}` cannot be had ({failures}); `assistant models fetch {name} --from DIR` "
            "takes it from a folder.",
            name=name,
            failures="; ".join(failures),
        )


class Fetcher:
    """Gets models onto a shelf; hosts that did not answer are not asked again by the same one."""

    def __init__(self, shelf: Shelf, report: Report) -> None:
        self.shelf = shelf
        self._report = report
        self._courier = Courier(report)

    def fetch(self, entry: Entry, folder: Path | None = None) -> bool:
        """Make sure that the model is there and right; return whether anything was fetched.

        With `folder` its files come from there and from nowhere else. Raises `Unobtainable` when
        no source has it, `BadInput` when the disk is full or must not be written.
        """
        if folder is not None and not folder.is_dir():
            raise BadInput(
                "{folder}: no such folder; `--from` names one that holds the files.", folder=folder
            )
        if entry.made_from:
            way = self.shelf.way_to(entry)
            raise BadInput(
                "`{name}` is made on this device and not fetched: {way}.", name=entry.name, way=way
            )
        with disk_errors(self.shelf.root), alone(self.shelf, entry, self._report):
            missing = self._missing(entry)
            if missing:
                self._require_room(entry, missing)
                for file in missing:
                    self._obtain(entry, file, _sources(entry, folder))
                self._place(entry, missing)
            shutil.rmtree(self.shelf.staging(entry), ignore_errors=True)
        return bool(missing)

    def fetch_first(
        self, choices: Sequence[Entry], folder: Path | None = None
    ) -> tuple[Entry, bool]:
        """Return the first of the models that is installed, else the first that can be had.

        A model that was made of one of them on this device will do as well.

        The second value tells whether it was fetched now.
        """
        for entry in choices:
            if ready := self.shelf.ready(entry):
                return ready, False
        for entry, other in itertools.pairwise(choices):
            try:
                return entry, self.fetch(entry, folder)
            except Unobtainable as error:
                self._report.note(
                    f"{error.last}; `{entry.name}` cannot be had, taking `{other.name}` instead."
                )
        return choices[-1], self.fetch(choices[-1], folder)

    def remove(self, entry: Entry) -> int:
        """Delete a model and what was half fetched of it; return the bytes that are free again."""
        with disk_errors(self.shelf.root), alone(self.shelf, entry, self._report):
            freed = 0
            for folder in (self.shelf.folder(entry), self.shelf.staging(entry)):
                if folder.is_dir():
                    freed += sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
                    shutil.rmtree(folder)
        return freed

    def _missing(self, entry: Entry) -> tuple[File, ...]:
        """What is not in place with the right content: some of the files, or the archive."""
        if entry.archive:
            right = self.shelf.installed(entry) and not self.shelf.faults(entry)
            return () if right else (entry.archive,)
        folder = self.shelf.folder(entry)
        return tuple(file for file in entry.files if not _is_right(folder / file.path, file))

    def _require_room(self, entry: Entry, missing: Sequence[File]) -> None:
        staged = self.shelf.staging(entry) / "files"
        here = sum(path.stat().st_size for path in staged.rglob("*") if path.is_file())
        needed = sum(file.size for file in missing)
        needed += entry.archive.unpacked if entry.archive else 0
        require_room(staged, needed - here, f"`{entry.name}`")

    def _obtain(self, entry: Entry, file: File, sources: Sequence[Source | Folder]) -> None:
        """Bring one file into the staging folder, from the first source that has the right one."""
        staging = self.shelf.staging(entry)
        target = staging / "files" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if _is_right(target, file):
            return
        failures = []
        for number, source in enumerate(sources, 1):
            try:
                self._courier.bring(source, file, target, staging)
                self._check(entry, target, file)
                return
            except SourceFailed as failure:
                failures.append(f"{label(source)}: {failure}")
                if number < len(sources) and not failure.again:
                    self._report.note(f"{failures[-1]}; trying {label(sources[number])}.")
        raise Unobtainable(entry.name, failures)

    def _check(self, entry: Entry, target: Path, file: File) -> None:
        """Delete and refuse a file that is not the one in the catalogue."""
        check = functools.partial(self._report.progress, f"checking {target.name}")
        sha256 = digest(target, check, total=target.stat().st_size)
        if sha256 != file.sha256:
            target.unlink()
            shutil.rmtree(self.shelf.staging(entry) / "wheels", ignore_errors=True)
            raise SourceFailed(
                f"{file.path} came with SHA-256 {sha256}, the catalogue has {file.sha256}: refused"
            )

    def _place(self, entry: Entry, files: Sequence[File]) -> None:
        """Move what has been checked to the model's folder."""
        staged, folder = self.shelf.staging(entry) / "files", self.shelf.folder(entry)
        record = folder / RECORD
        if entry.archive:
            record.unlink(missing_ok=True)
            unpacked = staged.with_name("unpacked")
            files = _unpack(staged / entry.archive.path, entry.archive, unpacked)
            staged = unpacked
        for file in files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            _move(staged / file.path, target)
        if entry.archive:
            rows = [vars(file) for file in files]
            text = json.dumps({"archive": entry.archive.sha256, "files": rows}, indent=1)
            (staged / RECORD).write_text(text, encoding="utf-8")
            _move(staged / RECORD, record)


def _sources(entry: Entry, folder: Path | None) -> tuple[Source | Folder, ...]:
    if folder is None:
        return entry.sources
    return (Folder(folder, tuple(s for s in entry.sources if isinstance(s, Index))),)


def _is_right(path: Path, file: File) -> bool:
    return has_size(path, file.size) and digest(path) == file.sha256


def _unpack(path: Path, archive: Archive, target: Path) -> list[File]:
    """Unpack a checked zip below `target`; return its files. Nothing can land outside of it."""
    shutil.rmtree(target, ignore_errors=True)
    files = []
    with zipfile.ZipFile(path) as zipped:
        for member in zipped.infolist():
            if member.is_dir():
                continue
            inside = PurePosixPath(member.filename)
            link = stat.S_ISLNK(member.external_attr >> 16)
            if link or ".." in inside.parts or not inside.is_relative_to(archive.folder):
                raise AssistantError(
                    "{path}: holds {filename!r}, which is not a file below {folder}/; nothing "
                    "was unpacked into the models.",
                    path=archive.path,
                    filename=member.filename,
                    folder=archive.folder,
                )
            name = str(inside.relative_to(archive.folder))
            out = target / name
            out.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(member) as data, out.open("wb") as stream:
                shutil.copyfileobj(data, stream)
            files.append(File(name, member.file_size, digest(out)))
    return files


def _move(source: Path, target: Path) -> None:
    """Move a file on the same disk so that after a power cut it is whole or not there."""
    sync(source)
    source.replace(target)
    sync(target.parent)


@contextlib.contextmanager
def alone(shelf: Shelf, entry: Entry, report: Report) -> Iterator[None]:
    """Hold the model's lock; wait for another process that has it."""
    from filelock import FileLock, Timeout

    staging = shelf.staging(entry)
    staging.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(staging.with_name(f"{entry.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report.note(f"another process is at work on `{entry.name}`; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """Say in one sentence what the disk refuses."""
    try:
        yield
    except OSError as error:
        where = error.filename or root
        raise BadInput(
            "{where}: {error}; the models' folder {root} must be writable and have room, or "
            "choose another one with `paths.models`.",
            where=where,
            error=error.strerror or error,
            root=root,
        ) from error
