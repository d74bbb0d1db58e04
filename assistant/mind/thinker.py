"""Turns questions into a stream of text, on the one thread that owns the language model."""

import time
from collections import OrderedDict
from collections.abc import Callable

from assistant.errors import AssistantError
from assistant.mind import prompt
from assistant.mind.history import History
from assistant.mind.model import LanguageModel
from assistant.trace import Trace
from assistant.worker import Worker

PENDING = 8
"""Questions whose fate (heard or not) may still come; more than a few are never open."""


class Thinker:
    """The mind as the daemon sees it.

    `on_text(turn, piece)` and `on_end(turn, text)` are called on the model's thread while the
    reply comes; `on_failed(turn, error)` instead of `on_end` when the engine fails.
    """

    def __init__(
        self,
        make_model: Callable[[], LanguageModel],
        *,
        system: str,
        history_tokens: int,
        trace: Trace,
        on_text: Callable[[int, str], None],
        on_end: Callable[[int, str], None],
        on_failed: Callable[[int, AssistantError], None],
    ) -> None:
        self._make_model = make_model
        self._system = system
        self._history_tokens = history_tokens
        self._trace = trace
        self._on_text, self._on_end = on_text, on_end
        self._worker = Worker("mind", on_failed)
        self._dead = -1  # every turn up to this one is cancelled; one int, so no lock is needed
        self._pending: OrderedDict[int, str] = OrderedDict()
        self._model: LanguageModel
        self._history: History

    def load(self, done: Callable[[], None]) -> None:
        """Make the model and prefill the system prompt, then call `done`, all on its thread."""

        def job() -> None:
            self._model = self._make_model()
            self._history = History(self._history_tokens, self._model.count)
            self._model.warm(prompt.messages(self._system, self._history, ""))
            done()

        self._worker.post(job, 0)

    def think(self, turn: int, text: str) -> None:
        """Answer `text`."""
        self._worker.post(lambda: self._answer(turn, text), turn)

    def cancel(self, turn: int) -> None:
        """Stop working for `turn` and all before it, within one token."""
        self._dead = max(self._dead, turn)

    def remember(self, turn: int, heard: str) -> None:
        """Put the turn into the history, with the part of the reply that was heard."""

        def job() -> None:
            if (question := self._pending.pop(turn, None)) is not None:
                self._history.append(question, heard)

        self._worker.post(job, turn)

    def forget(self) -> None:
        """Begin a new conversation; a turn whose fate is still open belongs to the old one."""

        def job() -> None:
            self._pending.clear()
            self._history.clear()

        self._worker.post(job)

    def transcript(self, done: Callable[[list[tuple[str, str]]], None]) -> None:
        """Call `done` with the history as (role, text) pairs, on the model's thread."""
        self._worker.post(lambda: done([(m.role, m.text) for m in self._history.messages()]))

    def stop(self) -> bool:
        """End; return whether the thread ended in time."""
        self._dead = 1 << 62
        self._worker.post(lambda: self._model.close() if hasattr(self, "_model") else None)
        return self._worker.stop()

    def _answer(self, turn: int, text: str) -> None:
        def cancelled() -> bool:
            return turn <= self._dead

        if cancelled():
            return
        self._pending[turn] = text
        while len(self._pending) > PENDING:
            self._pending.popitem(last=False)
        pieces: list[str] = []
        self._trace.mark(turn, "think", time.monotonic())
        for piece in self._model.reply(
            prompt.messages(self._system, self._history, text), cancelled
        ):
            if not pieces:
                usage = self._model.usage
                self._trace.mark(
                    turn,
                    "first_token",
                    time.monotonic(),
                    prompt_tokens=usage.prompt_tokens,
                    cached_tokens=usage.cached_tokens,
                )
            if cancelled():
                return
            pieces.append(piece)
            self._on_text(turn, piece)
        if cancelled():
            return
        usage = self._model.usage
        self._trace.mark(turn, "reply_end", time.monotonic(), reply_tokens=usage.reply_tokens)
        self._on_end(turn, "".join(pieces))
