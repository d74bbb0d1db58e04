"""Finds plug-ins, and calls them so that what is wrong with one costs a sentence and no more."""

import contextlib
import hashlib
import importlib
import importlib.util
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from assistant.errors import BadInput
from assistant.files import write_whole
from assistant.mind.skills.limited import Failed, Hangs, Limited
from assistant.mind.skills.reading import KINDS
from assistant.mind.skills.sentences import check
from assistant.mind.skills.skill import Slot
from assistant.mind.skills.speakable import speakable
from assistant.plugin import MARK, TOOL, Intent, Then

log = logging.getLogger(__name__)

GROUP = "assistant.skills"
"""The group of entry points; each names a module."""
IMPORT_S = 20.0
LATER_S = 30.0
"""What is called later has so long."""
PREFIX = "assistant_plugin_"
"""Before the names of modules that are files of the folder."""
LONGEST_S = 86_400.0
LONGEST = 2000
"""Characters that a plug-in may have said at once."""
LARGEST = 1_000_000
"""Bytes that a plug-in may keep."""
SCHEDULED = 50
"""Calls that may be waited for, all plug-ins together."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A function that is called when a sentence is said."""

    name: str
    """`MODULE.FUNCTION`."""
    source: str
    """The file or entry point."""
    function: Callable[..., str | None]
    intent: Intent
    description: str

    def sentences(self, language: str) -> Sequence[str]:
        """Return what is said for it in `en` or `zh`."""
        return self.intent.zh if language == "zh" else self.intent.en


@dataclass(frozen=True, slots=True)
class Broken:
    """A module that could not be used, and why."""

    source: str
    why: str


class Store(MutableMapping[str, Any]):
    """What one plug-in keeps: a JSON file that is replaced as a whole with each change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._data: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            try:
                found = json.loads(path.read_bytes())
                self._data = found if isinstance(found, dict) else {}
            except ValueError:
                log.warning("%s is broken; the plug-in begins anew", path)

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._write({**self._data, key: value})

    def __delitem__(self, key: str) -> None:
        self._write({name: value for name, value in self._data.items() if name != key})

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def _write(self, data: dict[str, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False)
        if len(text.encode()) > LARGEST:
            raise ValueError(f"a plug-in may keep {LARGEST} bytes")
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, text)
            self._data = json.loads(text)


@dataclass
class Said:
    """The context of one call, and what it wants."""

    language: str
    host: "Host"
    owner: str
    texts: list[str] = field(default_factory=list)
    question: tuple[str, Then, bool] | None = None
    """The question, what is called then, whether any words answer it."""
    over: bool = False
    """The call was given up; what still comes of it counts for nothing."""

    @property
    def store(self) -> Store:
        """What the plug-in keeps."""
        return self.host.store(self.owner)

    def say(self, text: str) -> None:
        """Say `text`, before what the function returns."""
        self.texts.append(_text(text))

    def ask(self, question: str, then: Then) -> None:
        """Say `question` last; what is said next goes to `then(context, answer)`."""
        self.question = (_text(question), then, True)

    def confirm(self, question: str, then: Then) -> None:
        """Say `question` last; only after a yes `then(context)` is called."""
        self.question = (_text(question), then, False)

    def schedule(self, seconds: float, then: Then) -> None:
        """Call `then(context)` in so many s, up to a day; what it returns is spoken."""
        if not 0 <= seconds <= LONGEST_S:
            raise ValueError(f"{seconds} s; allowed: 0 to {LONGEST_S:g}")
        if not self.over:
            self.host.later(seconds, then, self.language, self.owner)


class Host:
    """Calls plug-ins. `announce(text)` speaks what one has to say later; from any thread."""

    def __init__(
        self,
        folder: Path,
        announce: Callable[[str], None],
        ask: Callable[[str, Callable[[str], str | None], bool], None],
        failed: Mapping[str, str],
    ) -> None:
        """`folder` is where they keep what they keep; `ask` opens a question of the next turn.

        `failed` is what is said by language when one does not work.
        """
        self._folder, self._announce, self._ask = folder, announce, ask
        self._failed = failed
        self._limited = Limited()
        self._stores: dict[str, Store] = {}
        self._timers: set[threading.Timer] = set()

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        language: str,
        owner: str,
        seconds: float,
        slots: Mapping[str, Slot] | None = None,
    ) -> str:
        """Return what is to be said; a failure is logged and costs one sentence. Never raises."""
        said = Said(language, self, owner)
        try:
            result = self._limited(lambda: function(said, *arguments, **(slots or {})), seconds)
            if result is not None:
                said.say(result)
            if said.question is None:
                return speakable(" ".join(said.texts), LONGEST)
            question, then, any_words = said.question
            self._ask(question, self._answered(said, then, any_words), any_words)
            return speakable(" ".join([*said.texts, question]), LONGEST)
        except (Failed, Hangs, TypeError) as error:
            said.over = True
            log.error("the plug-in `%s` failed: %s", owner, error, exc_info=error.__cause__)
            return self._failed[language]

    def _answered(self, said: Said, then: Then, any_words: bool) -> Callable[[str], str | None]:
        def answered(text: str) -> str | None:
            arguments = (text,) if any_words else ()
            return self.call(
                then, *arguments, language=said.language, owner=said.owner, seconds=LATER_S
            )

        return answered

    def store(self, owner: str) -> Store:
        """Return what the plug-in `owner` keeps."""
        if owner not in self._stores:
            safe = hashlib.sha256(owner.encode()).hexdigest()[:16]
            self._stores[owner] = Store(self._folder / f"{safe}.json")
        return self._stores[owner]

    def later(self, seconds: float, then: Then, language: str, owner: str) -> None:
        """Call `then` in so many s and speak what it returns. Raises `ValueError`: too many."""
        if len(self._timers) >= SCHEDULED:
            raise ValueError(f"{SCHEDULED} calls are scheduled already")

        def due() -> None:
            self._timers.discard(timer)
            if text := self.call(then, language=language, owner=owner, seconds=LATER_S):
                self._announce(text)

        timer = threading.Timer(seconds, due)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def close(self) -> None:
        """Forget what is scheduled."""
        for timer in list(self._timers):
            timer.cancel()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is wanted, not {type(value).__name__}")
    return value


def in_module(module: ModuleType, source: str) -> list[Plugin]:
    """Return the functions of a module that are marked, in the order of the file.

    Raises `BadInput` for a sentence that is none.
    """
    of_file = module.__name__.startswith(PREFIX)
    name_of_module = Path(source).stem if of_file else module.__name__
    found = [
        Plugin(
            f"{name_of_module}.{name}",
            source,
            each,
            getattr(each, MARK),
            getattr(each, TOOL, "") or (each.__doc__ or "").strip().split("\n")[0],
        )
        for name, each in vars(module).items()
        if isinstance(getattr(each, MARK, None), Intent)
    ]
    for each in found:
        if taken := sorted({*KINDS} & set(each.intent.free)):
            raise BadInput(
                "{source}: `free` of `{name}` names `{kind}`, which means something already.",
                source=source,
                name=each.name,
                kind=taken[0],
            )
        lists = {*KINDS, *each.intent.free}
        for sentence in (*each.intent.en, *each.intent.zh):
            check(sentence, each.name, lists, set())
    return found


def load_file(path: Path) -> ModuleType:
    """Import a file; the same file is imported once. Raises what its code raises."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"{PREFIX}{path.stem}_{digest}"
    if (found := sys.modules.get(name)) is not None:
        return found
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def function(folder: Path, named: str) -> Callable[..., Any]:
    """Return the function `FILE.py:NAME` or `PACKAGE.MODULE:NAME`. Raises `BadInput`."""
    module, _, name = named.rpartition(":")
    of_file = module.endswith(".py")
    load: Callable[[], ModuleType] = (
        (lambda: load_file(folder / module)) if of_file else lambda: importlib.import_module(module)
    )
    try:
        found = getattr(Limited()(load, IMPORT_S), name, None)
    except (Failed, Hangs) as error:
        raise BadInput(
            "`{named}`: {module} cannot be imported: {error}.",
            named=named,
            module=module,
            error=error,
        ) from error
    if not callable(found):
        raise BadInput(
            "`{named}`: {module} has no function `{name}`.", named=named, module=module, name=name
        )
    made: Callable[..., Any] = found
    return made


def discover(files: Sequence[Path]) -> tuple[list[Plugin], list[Broken]]:
    """Import what the entry points and `files` name; what cannot be imported is told, and left."""
    sources: list[tuple[str, Callable[[], ModuleType]]] = [
        (f"{each.name} = {each.value}", each.load) for each in entry_points(group=GROUP)
    ]
    sources += [(str(path), lambda path=path: load_file(path)) for path in files]  # type: ignore[misc]
    found, broken, limited = list[Plugin](), list[Broken](), Limited()
    for source, load in sources:
        try:
            module = limited(load, IMPORT_S)
            if not isinstance(module, ModuleType):
                raise BadInput("the entry point names no module")
            found += in_module(module, source)
        except (Failed, Hangs, BadInput) as error:
            log.error("the plug-in %s cannot be used: %s", source, error)
            broken.append(Broken(source, str(error)))
    return found, broken
