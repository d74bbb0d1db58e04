"""All skills of a language: which one takes a text, and what it answers."""

import logging
import random
from collections.abc import Mapping

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.mind.skills.alarms import Alarms
from assistant.mind.skills.book import Book
from assistant.mind.skills.registry import SKILLS
from assistant.mind.skills.skill import Answer, Context, Device, Request, Skill

log = logging.getLogger(__name__)

FAILED = {"en": "Sorry, that did not work.", "zh": "抱歉，这个没做成。"}


class Skills:
    """A book of sentences, and who answers them; from one thread at a time."""

    def __init__(self, book: Book, skills: Mapping[str, Skill], context: Context) -> None:
        """`skills` are by intent; a sentence whose intent nobody answers is not taken."""
        self.book = book
        self._skills, self._context = skills, context

    def find(self, text: str) -> Request | None:
        """Return what a skill may answer; None: it is for the language model."""
        found = self.book.match(text)
        return found if found and found.intent in self._skills else None

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


def make(config: Config, device: Device, alarms: Alarms) -> Skills:
    """Return the skills of the language that is spoken."""
    context = Context(alarms.now, device, random.Random(), alarms)
    return Skills(Book.load(config.language), SKILLS, context)
