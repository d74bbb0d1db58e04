"""A language model that comes back: after a failure it is made anew, after three it is left alone.

Meanwhile what stands in for it has one sentence, so that skills and documents go on answering.
"""

import contextlib
import logging
import math
from collections.abc import Callable, Iterator

from assistant.config import Llm
from assistant.errors import AssistantError, BadInput
from assistant.fitness import Fitness
from assistant.mind.model import GuestModel, LanguageModel, Message, Usage, never
from assistant.worker import sign

log = logging.getLogger(__name__)

LOAD_S = 180.0
"""Loading from a slow card may take so long without a sign of life."""
EVERY = 64
"""Of so many looks whether it is cancelled one is told as a sign of life: llama.cpp looks 700
times for each token."""
BROKE_OFF = "the language model broke off; ask once more in a moment."
Judge = Callable[[float], None]


class SteadyModel:
    """A `LanguageModel` in front of one that may fail; on its thread.

    A failure is raised, and the model is closed and made anew when it is next wanted. `BadInput`
    is no failure of the model: what was asked of it cannot be done.
    """

    def __init__(
        self,
        make: Callable[[], LanguageModel],
        stand_in: LanguageModel,
        fitness: Fitness,
    ) -> None:
        """`stand_in` answers while the model rests.

        Nothing is loaded yet, see `load`.
        """
        self._make, self._stand_in, self._fitness = make, stand_in, fitness
        self._inner: LanguageModel | None = None
        self._adapter: str | None = None  # the one that was chosen since the start
        self._besides: list[_Beside] = []

    @property
    def name(self) -> str:
        """The name of what answers now."""
        return (self._inner or self._stand_in).name

    @property
    def usage(self) -> Usage:
        """Figures of the last `reply`."""
        return (self._inner or self._stand_in).usage

    def load(self) -> None:
        """Make the model, unless it rests. Raises what that raises."""
        self.now()

    def now(self) -> LanguageModel:
        """Return what answers now, made anew where it broke; raises what that raises."""
        if self._inner is None and not self._fitness.resting:
            sign(LOAD_S)
            try:
                self._inner = self._make()
                if self._adapter is not None:
                    self._inner.use_adapter(self._adapter)
            except Exception as error:
                self._fitness.failed(str(error))
                raise
        return self._inner or self._stand_in

    def count(self, text: str) -> int:
        """Number of tokens of `text`."""
        model = self.now()
        with self.watched(model):
            return model.count(text)

    def warm(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool] = never,
        *,
        judged: Judge | None = None,
    ) -> None:
        """Read `messages`; see `LanguageModel`."""
        model = self.now()
        with self.watched(model):
            model.warm(messages, beating(cancelled), judged=_sane(judged))

    def reply(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool],
        judged: Judge | None = None,
    ) -> Iterator[str]:
        """Yield the answer; see `LanguageModel`."""
        model = self.now()
        with self.watched(model, proves=True):
            ask = beating(cancelled)
            for piece in model.reply(messages, ask, _sane(judged)):
                yield sound(piece)

    def use_adapter(self, name: str) -> None:
        """Answer with that adapter, also once it is made anew; see `LanguageModel`."""
        sign(LOAD_S)
        self.now().use_adapter(name)
        self._adapter = name

    def beside(self) -> GuestModel:
        """Return one for others to talk with, that comes back as this one does."""
        made = _Beside(self, lambda: self._besides.remove(made))
        made.now()  # raises where there is no memory for it
        self._besides.append(made)
        return made

    def close(self) -> None:
        """Free the model."""
        if self._inner:
            self._inner.close()
        self._inner = None

    def renew(self) -> None:
        """The model hangs on another thread, which nobody may touch: make a new one when needed."""
        self._inner = None
        for each in self._besides:
            each.forget()

    @contextlib.contextmanager
    def watched(self, model: LanguageModel, proves: bool = False) -> Iterator[None]:
        """Notice what fails within; without a failure an answer `proves` that the model is well."""
        try:
            yield
        except (BadInput, GeneratorExit):
            raise
        except BaseException as error:
            self._drop(error)
            raise
        if proves and model is self._inner:
            self._fitness.worked()

    def _drop(self, error: BaseException) -> None:
        """Free what failed; those beside it first, for they share its weights."""
        self._fitness.failed(str(error) or type(error).__name__)
        inner, self._inner = self._inner, None
        for each in self._besides:
            each.drop()
        if inner:
            try:
                inner.close()
            except Exception as worse:
                log.warning("the language model cannot be closed: %s", worse)


class _Beside:
    """A `GuestModel` beside a `SteadyModel`."""

    def __init__(self, owner: SteadyModel, closed: Callable[[], None]) -> None:
        self._owner, self._closed = owner, closed
        self._inner: GuestModel | None = None
        self._of: LanguageModel | None = None
        self._work: Iterator[str] = iter(())

    @property
    def usage(self) -> Usage:
        """Figures of the last answer."""
        return self._inner.usage if self._inner else Usage(0, 0, 0, 0.0, 0.0)

    def now(self) -> GuestModel:
        """Return the memory beside what answers now."""
        model = self._owner.now()
        if self._inner is None or self._of is not model:
            self._inner, self._of = model.beside(), model
        return self._inner

    def warm(self, messages: list[Message], cancelled: Callable[[], bool] = never) -> None:
        """Read `messages`; see `GuestModel`."""
        inner = self.now()
        assert self._of
        with self._owner.watched(self._of):
            inner.warm(messages, beating(cancelled))

    def answer(
        self,
        messages: list[Message],
        settings: Llm,
        cancelled: Callable[[], bool],
        *,
        interrupted: Callable[[], bool] = never,
        grammar: str = "",
    ) -> Iterator[str]:
        """Yield the answer; see `GuestModel`. Raises `AssistantError` when the model is made anew
        meanwhile.
        """
        inner = self.now()
        assert self._of
        with self._owner.watched(self._of, proves=True):
            self._work = inner.answer(
                messages,
                settings,
                beating(cancelled),
                interrupted=interrupted,
                grammar=grammar,
            )
            for piece in self._work:
                yield sound(piece)
                if self._inner is not inner:
                    break
        if self._inner is not inner:
            raise AssistantError(BROKE_OFF)

    def drop(self) -> None:
        """Free the memory; the answer that is being made, if there is one, breaks off."""
        with contextlib.suppress(Exception):
            if close := getattr(self._work, "close", None):
                close()
            if self._inner:
                self._inner.close()
        self.forget()

    def forget(self) -> None:
        """Leave the memory to the thread that hangs in it."""
        self._inner = self._of = None
        self._work = iter(())

    def close(self) -> None:
        """Free the memory for good."""
        if self._inner:
            self._inner.close()
        self.forget()
        self._closed()


def beating(cancelled: Callable[[], bool]) -> Callable[[], bool]:
    """Return `cancelled`, of whose calls every so many are told as a sign of life."""
    looks = 0
    sign()

    def ask() -> bool:
        nonlocal looks
        looks += 1
        if looks % EVERY == 1:
            sign()
        return cancelled()

    return ask


def sound(piece: object) -> str:
    """Return a piece of text that can be spoken and written; raises for what is none."""
    if not isinstance(piece, str):
        raise AssistantError(
            "the language model gave {kind} in place of text.", kind=type(piece).__name__
        )
    # Half a character, as text: nobody could write it down.
    return piece if piece.isascii() else piece.encode("utf-8", "ignore").decode("utf-8")


def _sane(judged: Judge | None) -> Judge | None:
    """Return `judged`; what it is told must be a probability."""
    if judged is None:
        return None

    def judge(complete: float) -> None:
        if math.isnan(complete):
            raise AssistantError("the language model's probabilities are no numbers.")
        judged(complete)

    return judge
