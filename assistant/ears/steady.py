"""A recogniser that comes back: what was said until it failed is heard again by the next one."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from assistant.audio.frames import RATE, Pcm
from assistant.ears.recogniser import Recogniser, Transcript, Weighing
from assistant.errors import AssistantError
from assistant.fitness import Fitness
from assistant.worker import sign

log = logging.getLogger(__name__)

LOAD_S = 120.0
"""Loading from a slow card may take so long without a sign of life."""
KEPT_S = 60.0
"""Seconds of an utterance that are kept to be heard again (2 MB); longer ones are not."""
MOST_LETTERS = 4000
"""Nobody says more in one turn."""
T = TypeVar("T")


class SteadyRecogniser:
    """A `Recogniser` in front of one that may fail; on its thread.

    After a failure it is made anew, and hears the utterance again: once in each, then it is raised.
    After three failures in a row another one that is installed hears, if there is one.
    """

    def __init__(
        self,
        make: Callable[[], Recogniser],
        make_other: Callable[[], Recogniser | None],
        fitness: Fitness,
    ) -> None:
        """Make the recogniser. `make_other()` makes the one that stands in; None: there is none."""
        self._make, self._make_other, self._fitness = make, make_other, fitness
        self._inner: Recogniser | None = None
        self._stands_in = False
        self._sound: list[Pcm] = []  # of the utterance, to be heard again
        self._kept = 0
        self._again = True
        self._lost = False  # the utterance, until the next one begins
        first = self._now()
        self.name, self.streaming = first.name, first.streaming

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        if self._stands_in and not self._fitness.resting:
            self._close()
        self._sound, self._kept, self._again, self._lost = [], 0, True, False
        self._do(lambda inner: inner.start())

    def feed(self, pcm: Pcm) -> str | None:
        """Take samples; return the partial if it changed."""
        partial = self._do(lambda inner: inner.feed(pcm))
        self._keep(pcm)
        return None if partial is None else written(partial)

    def settle(self) -> str:
        """Return the text of all that was fed, and go on with the utterance."""
        text = written(self._do(lambda inner: inner.settle()))
        self._worked()
        return text

    def finish(self) -> Transcript:
        """End the utterance and return its text."""
        said = self._do(lambda inner: inner.finish())
        self._sound = []
        self._worked()
        return replace(said, text=written(said.text))

    def nearest(self, phrases: Sequence[str], skip: float = 0.0) -> tuple[str, float] | None:
        """Return the most likely of the phrases; see `Weighing`. None where it cannot tell."""
        inner = self._inner
        return inner.nearest(phrases, skip) if isinstance(inner, Weighing) else None

    def close(self) -> None:
        """Free the model."""
        if self._inner:
            self._inner.close()
        self._inner = None

    def renew(self) -> None:
        """It hangs on another thread, which nobody may touch: make a new one when it is needed."""
        self._inner = None
        self._lost = True

    def _now(self) -> Recogniser:
        """Return what hears now, made anew where it failed."""
        if self._inner is None:
            sign(LOAD_S)
            other = self._make_other() if self._fitness.resting else None
            self._inner, self._stands_in = other or self._make(), other is not None
            sign()
        return self._inner

    def _do(self, act: Callable[[Recogniser], T]) -> T:
        if self._lost:
            raise AssistantError("what was said is lost; the recogniser failed.")
        try:
            return _written(act(self._now()))
        except Exception as error:
            self._drop(error)
            self._lost = not self._again
            if self._lost:
                raise
            log.warning("speech recognition: %s It hears the utterance again.", error)
        self._again = False
        try:
            inner = self._now()
            inner.start()
            for pcm in self._sound:
                inner.feed(pcm)
            return _written(act(inner))
        except Exception as error:
            self._drop(error)
            self._lost = True
            raise

    def _keep(self, pcm: Pcm) -> None:
        self._kept += len(pcm)
        if self._kept > KEPT_S * RATE:
            self._sound, self._again = [], False
        elif self._again:
            self._sound.append(pcm)

    def _worked(self) -> None:
        if not self._stands_in:
            self._fitness.worked()

    def _drop(self, error: Exception) -> None:
        self._fitness.failed(str(error) or type(error).__name__)
        self._close()

    def _close(self) -> None:
        inner, self._inner = self._inner, None
        if inner:
            try:
                inner.close()
            except Exception as error:
                log.warning("the recogniser cannot be closed: %s", error)


def _written(heard: T) -> T:
    """Return what a recogniser gave; raises for what is neither text nor nothing."""
    text = heard.text if isinstance(heard, Transcript) else heard
    if text is not None and not isinstance(text, str):
        raise AssistantError(
            "the recogniser gave {kind} in place of text.", kind=type(text).__name__
        )
    return heard


def written(text: str) -> str:
    """Return `text` without what cannot be written, and not endless."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text).strip()
    return text[:MOST_LETTERS]
