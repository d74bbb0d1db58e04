"""Changes the files of the service so that they can be put back as they were."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from assistant.config import RELEASES
from assistant.errors import AssistantError
from assistant.files import write_whole
from assistant.systemd.units import Staged, below

Tell = Callable[..., None]
"""``tell(sentence, **values)`` says what is done."""


class Before:
    """What some files were: text, links, or nothing."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Look at them now."""
        self._were = {path: _content(path) for path in paths}

    @property
    def same(self) -> bool:
        """Whether they still are what they were."""
        return all(_content(path) == were for path, were in self._were.items())

    def restore(self) -> None:
        """Make them what they were. Raises `AssistantError`."""
        for path, were in self._were.items():
            if were is None:
                path.unlink(missing_ok=True)
            elif _content(path) != were:
                _put(path, *were)


class Kept:
    """A copy of what the service must not lose; a release that fails may have changed its form."""

    def __init__(self, folder: Path) -> None:
        """Copy the files of `folder`, without what lies in folders of it (models)."""
        self._folder = folder
        self._copy = tempfile.TemporaryDirectory(prefix="assistant-")
        for path in _files(folder):
            shutil.copy2(path, self._copy.name)

    def restore(self) -> None:
        """Put the copies back, as the user that owned them, and take away what has come since."""
        copies = {path.name: path for path in _files(Path(self._copy.name))}
        for path in _files(self._folder):
            if path.name not in copies:
                path.unlink()
        owner = self._folder.stat()
        for name, copy in copies.items():
            target = self._folder / name
            shutil.copy2(copy, target)
            shutil.chown(target, owner.st_uid, owner.st_gid)

    def close(self) -> None:
        """Remove the copy."""
        self._copy.cleanup()


def write(files: Iterable[Staged], owned: Iterable[Path], root: Path, tell: Tell) -> None:
    """Write `files` below `root` and remove what else is `owned`; each is whole or as before.

    Raises `AssistantError` for the first that cannot be written.
    """
    staged = list(files)
    for file in staged:
        path = below(root, file.path)
        if file.link and path.exists() and not _ours(path):
            tell("keep {path}: it is not of this installation", path=path)
        elif (file.keep and path.exists()) or _content(path) == (file.text, file.link):
            tell("keep {path}", path=path)
        else:
            tell("write {path}", path=path)
            _put(path, file.text, file.link)
    remove([path for path in owned if path not in {file.path for file in staged}], root, tell)


def remove(paths: Iterable[Path], root: Path, tell: Tell) -> None:
    """Remove those of `paths` that are there, and the drop-ins' folder where it is empty then."""
    for path in (below(root, each) for each in paths):
        if _content(path) is None or (path.parent.name == "bin" and not _ours(path)):
            continue
        tell("remove {path}", path=path)
        path.unlink()
        if path.parent.name.endswith(".service.d"):
            with suppress(OSError):  # something of the user's is in it
                path.parent.rmdir()


def run(argv: list[str]) -> None:
    """Run an administrator's command; raises `AssistantError` with its own words on failure."""
    answer = subprocess.run(argv, capture_output=True, text=True)
    if answer.returncode:
        words = " ".join(answer.stderr.split()) or f"exit code {answer.returncode}"
        raise AssistantError("`{argv}` failed: {words}", argv=" ".join(argv), words=words)


def _put(path: Path, text: str, link: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if link:
            beside = path.with_name(f".{path.name}.new")
            beside.unlink(missing_ok=True)
            beside.symlink_to(text)
            beside.replace(path)
        else:
            write_whole(path, text)
            path.chmod(0o644)
    except OSError as error:
        raise AssistantError(
            "{path}: cannot be written: {strerror}.", path=path, strerror=error.strerror
        ) from error


def _content(path: Path) -> tuple[str, bool] | None:
    """Return what a file holds or where a link leads, and whether it is one; None: nothing."""
    if path.is_symlink():
        return str(path.readlink()), True
    return (path.read_text(encoding="utf-8"), False) if path.is_file() else None


def _ours(link: Path) -> bool:
    return link.is_symlink() and link.readlink().is_relative_to(RELEASES)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
