"""Answers from the owner's documents: decides whether they fit, and says what stands there.

The language model is not asked: the small one had the fact in 9 of 35 answers from the right
passage, where the two nearest sentences have it in 83 to 95 of 100. And what a document tells the
assistant to do reaches nobody who could do it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import BadInput
from assistant.mind.knowledge.asking import lacks, of_the_house
from assistant.mind.knowledge.finding import Finder, Found
from assistant.mind.knowledge.meaning import E5, Meaning
from assistant.mind.knowledge.passages import sentences
from assistant.mind.knowledge.store import Store
from assistant.mind.knowledge.words import chinese
from assistant.mind.known import Known, Source

log = logging.getLogger(__name__)

FILE = "knowledge.sqlite"
FITS = 0.4
"""The probability from which a passage is taken for an answer (docs/knowledge.md has others)."""
ABOUT = {"en": 0.058, "zh": 0.047}
"""From this nearness on a question is about the documents: below are 92 of 100 questions of general
knowledge, above 71 of 100 that documents leave open (benchmarks/knowledge, development)."""
PASSAGES = 2
"""How many passages are looked at."""
SAID = 2
"""Sentences of the passage that are said: with one, the fact is in a sixth fewer answers."""
OFFERED = 0.02
"""How much nearer a sentence counts that has what is asked for, a time or a price: the fact is in
one answer more of 100 (development)."""
VERBATIM = 0.93
"""From this cosine on two questions ask the same."""
SOURCE = {"en": "From the {name}: ", "zh": "{name}里说："}
UNKNOWN = {
    "en": "I don't know; my documents say nothing about that.",
    "zh": "我不知道，我的资料里没有提到这个。",
}


@dataclass(frozen=True, slots=True)
class Grounding:
    """What the documents have to say to a question."""

    kind: Literal["verbatim", "passage", "unknown"]
    text: str
    """What is said, word for word."""
    found: tuple[Found, ...] = ()
    source: str = ""
    """How `text` begins where it names its document."""


class Knowledge:
    """The documents, as the mind sees them; used by the thread that made it."""

    def __init__(self, store: Store, meaning: Meaning) -> None:
        self._store, self._meaning = store, meaning
        self.finder = Finder(store, meaning)

    def ground(
        self, question: str, *, always: bool = False, language: str = ""
    ) -> Grounding | None:
        """Return what is said to a question, None: the documents are not about it.

        With `always` they are. What is said of them is in `language`; empty: that of the question.
        """
        language = language or ("zh" if chinese(question) else "en")
        found = self.finder.find(question, PASSAGES)
        if found and (answer := self._verbatim(question, found)):
            return Grounding("verbatim", answer.row.answer, found=(answer,))
        if not found or found[0].fits < FITS:
            asked = ABOUT["zh" if chinese(question) else "en"]
            about = always or (bool(found) and (found[0].about >= asked or of_the_house(question)))
            return Grounding("unknown", UNKNOWN[language], found=tuple(found)) if about else None
        best = found[0]
        source = SOURCE[language].format(name=best.row.name)
        text = best.row.answer or _nearest(best)
        return Grounding("passage", source + text, found=(best,), source=source)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _verbatim(self, question: str, found: list[Found]) -> Found | None:
        """Return the frequently asked question that this one is."""
        if not (asked := [each for each in found if each.row.answer]):
            return None
        own, *others = self._meaning.query([question, *(each.row.text for each in asked)])
        for each, other in zip(asked, others, strict=True):
            if float(own @ other) >= VERBATIM or _bare(question) == _bare(each.row.text):
                return each
        return None


def make(folder: Path) -> Knowledge:
    """Open the documents that are kept in `folder`. Raises `BadInput`, `EngineMissing`."""
    return Knowledge(Store(folder / FILE), E5())


def _nearest(found: Found) -> str:
    """Return the sentences of a passage that are nearest to the question, in their order."""
    every = sentences(found.row.text)
    if len(every) > SAID and len(every) == len(found.sentences):
        worth = [
            near + OFFERED * (not lacks(found.asks, each))
            for near, each in zip(found.sentences, every, strict=True)
        ]
        order = sorted(range(len(every)), key=lambda at: -worth[at])
        every = [every[at] for at in sorted(order[:SAID])]
    return ("" if chinese(found.row.text) else " ").join(every)


def _bare(question: str) -> str:
    return "".join(each for each in question.casefold() if each.isalnum())


class Documents(Source):
    """The documents in a folder, opened as soon as there are some; used by one thread."""

    def __init__(self, folder: Path, held: Callable[[], str] = lambda: "") -> None:
        """`held()` is the language in which all is answered; empty: that of the question."""
        self._folder, self._held = folder, held
        self._open: Knowledge | None = None
        self._unusable = False
        self._sources: set[str] = set()
        self._look()

    def known(self, text: str) -> Known | None:
        """Return what the documents say to a question; None as well where there are none."""
        self._look()
        if not self._open or not (found := self._open.ground(text, language=self._held())):
            return None
        if found.source:
            self._sources.add(found.source)
        names = ", ".join(each.row.name for each in found.found)
        return Known(found.text, stage="documents", data={"kind": found.kind, "names": names})

    def kept(self, heard: str) -> str:
        """Return an answer without its source: the model began its own inventions like that."""
        named = (each for each in self._sources if heard.startswith(each))
        return heard.removeprefix(next(named, ""))

    def _look(self) -> None:
        if self._open or self._unusable or not (self._folder / FILE).exists():
            return
        try:
            self._open = make(self._folder)
        except BadInput as error:  # once: it does not get better by itself
            log.warning("the documents are not used: %s", error)
            self._unusable = True

    def close(self) -> None:
        """Close the store."""
        if self._open:
            self._open.close()
