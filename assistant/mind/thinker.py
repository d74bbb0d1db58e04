"""Turns questions into a stream of text, on the one thread that owns the language model."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.cores import Cores
from assistant.errors import AssistantError, BadInput
from assistant.events import ALWAYS, LAST_TAKE, NEVER, Key
from assistant.fitness import Fitness
from assistant.mind import going_on, prompt
from assistant.mind.going_on import Cut, Unheard
from assistant.mind.guests import Guests
from assistant.mind.history import History
from assistant.mind.known import Known, Source
from assistant.mind.model import LanguageModel, Message, Usage
from assistant.mind.remote.either import either
from assistant.mind.steady import SteadyModel, beating
from assistant.mind.thin import NoModel
from assistant.trace import Trace
from assistant.worker import Hand, Worker, sign

if TYPE_CHECKING:
    from assistant.mind.guard.stream import Sieve
    from assistant.mind.remote.errand import Errand
    from assistant.mind.remote.hybrid import Hybrid

PENDING = 8
"""Questions whose fate (heard or not) may still come; more than a few are never open."""
LOOK_S = 0.01
"""How often a secret answer that is long enough looks whether it was released or dropped, in s."""
HANGS_S = 20.0
"""A mind that gives no sign of life for so long hangs; a healthy one gives many each second."""
ACT_S = 150.0
"""What is done for a question ends by itself before that."""
WITHOUT_MODEL = Usage(0, 0, 0, 0.0, 0.0)


class Thinker:
    """The mind as the daemon sees it.

    `on_text(key, piece)` and `on_end(key, text)` are called on the model's thread while the reply
    comes, `on_failed(key, error)` instead of `on_end` when the engine fails. Whenever a question or
    its beginning has been read, `on_judged(turn, text, complete)` is told the probability that it
    is whole.
    """

    def __init__(
        self,
        make_model: Callable[[], LanguageModel],
        *,
        system: str,
        history_tokens: int,
        secret_tokens: int,
        guests: int,
        cores: Cores,
        trace: Trace,
        on_text: Callable[[Key, str], None],
        on_judged: Callable[[int, str, float], None],
        on_end: Callable[[Key, str], None],
        on_failed: Callable[[Key, AssistantError], None],
        on_out: Callable[[Key], None] = lambda _: None,
        on_acted: Callable[[Key], None] = lambda _: None,
        on_alone: Callable[[Key], None] = lambda _: None,
        held: Callable[[], str] = lambda: "",
        held_system: Callable[[str], str] = lambda _: "",
        both: bool = False,
        make_hybrid: Callable[[], "Hybrid | None"] = lambda: None,
        make_sources: Callable[[], Sequence[Source]] = lambda: (),
        sieve: "Callable[[str], Sieve | None]" = lambda _: None,
        stand_in: LanguageModel | None = None,
        fitness: Fitness | None = None,
    ) -> None:
        """`secret_tokens` is how long a secret answer gets, in pieces, before it is released.

        At most `guests` others wait for an answer. `on_out(key)` is called on the model's thread
        when a question leaves the device, with the help of `make_hybrid()`, and `on_alone(key)`
        when that does not answer it and the model here does; `on_acted(key)` before something is
        done for a question. All is answered in the language `held()`, where it is not empty, as
        `held_system(language)`; else each question in its own, where `both` are spoken. What one of
        `make_sources()` answers, the first of them first, is neither sent nor asked of the model.
        What a model answers to a question goes through `sieve(question)`, where there is one.
        `stand_in` answers while `fitness` says that the model is left alone.
        """
        self._system = system
        self._history_tokens = history_tokens
        self._secret_tokens = secret_tokens
        self._cores = cores
        self._trace = trace
        self._on_text, self._on_judged, self._on_end = on_text, on_judged, on_end
        self._on_out, self._on_alone, self._on_acted = on_out, on_alone, on_acted
        self._held, self._held_system, self._both = held, held_system, both
        self._make_hybrid, self._make_sources = make_hybrid, make_sources
        self._sieve = sieve
        self.hybrid: Hybrid | None = None
        """The help of a larger model, where there is one; only after `load`."""
        self._sources: Sequence[Source] = ()
        self._on_failed = on_failed
        self._worker = Worker("mind", self._broke)
        self._model = SteadyModel(make_model, stand_in or NoModel("en"), fitness or Fitness())
        self._loaded = False
        # Every key up to these is dead, or released; references change at once: no lock.
        self._dead = self._released = NEVER
        self._wanted: tuple[int, str] | None = None  # the newest words to be read along
        self._filled = NEVER
        self._asked = NEVER  # the question that is answered, on the model's thread
        self._changed = threading.Event()
        self._judged: tuple[int, str, float] | None = None  # the last one, on the model's thread
        # Both belong to the thread that calls `think`, `release` and `remember`.
        self._pending: OrderedDict[int, str] = OrderedDict()  # questions that are answered aloud
        self._newest: tuple[Key, str] = (NEVER, "")  # the question that was asked last
        self._history: History
        self._unheard = Unheard()
        self._speaking = False  # somebody speaks to the device, or waits for its answer
        self.guests = Guests(
            lambda: self._model.beside(),
            lambda job: self._worker.post(job, NEVER),
            paused=lambda: self._speaking,
            wanted=lambda: self._worker.backlog() > 0,
            most=guests,
        )

    def load(self, done: Callable[[], None]) -> None:
        """Make the model and prefill the system prompt, then call `done`, all on its thread."""

        def job() -> None:
            self._model.load()
            self.hybrid = self._make_hybrid()
            self._history = History(self._history_tokens, self._model.count)
            self._model.warm(self._messages(""))
            self._loaded = True
            done()
            # Before the first question, and nobody waits for it.
            self._sources = self._make_sources()
            for source in self._sources:
                source.meet(self._model, lambda: NEVER < self._asked <= self._dead)

        self._worker.post(job, NEVER)

    @property
    def last_said(self) -> str:
        """What was heard of the last answer; of an interrupted one its last sentence, whole."""
        return self._unheard.last_said

    @property
    def model_name(self) -> str:
        """The model's own name; only after `load`."""
        return self._model.name

    def prepare(self, turn: int, text: str) -> None:
        """Read `text`, the beginning of the question of `turn`; older beginnings are skipped."""
        self._wanted = (turn, text)
        self._worker.post(self._read_along, Key(turn, 0))

    def think(self, key: Key, text: str, *, secret: bool = False) -> None:
        """Answer `text`; in secret only as far as `secret_tokens`, until `release`."""
        self._wanted = None
        self._newest = (key, text)
        if not secret:
            self.release(key)
        self._worker.post(lambda: self._answer(key, text), key)

    def release(self, key: Key) -> None:
        """The secret answer is wanted in full."""
        if key == self._newest[0]:
            self._pending[key.turn] = self._newest[1]
            while len(self._pending) > PENDING:
                self._pending.popitem(last=False)
        self._released = max(self._released, key)
        self._changed.set()

    def filled(self, key: Key) -> None:
        """A few words were said already because the answer `key` is slow."""
        self._filled = key

    def cancel(self, key: Key) -> None:
        """Stop working for `key` and all before it, within one token."""
        self._dead = max(self._dead, key)
        self._changed.set()

    def leave(self) -> None:
        """Whoever was asked something has taken leave: no answer to it is waited for."""
        for source in self._sources:
            source.leave()

    def stop_actions(self) -> None:
        """End what runs for an action; at once, though the mind's thread waits for it."""
        for source in self._sources:
            source.stop()

    def remember(self, turn: int, heard: str) -> str | None:
        """Put the turn into the history, with the part of the reply that was heard.

        Returns the question; None: what was said was no answer.
        """
        question = self._pending.pop(turn, None)
        answer = self.hybrid.heard(heard) if self.hybrid else heard

        def job() -> None:
            self._unheard.heard(turn, question, heard)
            if question is None:  # what was said was no answer
                return
            kept = answer
            for source in self._sources:
                kept = source.kept(kept)
            self._history.append(question, kept)
            if self._worker.backlog() == 0:  # there is time to read on for the next question
                self._model.warm(self._messages(""))

        self._worker.post(job, Key(turn, 0))
        return question

    def forget(self) -> None:
        """Begin a new conversation; a turn whose fate is still open belongs to the old one."""
        self._pending.clear()

        def job() -> None:
            self._history.clear()
            self._unheard.forget()

        self._worker.post(job, NEVER)

    def written(self, text: str, talk: str, done: Callable[[str | None], None]) -> None:
        """Call `done`, on the model's thread, with what is known without the model to one who
        writes `text` in `talk`, and do what there is to be done; with None where nobody knows.
        """

        def job() -> None:
            found = filter(None, (source.written(text, talk) for source in self._sources))
            if (known := next(found, None)) is None:
                done(None)
                return
            said = known.act() if known.act else ""
            done(" ".join(filter(None, (known.text, said))))

        self._worker.post(job, NEVER)

    def transcript(self, done: Callable[[list[tuple[str, str]]], None]) -> None:
        """Call `done` with the history as (role, text) pairs, on the model's thread."""
        self._worker.post(lambda: done([(m.role, m.text) for m in self._history.messages()]), NEVER)

    def use_adapter(self, name: str, done: Callable[[AssistantError | None], None]) -> None:
        """Answer with another LoRA adapter, once what was asked until now is answered.

        Then `done` is called on the model's thread: with the error where it cannot be used.
        """

        def job() -> None:
            try:
                self._model.use_adapter(name)
            except AssistantError as error:
                done(error)
                return
            done(None)
            if self._worker.backlog() == 0:  # what was read before is forgotten
                self._model.warm(self._messages(""))

        self._worker.post(job, NEVER)

    def voice(self, speaking: bool) -> None:
        """While `speaking` the guests wait: somebody speaks to the device, or waits for it."""
        self._speaking = speaking
        if not speaking:
            self.guests.go_on()

    def stop(self) -> bool:
        """End; return whether the thread ended in time."""
        self.cancel(ALWAYS)
        self._speaking = True  # guests end where they are
        for source in self._sources:
            source.end()

        def close() -> None:
            self.guests.close()
            for source in self._sources:
                source.close()
            if self.hybrid:
                self.hybrid.close()
            self._model.close()

        self._worker.post(close, NEVER)
        return self._worker.stop()

    def hands(self) -> list[Hand]:
        """Return the one worker of the mind."""
        return [Hand("mind", self._worker, HANGS_S, self._renew, NEVER)]

    def _renew(self) -> None:
        self.guests.renew()
        self._model.renew()
        self._recover()

    def _broke(self, key: Key, error: AssistantError) -> None:
        """Tell of a failure, and make the model anew now: nobody waits for it yet."""
        self._on_failed(key, error)
        if self._loaded and not isinstance(error, BadInput):
            self._worker.post(self._recover, NEVER)

    def _recover(self) -> None:
        if self._worker.backlog() == 0:
            self._model.warm(self._messages(""))

    def _messages(self, text: str) -> list[Message]:
        return prompt.messages(self._told_system(), self._history, text)

    def _told_system(self) -> str:
        """Return who the assistant is; where a language is held, in that one."""
        held = self._held()
        return self._held_system(held) if held else self._system

    def _read_along(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        turn, text = wanted
        began = time.monotonic()

        def cancelled() -> bool:  # a take that was dropped is not the end of its turn
            return Key(turn, LAST_TAKE) <= self._dead

        if cancelled():
            return
        self._model.warm(
            self._messages(text),
            cancelled,
            judged=lambda complete: self._judge(turn, text, max(complete, self._sure(text))),
        )
        now = time.monotonic()
        self._trace.mark(turn, "prepared", now, text=text, took_s=round(now - began, 4))
        # The way that it goes is then known before the turn ends; a waiting answer finds it itself.
        if self.hybrid and not cancelled() and self._worker.backlog() == 0:
            self.hybrid.route(text)

    def _answer(self, key: Key, text: str) -> None:
        def cancelled() -> bool:
            return key <= self._dead

        self._asked = key
        if cancelled():
            return
        pieces: list[str] = []
        self._mark(key, "think")
        if again := self._judged is not None and self._judged[:2] == (key.turn, text):
            self._on_judged(*self._judged)  # other words may have come between
        judged = None if again else lambda complete: self._judge(key.turn, text, complete)
        cut = self._unheard.wanted(text)
        known = None if cut else self._known(key, text)
        if cut:
            source = self._gone_on(key, cut, cancelled, judged)
        elif known:
            source = self._told(key, text, known, cancelled, judged)
        else:
            source = self._sifted(key, text, self._pieces(key, text, cancelled, judged))
        for piece in source:
            if not pieces:
                usage = WITHOUT_MODEL if known or cut else self._model.usage
                self._mark(
                    key,
                    "first_token",
                    prompt_tokens=usage.prompt_tokens,
                    cached_tokens=usage.cached_tokens,
                )
            if cancelled():
                return
            pieces.append(piece)
            self._unheard.made(key.turn, "".join(pieces), whole=False)
            self._on_text(key, piece)
            self._hold(key, len(pieces), cancelled)
        if cancelled():
            return
        self._unheard.made(key.turn, "".join(pieces), whole=True)
        usage = WITHOUT_MODEL if known else self._model.usage
        self._mark(key, "reply_end", reply_tokens=usage.reply_tokens)
        self._on_end(key, "".join(pieces))
        if key <= self._released:
            self._worker.post(lambda: self._read_on(text, "".join(pieces)), NEVER)

    def _read_on(self, question: str, reply: str) -> None:
        """Make ready for the next question while the answer is still spoken.

        Where the oldest turns leave, most of the history has to be read again: for a second or
        more, in which somebody who asks back at once would wait.
        """
        if self._worker.backlog() == 0:
            foreseen = self._history.followed_by(question, reply)
            self._model.warm(
                prompt.messages(self._told_system(), foreseen, ""),
                lambda: self._worker.backlog() > 0,
            )

    def _pieces(
        self,
        key: Key,
        text: str,
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None,
    ) -> Iterator[str]:
        """Yield the answer of the model here, or of the one that helps."""
        earlier = self._messages(text)
        asked = prompt.asked(text, self._held())
        if self._both and not self._held() and len(earlier) > 2:
            asked = prompt.switched(text, earlier[-2].text)
        if asked != text and judged:  # with what stands behind it, half a question would look whole
            self._model.warm(earlier, cancelled, judged=judged)
            judged = None
        local = self._model.reply([*earlier[:-1], Message("user", asked)], cancelled, judged)
        if (hybrid := self.hybrid) is None or not (route := hybrid.route(text)).out:
            return local

        def begin() -> "Errand | None":
            sent = replace(route, text=prompt.asked(route.text, self._held()))
            if errand := hybrid.begin(sent, earlier[1:-1], "voice"):
                self._mark(key, "sent_out", why=route.why, hard=round(route.hard, 3))
                self._on_out(key)
            return errand

        return either(
            local,
            begin,
            hybrid.gave_up,
            lambda: self._on_alone(key),
            words=hybrid.words(text, self._held()),
            patience_s=hybrid.settings.patience,
            ahead=self._secret_tokens,
            filled=lambda: key == self._filled,
            released=lambda: key <= self._released,
            cancelled=beating(cancelled),
        )

    def _sifted(self, key: Key, text: str, pieces: Iterator[str]) -> Iterator[str]:
        """Yield of an answer what may be said; work ends where something may not."""
        if (sieve := self._sieve(text)) is None:
            yield from pieces
            return
        yield from sieve.over(pieces)
        if sieve.topic:
            self._mark(key, "guard", topic=sieve.topic)

    def _gone_on(
        self,
        key: Key,
        cut: Cut,
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None,
    ) -> Iterator[str]:
        """Yield what was not heard of an answer, and what the model would have written after it."""
        if judged:
            judged(going_on.SURE)
        self._mark(key, "gone_on", characters=len(cut.rest))
        if rest := cut.rest.lstrip():
            yield rest
        if cut.whole or not self._released_yet(key, cancelled):
            return
        messages = going_on.prompt(self._told_system(), self._history, cut)
        yield from self._sifted(key, cut.question, self._model.reply(messages, cancelled))

    def _sure(self, text: str) -> float:
        """Return the probability that `text` is whole, as far as is known without the model."""
        if self._unheard.wanted(text):
            return going_on.SURE
        return max((source.whole(text) for source in self._sources), default=0.0)

    def _known(self, key: Key, text: str) -> Known | None:
        """Return what is answered without the model, by the first who knows."""
        for source in self._sources:
            if known := source.known(text):
                self._mark(key, known.stage, **known.data)
                return known
        return None

    def _told(
        self,
        key: Key,
        text: str,
        known: Known,
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None,
    ) -> Iterator[str]:
        """Yield what is known; what is done for it waits until the turn has ended."""
        if known.text:
            yield known.text
        if judged and known.whole is not None:
            judged(known.whole)
        elif judged:
            self._model.warm(self._messages(text), cancelled, judged=judged)
        if known.act and self._released_yet(key, cancelled):
            self._on_acted(key)
            sign(ACT_S)
            if said := known.act():
                yield f" {said}" if known.text else said

    def _judge(self, turn: int, text: str, complete: float) -> None:
        self._judged = turn, text, complete
        self._on_judged(*self._judged)

    def _hold(self, key: Key, pieces: int, cancelled: Callable[[], bool]) -> None:
        """Let the mouth go first; wait where a secret answer is long enough already."""
        self._cores.give_way()
        if pieces >= self._secret_tokens:
            self._released_yet(key, cancelled)

    def _released_yet(self, key: Key, cancelled: Callable[[], bool]) -> bool:
        """Wait until the answer is wanted; return whether it is, or was dropped."""
        while key > self._released and not cancelled():
            self._changed.clear()
            sign()
            if key > self._released and not cancelled():
                self._changed.wait(LOOK_S)
        return not cancelled()

    def _mark(self, key: Key, stage: str, **data: object) -> None:
        self._trace.mark(key.turn, stage, time.monotonic(), take=key.take, **data)
