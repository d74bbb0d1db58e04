"""An owner with a folder of actions and plug-ins, whom the tests let speak."""

import logging
from pathlib import Path

from assistant.mind.skills import owned
from assistant.mind.skills.skill import Request


class Clock:
    """A clock that the tests turn."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class FakePins:
    """A fake board: remembers what was switched."""

    def __init__(self):
        self.switched = []

    def switch(self, chip, line, on):
        self.switched.append((chip, line, on))

    def pulse(self, chip, line, on, seconds):
        self.switched.append((chip, line, on, seconds))


class FakeOwn:
    """The assistant's own sentences: this is a fake that knows two."""

    def match(self, text):
        return self.explain(text).request

    def explain(self, text, *, near=True):
        from assistant.mind.skills.book import Explained

        intents = {"现在几点": "time_now", "停下来": "stop"}
        known = Request(intents[text], text, "zh") if text in intents else None
        return Explained(text, known, "")


class Owner:
    """Everything of `folder`, as it is when the assistant runs."""

    def __init__(self, folder: Path, language="zh", own=None, publish=None):
        from assistant.mind.skills.skill import Answer

        self.clock, self.pins = Clock(), FakePins()
        self.announced, self.published = [], []
        self.shelf = owned.load([folder])
        self.owned = owned.Owned(
            self.shelf,
            store=folder / "kept",
            announce=self.announced.append,
            publish=publish or (lambda *what: self.published.append(what)),
            pins=self.pins,
            clock=self.clock,
        )
        self.skills = self.owned.skills(
            {
                "time_now": lambda request, context: Answer("三点。"),
                "stop": lambda request, context: Answer(),
            }
        )
        self.sentences = self.owned.sentences(own or FakeOwn(), language)

    def says(self, text, *, released=True):
        """Say `text`; return what is answered, or None: it is for the language model."""
        if (request := self.sentences.match(text)) is None:
            return None
        answer = self.skills[request.intent](request, None)
        done = answer.act() if released and answer.act else ""
        return " ".join(each for each in (answer.text, done) if each)


def quiet(caplog):
    """Return the lines of the log that are errors."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
