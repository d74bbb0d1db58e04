"""Answers for those who write (web page, programs), while nobody speaks to the device.

There is one model and one thread for it. A guest's answer is made a token at a time between the
voice loop's jobs, in a memory (KV cache) of its own; as soon as somebody speaks it stops within
milliseconds, and goes on afterwards. Guests wait in a queue that is fair to each of them.
"""

import itertools
import logging
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from assistant.config import Llm
from assistant.errors import AssistantError, Busy
from assistant.mind.model import GuestModel, Message, Usage, never

log = logging.getLogger(__name__)

GUESS_S = 5.0
"""How long an answer takes, in s, before one has been made."""
LEARN = 0.3
"""Share of the newest answer in the expectation of the next one's time."""
ENDS = "the assistant ends or starts again; ask once more in a moment."


@dataclass(frozen=True, slots=True)
class Served:
    """What an answer cost."""

    usage: Usage
    waited_s: float
    """From the request to the beginning of the work."""
    first_token_s: float | None
    """From the request to the first text; None: there was none."""
    total_s: float
    """From the request to the end."""


class Guest:
    """A request and what becomes of it; the callbacks come from the model's thread."""

    def __init__(
        self,
        client: str,
        messages: list[Message],
        settings: Llm,
        *,
        on_text: Callable[[str], None],
        on_end: Callable[[Served], None],
        on_failed: Callable[[AssistantError], None],
    ) -> None:
        """`client` names who asks: each waits for its own requests first."""
        self.client, self.messages, self.settings = client, messages, settings
        self.on_text, self.on_end, self.on_failed = on_text, on_end, on_failed
        self.asked = 0.0
        """When, in the clock's s."""
        self.gone = False
        """Nobody waits for the answer any more."""


class Queue:
    """Takes turns between clients; pure. A client's own requests keep their order."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, deque[Guest]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._clients.values()))

    def add(self, guest: Guest) -> None:
        """Let it wait behind its client's other ones."""
        self._clients.setdefault(guest.client, deque()).append(guest)

    def take(self) -> Guest | None:
        """Return the next one; its client then waits behind all the others."""
        if not self._clients:
            return None
        client, waiting = self._clients.popitem(last=False)
        guest = waiting.popleft()
        if waiting:
            self._clients[client] = waiting
        return guest

    def drop(self, guest: Guest) -> None:
        """Forget one that waits, if it does."""
        waiting = self._clients.get(guest.client, deque())
        if guest in waiting:
            waiting.remove(guest)
            if not waiting:
                del self._clients[guest.client]

    def ahead(self, guest: Guest) -> int | None:
        """Return how many come before it; None: it does not wait."""
        rounds = itertools.zip_longest(*self._clients.values())
        order = filter(None, itertools.chain.from_iterable(rounds))
        return next((number for number, one in enumerate(order) if one is guest), None)


class Guests:
    """The queue and the answer that is being made.

    `ask`, `ahead`, `leave` and `go_on` may be called from any thread.
    """

    def __init__(
        self,
        make: Callable[[], GuestModel],
        post: Callable[[Callable[[], None]], None],
        paused: Callable[[], bool],
        wanted: Callable[[], bool] = never,
        *,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``post(job)`` runs `job` on the model's thread, after those that wait.

        `paused()` tells that the voice loop needs the machine, until `go_on`; `wanted()` that other
        jobs wait for the model's thread. Both and `make` are called there. At most `most` guests
        wait. `clock` gives monotonic s.
        """
        self._make, self._post, self._most = make, post, most
        self._paused, self._wanted = paused, wanted
        self._clock = clock
        self._lock = threading.Lock()
        self._queue = Queue()
        self._posted = False
        self._expected_s = GUESS_S
        self._model: GuestModel | None = None
        self._work: Generator[None, None, None] | None = None
        self._served: Guest | None = None  # whose answer is being made
        self._closed = False

    def ask(self, guest: Guest) -> int:
        """Let `guest` be answered; return how many come before it. Raises `Busy`, or at the end."""
        with self._lock:
            if self._closed:
                raise AssistantError(ENDS)
            if len(self._queue) >= self._most:
                raise Busy(max(1, math.ceil(len(self._queue) * self._expected_s)))
            guest.asked = self._clock()
            self._queue.add(guest)
        before = self.ahead(guest) or 0
        self.go_on()
        return before

    def ahead(self, guest: Guest) -> int | None:
        """Return how many come before `guest`; None: it does not wait any more."""
        with self._lock:
            place = self._queue.ahead(guest)
        return None if place is None else place + (self._work is not None)

    def leave(self, guest: Guest) -> None:
        """Nobody waits for `guest` any more: it ends within one token."""
        guest.gone = True
        with self._lock:
            self._queue.drop(guest)

    def go_on(self) -> None:
        """Work, if there is something to do; to be called when the voice loop is done, too."""
        with self._lock:
            if self._posted or (self._work is None and not len(self._queue)):
                return
            self._posted = True
        self._post(self._step)

    @property
    def busy(self) -> bool:
        """Whether somebody is answered, or waits."""
        with self._lock:
            return self._work is not None or len(self._queue) > 0

    def close(self) -> None:
        """Free the memory, and tell those who still wait; on the model's thread."""
        if self._work:
            self._work.close()
        self._work = None
        with self._lock:
            self._closed = True
            waiting = list(iter(self._queue.take, None))
        for guest in waiting:
            guest.on_failed(AssistantError(ENDS))
        if self._model:
            self._model.close()
            self._model = None

    def renew(self) -> None:
        """The answer that was being made hangs on another thread: leave it, and go on."""
        served, self._served = self._served, None
        self._work = None
        if served:
            served.on_failed(AssistantError(ENDS))
        self.go_on()

    def _step(self) -> None:
        """Do one token's work, and come again if there may be more."""
        with self._lock:
            self._posted = False
        if self._paused():
            return
        if self._work is None:
            with self._lock:
                guest = self._queue.take()
            if guest is None:
                return
            self._work, self._served = self._serve(guest), guest
        if next(self._work, ...) is ...:
            self._work = self._served = None
        self.go_on()

    def _serve(self, guest: Guest) -> Generator[None, None, None]:
        """Answer `guest`, a token at each step."""
        began, first = self._clock(), None
        try:
            self._model = model = self._model or self._make()
            for piece in model.answer(
                guest.messages,
                guest.settings,
                lambda: guest.gone,
                interrupted=lambda: self._paused() or self._wanted(),
            ):
                if piece and not guest.gone:
                    first = first or self._clock()
                    guest.on_text(piece)
                yield
        except GeneratorExit:
            guest.on_failed(AssistantError(ENDS))
            raise
        except AssistantError as error:
            guest.on_failed(error)
            return
        except Exception as error:
            log.exception("a guest's answer failed")
            guest.on_failed(AssistantError("the language model failed: {error}", error=error))
            return
        now = self._clock()
        self._expected_s += LEARN * (now - began - self._expected_s)
        guest.on_end(
            Served(
                usage=model.usage,
                waited_s=round(began - guest.asked, 4),
                first_token_s=None if first is None else round(first - guest.asked, 4),
                total_s=round(now - guest.asked, 4),
            )
        )
