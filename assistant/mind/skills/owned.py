"""What owners add: their actions and plug-ins, before the assistant's own skills."""

import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from assistant.errors import BadInput
from assistant.mind.skills import actions, plugins
from assistant.mind.skills.actions import Action, Actions, fill, intent
from assistant.mind.skills.asking import STOP, Asking, Sentences
from assistant.mind.skills.book import Book
from assistant.mind.skills.doing import FAILED, Doer, Means, Publish, outside, values
from assistant.mind.skills.located import SUFFIXES
from assistant.mind.skills.owner_reading import ENDS, OwnerReading
from assistant.mind.skills.pending import Questions
from assistant.mind.skills.pins import Gpiod, Pins
from assistant.mind.skills.plugins import Broken, Host, Plugin
from assistant.mind.skills.skill import Answer, Context, Request, Skill
from assistant.mind.skills.speakable import speakable


@dataclass(frozen=True, slots=True)
class Shelf:
    """All actions and plug-ins of the folders."""

    files: Sequence[Actions] = ()
    plugins: Sequence[Plugin] = ()
    broken: Sequence[Broken] = ()
    """Modules that could not be imported."""

    def books(self, language: str) -> list[Book]:
        """Return the sentences of `language`, read in all ways of `OwnerReading`."""
        data: dict[str, Any] = {"intents": {}, "lists": {}}
        for file in self.files:
            for part, each in file.book(language).items():
                data[part] |= each
        added = [each for each in self.plugins if each.sentences(language)]
        if not data["intents"] and not added:
            return []
        books = []
        for ends, numbers in product(reversed(ENDS), (False, True)):
            book = Book(language, OwnerReading(language, numbers=numbers, ends=ends), data)
            for plugin in added:
                book.add_intent(
                    f"plugin.{plugin.name}", plugin.sentences(language), plugin.intent.free
                )
            books.append(book)
        return books


def load(folders: Sequence[Path], *, code: bool = True) -> Shelf:
    """Read what is in the folders. Raises `BadInput` for a bad file of actions.

    With `code` plug-ins are imported too, from the folders and from installed packages.
    """
    paths = sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir())
    files = [actions.load(path) for path in paths if path.suffix in SUFFIXES]
    _only_once(files)
    if not code:
        return Shelf(files)
    sources = [path for path in paths if path.suffix == ".py"]
    for path in sources:
        if path.stat().st_mode & stat.S_IWOTH:
            raise BadInput("{path}: everybody may write there; `chmod o-w {path}`.", path=path)
    return Shelf(files, *plugins.discover(sources))


def _only_once(files: Sequence[Actions]) -> None:
    seen: dict[tuple[str, str], Path] = {}
    for file in files:
        free = {name for each in file.actions.values() for name in each.free}
        for kind, names in (("action", file.actions), ("list", file.lists)):
            for name in names:
                if other := seen.get((kind, name)):
                    raise BadInput(
                        "{path}: the {kind} `{name}` is in {other} too; call one otherwise.",
                        path=file.path,
                        kind=kind,
                        name=name,
                        other=other,
                    )
                seen[kind, name] = file.path
        if both := sorted(free & {name for kind, name in seen if kind == "list"}):
            raise BadInput(
                "{path}: `{both}` is a list, and free words too; choose one.",
                path=file.path,
                both=both[0],
            )


class Owned:
    """Answers for what owners have added, and asks back where that is wanted."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        store: Path,
        announce: Callable[[str], None],
        publish: Publish,
        pins: Pins | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`store` is the folder of what plug-ins keep; `announce` speaks, from any thread."""
        self._shelf = shelf
        self._questions = Questions(clock)
        self._asking = Asking(self._questions)
        self._host = Host(store, announce, self._questions.put, FAILED)
        self._doer = Doer(Means(self._host, pins or Gpiod(), publish))
        self._at_once = [
            (name, each, file.path.parent)
            for file in shelf.files
            for name, each in file.actions.items()
            if each.on_stop
        ]

    @property
    def shelf(self) -> Shelf:
        """What the owner has added."""
        return self._shelf

    def skills(self, own: Mapping[str, Skill]) -> dict[str, Skill]:
        """Return the skills by intent: the own ones, the owner's, and the asking back."""
        mine = {
            intent(name): self._action(name, each, file.path.parent)
            for file in self._shelf.files
            for name, each in file.actions.items()
        }
        mine |= {f"plugin.{each.name}": self._plugin(each) for each in self._shelf.plugins}
        found = self._asking.skills(dict(own) | mine)
        if STOP in found:
            found[STOP] = self._stopping(found[STOP])
        return found

    def sentences(self, own: Sentences, language: str) -> Sentences:
        """Return what finds the sentences of the owner, and then those of the assistant."""
        return self._asking.sentences([*self._shelf.books(language), own], language)

    def leave(self) -> None:
        """Forget a question that waits for an answer; from any thread."""
        self._questions.clear()

    def stop(self) -> None:
        """End what runs, and do what is to be done `on_stop`; at once, from any thread.

        A question that waits for an answer is forgotten.
        """
        self.leave()
        self._doer.stop()
        for name, each, folder in self._at_once:
            request = Request(intent(name), "", "en")
            do = threading.Thread(
                target=self._doer.do, args=(name, each, request, folder), daemon=True
            )
            do.start()

    def close(self) -> None:
        """End what runs, and forget what is scheduled."""
        self._host.close()
        self._doer.stop()

    def _action(self, name: str, action: Action, folder: Path) -> Skill:
        def skill(request: Request, _: Context) -> Answer | None:
            if wrong := outside(action, request):
                return Answer(wrong)

            def do() -> str:
                return self._doer.do(name, action, request, folder)

            if action.confirm:
                words = values(action, request.slots)
                question = speakable(fill(action.confirm[request.language], words))

                def ask() -> None:
                    self._questions.put(question, lambda _: do(), any_words=False)

                return Answer(question, ask)
            if action.kind == "say":
                return Answer(do())
            return Answer(act=do)

        return skill

    def _plugin(self, plugin: Plugin) -> Skill:
        def skill(request: Request, _: Context) -> Answer | None:
            return Answer(
                act=lambda: self._host.call(
                    plugin.function,
                    language=request.language,
                    owner=plugin.name.rpartition(".")[0],
                    seconds=plugin.intent.timeout,
                    slots=request.slots,
                )
            )

        return skill

    def _stopping(self, skill: Skill) -> Skill:
        """Return a skill that stops what runs, too: a sentence more than the stop word was said."""

        def stopping(request: Request, context: Context) -> Answer | None:
            answer = skill(request, context) or Answer()

            def act() -> str | None:
                self.stop()
                return answer.act() if answer.act else None

            return replace(answer, act=act)

        return stopping
