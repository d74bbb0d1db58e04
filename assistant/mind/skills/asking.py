"""Asking back: what was asked is open until the next turn answers it, declines, or wants another
thing. For what owners have confirmed as for what the assistant's own requests lack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from assistant.mind.skills import replies
from assistant.mind.skills.book import Explained
from assistant.mind.skills.pending import (
    ANSWERED,
    DECLINED,
    LEFT,
    UNCLEAR,
    Pending,
    Questions,
    is_yes,
)
from assistant.mind.skills.skill import Answer, Context, Lacking, Request, Skill

STOP = "stop"
"""The assistant's own intent that ends whatever runs, and all that was asked."""
PARDON = {"en": "I did not get that.", "zh": "我没听明白。"}


class Sentences(Protocol):
    """What finds sentences: a book, or several behind each other."""

    def match(self, text: str) -> Request | None:
        """Return what `text` asks for; None: nothing."""

    def explain(self, text: str, *, near: bool = True) -> Explained:
        """Return what `match` does, and why."""


class Asking:
    """The questions of one talk: between the sentences and the skills that answer them."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def sentences(self, books: Sequence[Sentences], language: str) -> Sentences:
        """Return what finds the sentences of the first book, and then those of the others.

        The last one is that of the assistant's own.
        """
        return Behind(self._questions, language, books)

    def skills(self, found: Mapping[str, Skill]) -> dict[str, Skill]:
        """Return the skills by intent, and those of the intents that answer a question."""
        asking = {name: self._asking(each) for name, each in found.items()}
        own = {ANSWERED: self._answered, DECLINED: self._declined, UNCLEAR: self._unclear}
        # Where there is nothing to stop, that is still a no.
        return {STOP: self._declined} | asking | own

    def _asking(self, skill: Skill) -> Skill:
        """Return a skill that opens what it asks, and closes what was open before.

        What is asked for otherwise is a no to an open question.
        """

        def asking(request: Request, context: Context) -> Answer | None:
            pending = self._questions.open
            answer = skill(request, context)
            if answer is None and pending and pending.then:
                return self._declined(request, context)
            if answer is None or not (pending or answer.lacks or request.reply):
                return answer

            def act() -> str | None:
                closed = pending is not None and self._questions.close(pending)
                if request.reply and not closed:  # it was answered before, or stopped
                    return None
                said = answer.act() if answer.act else None
                if answer.lacks:
                    self._questions.ask(answer.text, answer.lacks)
                return said

            return replace(answer, act=act)

        return asking

    def _answered(self, request: Request, context: Context) -> Answer | None:
        pending = self._questions.open
        if pending is None or pending.then is None:
            return None
        then = pending.then

        def act() -> str | None:
            return then(request.text) if self._questions.close(pending) else None

        return Answer(act=act)

    def _declined(self, request: Request, context: Context) -> Answer | None:
        pending = self._questions.open
        if pending is None:
            return None

        def act() -> None:
            self._questions.close(pending)

        return Answer(LEFT[request.language], act)

    def _unclear(self, request: Request, context: Context) -> Answer | None:
        pending = self._questions.open
        if pending is None or pending.lacks is None:
            return None
        question, lacks = pending.question, pending.lacks

        def act() -> None:
            if self._questions.close(pending):
                self._questions.ask(question, lacks, again=True)

        gap = "" if request.language == "zh" else " "
        return Answer(f"{PARDON[request.language]}{gap}{question}", act)


class Behind:
    """Books behind each other; before them the question that is open."""

    def __init__(self, questions: Questions, language: str, books: Sequence[Sentences]) -> None:
        self._questions, self._language, self._books = questions, language, books

    def match(self, text: str) -> Request | None:
        """Return what `text` asks for; None: nothing."""
        if pending := self._questions.open:
            return self._answer(text, pending)
        return self._first(text)

    def explain(self, text: str, *, near: bool = True) -> Explained:
        """Return what `match` does, and why."""
        if pending := self._questions.open:
            return Explained(text, self._answer(text, pending), pending.question)
        found = list[Explained]()
        for book in self._books:
            found.append(book.explain(text, near=near))
            if found[-1].request:
                return found[-1]
        return replace(found[-1], near=list(dict.fromkeys(x for each in found for x in each.near)))

    def _first(self, text: str) -> Request | None:
        return next(filter(None, (book.match(text) for book in self._books)), None)

    def _answer(self, text: str, pending: Pending) -> Request | None:
        """Return what `text` is while a question is open."""
        if pending.lacks:
            return self._told(text, pending.lacks, pending.again)
        if pending.any_words or is_yes(text):
            # "Um" may go on with a yes, and a free answer with anything.
            return self._to(ANSWERED, text, whole=not pending.any_words)
        return self._first(text) or self._to(DECLINED, text)

    def _told(self, text: str, lacks: Lacking, again: bool) -> Request | None:
        """Return the request with what it lacked, or what is wanted instead.

        A question of another kind is for whoever knows, and leaves this one open.
        """
        own = self._books[-1].match
        if replies.is_no(text):
            return self._to(DECLINED, text)
        if found := replies.told(lacks, text, own, self._language):
            return found
        if found := self._first(text):
            return replies.joined(lacks, found)
        if replies.is_question(text):
            return None
        if found := replies.told(lacks, text, own, self._language, strictly=False):
            return found
        return self._to(DECLINED if again else UNCLEAR, text)

    def _to(self, intent: str, text: str, *, whole: bool = False) -> Request:
        return Request(intent, text, self._language, whole=whole)
