"""The guard: what is answered before anything else knows of it, and what the model may not say."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.config import Config
from assistant.config import Guard as Settings
from assistant.errors import BadInput
from assistant.language import LANGUAGES, of, spoken
from assistant.mind.guard import topics
from assistant.mind.guard.doses import Doses, Vocabulary
from assistant.mind.guard.finding import Finder
from assistant.mind.guard.stream import Judge, Sieve
from assistant.mind.guard.topics import LEVELS, NUMBER, Shelf, Topic
from assistant.mind.guard.words import Words
from assistant.mind.guard.written import clean, has_han
from assistant.mind.known import Known, Source

OWNED = ("action.", "plugin.")
"""How the intents begin of what an owner has added."""
SURE = 0.95
"""The probability that a call for help is whole: nobody shall have to wait for the end of it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said instead of an answer."""

    topic: str
    text: str
    urgent: bool = False
    """An emergency."""


class Guard:
    """Pure, and so for any thread."""

    def __init__(
        self, shelves: Sequence[Shelf], settings: Settings, languages: Sequence[str]
    ) -> None:
        """`languages` are spoken; what is said of words that are in none is in the first."""
        self._settings, self._language = settings, languages[0]
        self._topics = {shelf.language: _chosen(shelf, settings) for shelf in shelves}
        # The other language's patterns are read when it is heard or written for the first time.
        self._finder = functools.cache(self._make_finder)
        for each in languages:
            self._finder(each)
        self._vocabulary = Vocabulary(shelves)
        self._never = [phrase for shelf in shelves for phrase in shelf.never_say]

    def refusal(self, text: str) -> Refusal | None:
        """Return what is said instead of an answer to `text`; None: it may be answered."""
        words = clean(text)
        for language in ("zh", "en") if has_han(words) else ("en",):
            if topic := self._finder(language).find(words):
                return Refusal(topic.name, self._said(topic), topic.urgent)
        return None

    def sieve(self, question: str) -> Sieve:
        """Return what the answer of a model to `question` has to go through."""
        language = of(question, self._language)
        chosen = self._topics[language]
        judges: list[Judge] = []
        if Doses.topic in chosen:
            judges.append(Doses(self._vocabulary, question, self._said(chosen[Doses.topic])))
        if Words.topic in chosen:
            judges.append(Words(self._never, self._said(chosen[Words.topic])))
        return Sieve(judges, language)

    def _make_finder(self, language: str) -> Finder:
        chosen = self._topics[language].values()
        return Finder(language, sorted(chosen, key=lambda topic: not topic.urgent))

    def _said(self, topic: Topic) -> str:
        if topic.urgent and self._settings.emergency_text:
            return self._settings.emergency_text
        own = self._settings.emergency if topic.urgent else self._settings.helpline
        return topic.say.replace(NUMBER, spelled(own or topic.number))


class Guarded(Source):
    """Answers what the guard refuses."""

    def __init__(self, guard: Guard, taken: Callable[[str], str] | None) -> None:
        """``taken(text)`` is the intent of the skill that takes `text`, empty where none does."""
        self._guard, self._taken = guard, taken or (lambda _: "")

    def known(self, text: str) -> Known | None:
        """Return the kind sentence, where `text` is refused and no skill is meant."""
        found = self._guard.refusal(text)
        if found is None or self._taken(text).startswith(OWNED) or self._harmless(text, found):
            return None
        whole = SURE if found.urgent else None
        return Known(found.text, whole=whole, stage="guard", data={"topic": found.topic})

    def written(self, text: str, talk: str) -> Known | None:
        """Return as `known`; the owner's actions are not for those who write."""
        found = self._guard.refusal(text)
        return None if found is None or self._harmless(text, found) else Known(found.text)

    def whole(self, text: str) -> float:
        """Return `SURE` for a call for help."""
        found = self.known(text)
        return (found.whole or 0.0) if found else 0.0

    def _harmless(self, text: str, found: Refusal) -> bool:
        """Whether a skill of the assistant's own is meant, such as a reminder.

        Who speaks of death is not given a reminder of it. An open question of a skill waits.
        """
        intent = self._taken(text)
        return bool(intent) and "." not in intent and found.topic != "self_harm"


def make(config: Config) -> Guard | None:
    """Return the guard that the settings ask for; None: none.

    Raises `BadInput` for a file that is wrong, with line and column, and for a topic that is not.
    """
    settings = config.guard
    if not settings.enabled:
        return None
    shelves = {language: topics.own(language) for language in LANGUAGES}
    for name in settings.files:
        shelf = topics.load(Path(name).expanduser())
        shelves[shelf.language] = shelves[shelf.language].more(shelf)
    known = sorted({name for shelf in shelves.values() for name in shelf.topics})
    if unknown := next((name for name in settings.topics if name not in known), None):
        raise BadInput(
            "`guard.topics` has {unknown!r}; there is: {known}.",
            unknown=unknown,
            known=", ".join(known),
        )
    return Guard(list(shelves.values()), settings, spoken(config.language))


def spelled(number: str) -> str:
    """Return a telephone number as it is said, digit by digit: "116 123" is "1 1 6, 1 2 3"."""
    if not number.replace(" ", "").isdigit():
        return number
    return ", ".join(" ".join(group) for group in number.split())


def _chosen(shelf: Shelf, settings: Settings) -> Mapping[str, Topic]:
    if settings.topics:
        return {name: each for name, each in shelf.topics.items() if name in settings.topics}
    strict = LEVELS.index(settings.level)
    return {n: each for n, each in shelf.topics.items() if LEVELS.index(each.level) <= strict}
