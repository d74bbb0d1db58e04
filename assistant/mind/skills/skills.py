"""All skills of a language: which one takes a text, and what it answers."""

import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.language import leading, spoken
from assistant.mind.known import Known, Source
from assistant.mind.skills import owned
from assistant.mind.skills.alarms import Alarms
from assistant.mind.skills.asking import Asking, Sentences
from assistant.mind.skills.book import Book
from assistant.mind.skills.pending import Questions
from assistant.mind.skills.registry import ALOUD, SKILLS
from assistant.mind.skills.skill import Answer, Context, Device, Request, Skill
from assistant.mind.skills.tongues import Tongues

log = logging.getLogger(__name__)

PLUGINS = "plugins"
"""The folder, beside what else must not be lost, of what plug-ins keep."""
SURE = 0.9
"""The probability that a text is whole which is the sentence of a skill: little comes after one."""
MOST_TALKS = 64
"""Of those who write; the question of one that nobody went on with the longest is forgotten."""
FAILED = {"en": "Sorry, that did not work.", "zh": "抱歉，这个没做成。"}


class Skills(Source):
    """A book of sentences, and who answers them; from one thread at a time, but for the ends."""

    def __init__(
        self,
        book: Sentences,
        skills: Mapping[str, Skill],
        context: Context,
        own: owned.Owned | None = None,
        held: Callable[[], str] = lambda: "",
        writers: "Callable[[], Skills] | None" = None,
    ) -> None:
        """`skills` are by intent; a sentence whose intent nobody answers is not taken.

        `own` is what the owner has added, which runs beside them. `held()` is the language in which
        all is answered; empty: each request in its own. What the owner wrote may know one only.
        ``writers()`` are the skills for one who writes, in a talk of their own.
        """
        self.book, self._held, self._writers = book, held, writers
        self._talks: OrderedDict[str, Skills] = OrderedDict()
        self._skills, self._context, self._owned = skills, context, own

    @property
    def shelf(self) -> owned.Shelf:
        """What the owner has added."""
        return self._owned.shelf if self._owned else owned.Shelf()

    def find(self, text: str) -> Request | None:
        """Return what a skill may answer; None: it is for the language model."""
        found = self.book.match(text)
        if not found or found.intent not in self._skills:
            return None
        held = self._held() if found.intent in SKILLS else ""
        return replace(found, language=held) if held else found

    def intent(self, text: str) -> str:
        """Return the intent of the skill that may answer `text`; empty: none may."""
        found = self.find(text)
        return found.intent if found else ""

    def known(self, text: str) -> Known | None:
        """Return what the skill for `text` says and does."""
        if not (request := self.find(text)) or not (answer := self.answer(request)):
            return None
        return Known(
            answer.text,
            partial(self.act, request, answer) if answer.act else None,
            SURE if request.whole else None,
            "skill",
            {"intent": request.intent} | ({"asks": answer.lacks.slot} if answer.lacks else {}),
        )

    def written(self, text: str, talk: str) -> Known | None:
        """Return as `known`, of the skills for those who write: each talk has its own questions."""
        if self._writers is None:
            return None
        skills = self._talks.pop(talk, None) or self._writers()
        self._talks[talk] = skills
        if len(self._talks) > MOST_TALKS:
            self._talks.popitem(last=False)
        return skills.known(text)

    def whole(self, text: str) -> float:
        """Return `SURE` for the sentence of a skill that does not end in free words."""
        found = self.find(text)
        return SURE if found and found.whole else 0.0

    def answer(self, request: Request) -> Answer | None:
        """Return the skill's answer; None: it does not take it after all. Never raises."""
        try:
            return self._skills[request.intent](request, self._context)
        except AssistantError as error:
            return Answer(str(error))
        except Exception:
            log.exception("the skill `%s` failed", request.intent)
            return Answer(FAILED[request.language])

    def act(self, request: Request, answer: Answer) -> str:
        """Do what the answer has to do; return what is said about it, empty: nothing."""
        if answer.act is None:
            return ""
        try:
            return answer.act() or ""
        except AssistantError as error:
            return str(error)
        except Exception:
            log.exception("the skill `%s` failed", request.intent)
            return FAILED[request.language]

    def stop(self) -> None:
        """End what runs for an action, and wait for no answer; at once, from any thread."""
        if self._owned:
            self._owned.stop()

    def leave(self) -> None:
        """Wait for no answer; from any thread."""
        if self._owned:
            self._owned.leave()

    def end(self) -> None:
        """End what runs, for good; from any thread."""
        if self._owned:
            self._owned.close()


def make(
    config: Config,
    device: Device,
    alarms: Alarms,
    announce: Callable[[str], None],
    *,
    last: Callable[[], str] = lambda: "",
    held: Callable[[], str] = lambda: "",
) -> Skills:
    """Return the skills of what is spoken, those of the owner before the own ones.

    `announce(text)` speaks what a plug-in has to say later; it is called from any thread. Of
    several languages `last()` was spoken last, and in `held()` all is answered; both may be empty.
    Raises as `check`.
    """
    context = Context(alarms.now, device, random.Random(), alarms)
    check(config)
    own = owned.Owned(
        owned.load(folders(config)),
        store=config.state_dir / PLUGINS,
        announce=announce,
        publish=publisher(config),
    )
    plain = {each: Book.load(each) for each in spoken(config.language)}
    books = {each: own.sentences(book, each) for each, book in plain.items()}
    for book in books.values():
        book.match("")  # hassil reads the sentences at the first one, for which nobody waits yet
    first = leading(config.language)

    def of(which: Mapping[str, Sentences]) -> Sentences:
        return which[first] if len(which) == 1 else Tongues(which, lambda: last() or first)

    # Nobody far away opens the owner's gate, or answers a question that was asked aloud.
    quiet = {intent: skill for intent, skill in SKILLS.items() if intent not in ALOUD}

    def writers() -> Skills:
        asking = Asking(Questions(time.monotonic))
        found = {each: asking.sentences([book], each) for each, book in plain.items()}
        return Skills(of(found), asking.skills(quiet), context)

    return Skills(of(books), own.skills(SKILLS), context, own, held, writers)


def folders(config: Config) -> list[Path]:
    """Return where the owner's actions and plug-ins are. Raises `BadInput`: not there."""
    if not config.skills.folder:
        return []
    folder = Path(config.skills.folder).expanduser()
    if not folder.is_dir():
        raise BadInput(
            "`skills.folder` is {folder!r}; there is no such folder.", folder=config.skills.folder
        )
    return [folder]


def check(config: Config) -> owned.Shelf:
    """Return the owner's actions; nothing is run, no plug-in imported.

    Raises `BadInput` for what is wrong in a file, with line and column, and for a message to a
    broker where the settings name none.
    """
    shelf = owned.load(folders(config), code=False)
    for file in shelf.files:
        for name, each in file.actions.items():
            if each.mqtt and not config.mqtt.host:
                raise BadInput(
                    "{path}: `actions.{name}.mqtt` has no broker; set `mqtt.host`.",
                    path=file.path,
                    name=name,
                )
    return shelf


def explain(config: Config) -> str:
    """Say what the owner has added, and where. Raises as `check`."""
    actions = sum(len(file.actions) for file in check(config).files)
    added = folders(config)
    if not added:
        return "the assistant's own; `skills.folder` may name a folder of yours"
    plugins = sum(path.suffix == ".py" for path in added[0].iterdir())
    return f"the assistant's own, and from {added[0]}: {actions} actions, {plugins} Python files"


def publisher(config: Config) -> Callable[[str, str, bool, float], None]:
    """Return what publishes at the broker of `[mqtt]`: topic, payload, retained or not, within s.

    Raises `AssistantError` when called, for a broker that cannot be used.
    """

    def publish(topic: str, payload: str, retain: bool, seconds: float) -> None:
        from assistant.serve.mqtt import broker

        broker.need()
        from assistant.serve.mqtt import once

        once.publish(broker.of(config), topic, payload, retain, seconds)

    return publish
