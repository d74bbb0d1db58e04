"""Help from a larger model: the router, the limits, the record and the connection in one place."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.language import spoken, which
from assistant.mind.model import Message
from assistant.mind.prompt import system_prompt, written_prompt
from assistant.mind.remote.client import Client, find_key
from assistant.mind.remote.either import WORDS, Words
from assistant.mind.remote.errand import Errand
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.mind.remote.ledger import Ledger
from assistant.mind.remote.limits import Breaker, Budget
from assistant.mind.remote.redact import Redaction
from assistant.mind.remote.router import Classifier, Embedding, Route, Router

if TYPE_CHECKING:
    from assistant.mind.remote.wyoming import WyomingClient

log = logging.getLogger(__name__)

MOST_OUT = 4
"""Questions that are out at the same time; one that hangs counts until the network lets it go."""

Source = Literal["voice", "web"]


class Hybrid:
    """Used from several threads."""

    def __init__(
        self,
        config: Config,
        client: "Client | WyomingClient",
        router: Router,
        breaker: Breaker,
        budget: Budget,
        ledger: Ledger,
    ) -> None:
        self.settings = config.remote
        self._language = config.language
        # Never `llm.system_prompt`: what stands there was not written for strangers.
        own = config.remote.system_prompt
        self._systems: dict[Source, str] = {
            "voice": system_prompt(config.language, own),
            "web": written_prompt(config.language, own),
        }
        self._client, self._router = client, router
        self._breaker, self._budget, self._ledger = breaker, budget, ledger
        self._lock = threading.Lock()
        self._out = 0
        self._last: Route | None = None
        self._last_text = ""

    @property
    def host(self) -> str:
        """Where questions go."""
        return self._client.host

    def words(self, question: str, held: str = "") -> Words:
        """Return what is said when the answer to a question is late, or breaks off.

        In the language `held`; empty: in that of the question.
        """
        return WORDS[held or which(self._language, question)]

    def heard(self, answer: str) -> str:
        """Return what was heard of an answer without those words."""
        for language in spoken(self._language):
            answer = WORDS[language].without(answer)
        return answer

    def route(self, text: str) -> Route:
        """Say where a question goes; the last one's answer is remembered."""
        with self._lock:
            if self._last is None or self._last_text != text:
                self._last, self._last_text = self._router.route(text), text
            return self._last

    def begin(self, route: Route, earlier: list[Message], source: Source) -> Errand | None:
        """Send a question with the end of its conversation; None: it may not go out now.

        `earlier` are the messages before it; of their exchanges only as many go along as
        `remote.history` allows, and none that is private.
        """
        redaction = Redaction(self.settings.redact)
        messages = self._messages(route.text, earlier, source, redaction)
        with self._lock:
            if reason := self._hindrance():
                log.info("the question stays here: %s", reason)
                return None
            try:
                self._ledger.write(
                    event="sent",
                    to=self._client.host,
                    model=self.settings.model,
                    source=source,
                    why=route.why,
                    messages=[{"role": each.role, "text": each.text} for each in messages],
                )
                self._budget.spend()
            except (AssistantError, OSError) as error:
                log.warning("the question stays here: %s", error)
                self._breaker.left()
                return None
            self._out += 1
        return Errand(lambda cancelled: self._answer(messages, redaction, cancelled))

    def gave_up(self, errand: Errand) -> None:
        """The first word did not come in time: so much for this errand, and for the server."""
        errand.cancel()
        self._failed(RemoteFailed(Fault.SLOW, f"no word for {self.settings.patience:g} s."))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _hindrance(self) -> str:
        """Return why nothing may go out now; empty: it may, and the breaker is entered."""
        if used_up := self._budget.used_up():
            return f"the budget of the {used_up} is used up"
        if self._out >= MOST_OUT:
            return "too many are out"
        if not self._breaker.enter():
            return "the remote model has failed and is left alone for a while"
        return ""

    def _messages(
        self, text: str, earlier: list[Message], source: Source, redaction: Redaction
    ) -> list[Message]:
        """Return what goes out: a system message of our own, the allowed history, the question."""
        exchanges = [
            (asked, answered)
            for asked, answered in pairwise(earlier)
            if asked.role == "user" and answered.role == "assistant"
        ]
        kept = exchanges[_first(len(exchanges), self.settings.history) :]
        allowed = [
            each
            for exchange in kept
            if not any(self._router.private(each.text) for each in exchange)
            for each in exchange
        ]
        return [
            Message("system", self._systems[source]),
            *(Message(each.role, redaction.hide(each.text)) for each in allowed),
            Message("user", redaction.hide(text)),
        ]

    def _answer(
        self, messages: list[Message], redaction: Redaction, cancelled: Callable[[], bool]
    ) -> Iterator[str]:
        """Yield the answer, on the errand's thread; limits and record learn how it ended."""
        began, size, outcome = time.monotonic(), 0, "cancelled"
        try:
            for piece in redaction.show(self._client.stream(messages, cancelled)):
                size += len(piece)
                yield piece
            outcome = "cancelled" if cancelled() else "whole"
        except RemoteFailed as error:
            outcome = str(error.fault)
            if not cancelled():  # else it is known already, or nobody asked any more
                self._failed(error)
            raise
        except Exception:
            outcome = str(Fault.FAILED)
            self._failed(RemoteFailed(Fault.FAILED, ""))
            raise
        finally:
            with self._lock:
                self._out -= 1
                if outcome == "whole":
                    self._breaker.succeeded()
                elif outcome == "cancelled":
                    self._breaker.left()
            self._note(outcome, size, time.monotonic() - began)

    def _failed(self, error: RemoteFailed) -> None:
        log.warning("the remote model: %s", error)
        with self._lock:
            self._breaker.failed(error.retry_after_s, for_good=error.fault is Fault.REFUSED)

    def _note(self, outcome: str, size: int, seconds: float) -> None:
        try:
            self._ledger.write(
                event="answered", outcome=outcome, characters=size, seconds=round(seconds, 2)
            )
        except AssistantError as error:
            log.warning("%s", error)


def _first(there: int, most: int) -> int:
    """Return the number of the first of `there` exchanges that goes along; at most `most` do.

    They leave in steps, so that what is sent mostly begins as it did before: a server keeps what
    it has read (vLLM's prefix caching, llama.cpp's `cache_prompt`, both on by default) and reads
    the rest.
    """
    step = max(1, most // 2)
    return -(-max(0, there - most) // step) * step


def make(config: Config) -> Hybrid | None:
    """Return the help that the settings name; None: they name none.

    Raises `BadInput` for settings that cannot be used, `EngineMissing` without the packages.
    """
    settings = config.remote
    if not settings.endpoint:
        return None
    budget = Budget(
        settings.per_minute,
        settings.per_day,
        settings.per_month,
        config.state_dir / "remote-budget.json",
        time.monotonic,
    )
    return Hybrid(
        config,
        _client(config),
        Router(
            Classifier(Embedding()) if settings.share == "hard" else None,
            settings.threshold,
            settings.private,
        ),
        Breaker(time.monotonic),
        budget,
        ledger(config),
    )


def _client(config: Config) -> "Client | WyomingClient":
    """Return the connection that `remote.endpoint` asks for. Raises as `make`."""
    if config.remote.endpoint.startswith("tcp:"):
        from assistant.mind.remote.wyoming import WyomingClient

        return WyomingClient(config.remote, config.language)
    return Client(config.remote, find_key(config.remote))


def ledger(config: Config) -> Ledger:
    """Return the record of what went out."""
    return Ledger(config.state_dir / "privacy.jsonl")
