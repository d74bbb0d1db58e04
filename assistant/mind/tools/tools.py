"""Answers requests that no sentence of a skill matches, with the skill that they mean."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import language
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.mind.known import Known, Source
from assistant.mind.model import LanguageModel
from assistant.mind.skills.owned import Shelf
from assistant.mind.skills.skill import Request
from assistant.mind.tools import added
from assistant.mind.tools.choosing import Nearest
from assistant.mind.tools.deciding import Decider, How
from assistant.mind.tools.tool import Catalogue, own

if TYPE_CHECKING:
    from assistant.mind.knowledge.meaning import Meaning
    from assistant.mind.model import GuestModel
    from assistant.mind.skills.skills import Skills

log = logging.getLogger(__name__)


class Tools(Source):
    """Chooses among the skills; from the mind's thread."""

    def __init__(
        self,
        deciders: Mapping[str, Decider],
        skills: "Skills",
        threshold: float,
        how: How,
        last: Callable[[], str] = lambda: "",
    ) -> None:
        """`deciders` are by language; `last()` is the one spoken last, where a text is in none.

        Where a request is not nearer by `threshold` to a tool than to what asks for none, the model
        is not asked.
        """
        self._deciders, self._skills = deciders, skills
        self._threshold, self._how, self._last = threshold, how, last
        self._models: dict[str, GuestModel] = {}
        self._dropped: Callable[[], bool] = lambda: False
        self._chosen: tuple[str, Request | None] = ("", None)

    def meet(self, model: LanguageModel, dropped: Callable[[], bool]) -> None:
        """Talk with `model`, for each language in a memory of its own, where its tools stay read.

        `dropped()`: nobody waits any more.
        """
        self._dropped = dropped
        try:
            for each, decider in self._deciders.items():
                self._models[each] = model.beside()
                self._models[each].warm([decider.system], dropped)
        except AssistantError as error:
            log.warning("no tools are chosen: %s", error)
            self.close()

    def known(self, text: str) -> Known | None:
        """Return what the skill says that is chosen for `text`."""
        request = self._request(text)
        if not request or not (answer := self._skills.answer(request)):
            return None
        act = partial(self._skills.act, request, answer)
        return Known(answer.text, act, None, "tool", {"intent": request.intent})

    def written(self, text: str, talk: str) -> Known | None:
        """Return None: those who write ask the model, and the owner's actions are not for them."""
        return None

    def close(self) -> None:
        """Free the memory of the talks with the model."""
        while self._models:
            self._models.popitem()[1].close()

    def _request(self, text: str) -> Request | None:
        if text != self._chosen[0]:
            try:
                chosen = self._choose(text)
            except AssistantError as error:
                log.warning("no tool can be chosen: %s", error)
                chosen = None
            if self._dropped():  # the model was interrupted: it has not said none
                return None
            self._chosen = text, chosen
        return self._chosen[1]

    def _choose(self, text: str) -> Request | None:
        spoken = language.among(tuple(self._deciders), text, self._last())
        if spoken not in self._models:
            return None
        found = self._deciders[spoken].candidates(text)
        if found.margin < self._threshold:
            return None
        model = self._models[spoken]
        return self._deciders[spoken].decide(found, self._how, model, self._dropped)


def make(config: Config, skills: "Skills", last: Callable[[], str] = lambda: "") -> Tools:
    """Return what chooses among `skills`, the owner's too.

    Raises `EngineMissing` without the package that tells what a sentence means.
    """
    from assistant.mind.knowledge.meaning import E5

    spoken = language.spoken(config.language)
    deciders = deciding(spoken, E5(), config.cache_dir, skills.shelf)
    settings = config.tools
    return Tools(deciders, skills, settings.threshold, settings.choose, lambda: last() or spoken[0])


def deciding(
    languages: Sequence[str], meaning: "Meaning", cache: Path | None, shelf: Shelf | None = None
) -> dict[str, Decider]:
    """Return who decides in each of `languages`; the vectors of examples are kept in `cache`."""
    deciders = {}
    for each in languages:
        known = own(each)
        more = added.tools(shelf, each) if shelf else []
        catalogue = Catalogue([*known.tools, *more], known.others)
        deciders[each] = Decider(catalogue, Nearest(catalogue, meaning, cache), each)
    return deciders
