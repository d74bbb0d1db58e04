"""Holds back what a model may not say, in an answer that comes in pieces.

The text is judged character by character, so that what comes out does not depend on where it was
cut. Only what may be the beginning of something forbidden waits, for as long as it may be.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from enum import Enum
from typing import Protocol

KEPT = 2000
"""Characters of the answer so far that tell what is meant by the next ones."""
OPEN_ENDS = ".!?。！？…:：\n"
"""Signs after which a sentence may begin."""
BROKEN = {"en": " … ", "zh": "……"}
"""What stands between half a sentence and what is said instead of its other half."""


class Verdict(Enum):
    """What a beginning is."""

    PASS = "pass"
    """Nothing begins at its first character."""
    HOLD = "hold"
    """What follows will tell."""
    STOP = "stop"
    """It is forbidden."""


class Judge(Protocol):
    """Knows one kind of what may not be said. Pure."""

    topic: str
    """What the timeline calls it."""
    say: str
    """What is said instead."""

    def judge(self, before: str, held: str, *, last: bool) -> Verdict:
        """Judge what begins with the first character of `held`; `before` has been let through.

        With `last` nothing follows, and the verdict is not `HOLD`.
        """


class Sieve:
    """One answer, fed in pieces."""

    def __init__(self, judges: Sequence[Judge], language: str) -> None:
        """`language` is that of what is said instead."""
        self._judges, self._language = judges, language
        self._before = self._held = ""
        self.topic = ""
        """Of what was forbidden; empty: nothing was. The answer has ended then."""

    def feed(self, piece: str) -> str:
        """Return what may be said now; nothing more once there is a `topic`."""
        out = ""
        for character in piece:
            if self.topic:
                break
            self._held += character
            out += self._settle(last=False)
        return out

    def end(self) -> str:
        """Return what may be said of the rest."""
        return "" if self.topic else self._settle(last=True)

    def over(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yield `pieces` as far as they may be said; they are closed where they may not.

        An empty piece, which is a sign of life, stays one.
        """
        source = pieces if isinstance(pieces, Generator) else (piece for piece in pieces)
        with closing(source):
            for piece in source:
                if (out := self.feed(piece)) or not piece:
                    yield out
                if self.topic:
                    return
        if out := self.end():
            yield out

    def _settle(self, *, last: bool) -> str:
        """Let through what is no beginning of anything."""
        out = ""
        while self._held:
            verdicts = [
                (judge, judge.judge(self._before, self._held, last=last)) for judge in self._judges
            ]
            for judge, verdict in verdicts:
                if verdict is Verdict.STOP:
                    return out + self._instead(judge)
            if any(verdict is Verdict.HOLD for _, verdict in verdicts):
                break
            out += self._held[0]
            self._before = (self._before + self._held[0])[-KEPT:]
            self._held = self._held[1:]
        return out

    def _instead(self, judge: Judge) -> str:
        """Return what is said instead of the rest."""
        self.topic, self._held = judge.topic, ""
        said = self._before.rstrip()
        if not said or said[-1] in OPEN_ENDS:
            gap = "" if said != self._before or not said or self._language == "zh" else " "
        else:
            gap = BROKEN[self._language]
            gap = gap if said == self._before else gap.lstrip()
        return gap + judge.say
