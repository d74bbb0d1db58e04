"""Finds the topic that a text is about. Pure, and quick enough for every partial result."""

from collections.abc import Iterable

from assistant.mind.guard.patterns import Pattern
from assistant.mind.guard.topics import Topic, Written


class Finder:
    """The topics of one language; may be used from any thread."""

    def __init__(self, language: str, topics: Iterable[Topic]) -> None:
        """`topics` are looked for in their order: the first that fits is the one."""
        self._spaced = language == "en"
        # Nearly all patterns need a word that is not there, and so are not even looked at.
        self._index: dict[str, list[tuple[str, int]]] = {}
        self._patterns: list[tuple[Topic, Pattern]] = []
        self._harmless: dict[str, list[Pattern]] = {}
        for topic in topics:
            self._harmless[topic.name] = _read(topic.harmless)
            for pattern in _read(topic.patterns):
                for need in pattern.needs:
                    key = need if self._spaced else need[0]
                    self._index.setdefault(key, []).append((need, len(self._patterns)))
                self._patterns.append((topic, pattern))

    def find(self, text: str) -> Topic | None:
        """Return the topic of `text`, which is clean; None: of none."""
        parts = set(text.split() if self._spaced else text)
        likely = {
            number
            for part in parts
            for need, number in self._index.get(part, ())
            if self._spaced or need in text
        }
        for number in sorted(likely):
            topic, pattern = self._patterns[number]
            if pattern.expression.search(text) and not _fits(self._harmless[topic.name], text):
                return topic
        return None


def _read(written: Written) -> list[Pattern]:
    return [grammar.pattern(text) for grammar, text in written]


def _fits(patterns: Iterable[Pattern], text: str) -> bool:
    return any(
        any(need in text for need in pattern.needs) and pattern.expression.search(text)
        for pattern in patterns
    )
