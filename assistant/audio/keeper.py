"""Keeps a device open: what was lost is opened again, ever more rarely, until it is there.

A thread with one aim: the device shall be as it is wanted, open or closed. While it is, the thread
sleeps.
"""

import logging
import threading
import time
from collections.abc import Callable

from assistant.errors import AssistantError
from assistant.worker import call_thread

log = logging.getLogger(__name__)

FIRST_S, GROWTH, LONGEST_S = 0.25, 1.5, 10.0
"""Seconds until it is tried again, what they are multiplied by each time, and the most."""
STEADY_S = 10.0
"""What has not lived for so many s counts as a try that failed."""
LOOK_S = 0.25
"""How often it looks in a pause whether something was plugged in or began, in s."""
END_S = 3.0
"""Seconds that the thread has for its end; it may be in a library that hangs."""


class Pauses:
    """How long to wait before the next try."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin with the shortest one."""
        self._next = FIRST_S

    def next(self) -> float:
        """Return the next one, in s."""
        now, self._next = self._next, min(self._next * GROWTH, LONGEST_S)
        return now


class Keeper:
    """All methods may be called from any thread, and return at once."""

    def __init__(
        self,
        room: str,
        open_it: Callable[[], None],
        close_it: Callable[[], None],
        on_lost: Callable[[str], None],
        on_back: Callable[[], None],
        *,
        signs: Callable[[], object],
        on_late: Callable[[], None] = lambda: None,
        patience: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_it` and `close_it` are called on the keeper's thread; `open_it` raises a sentence.

        ``on_lost(reason)`` is called once when it was lost, `on_back` when it is there again, and
        `on_late` when that took longer than `patience` s. What `signs` returns changes when a
        device may have come; `clock` gives monotonic s.
        """
        self._room, self._open, self._close = room, open_it, close_it
        self._on_lost, self._on_back, self._on_late = on_lost, on_back, on_late
        self._signs, self._patience, self._clock = signs, patience, clock
        self.missing = ""
        """Why it is away; empty: it is there, or not wanted."""
        self._turn = threading.Condition()
        self._wanted = self._is_open = True
        self._ended = self._late = False
        self._died = False  # since it was opened last
        self._opened: float | None = clock()  # when; None: it was tried since, in vain
        self._since = 0.0  # monotonic s at which it was lost
        self._thread = threading.Thread(target=self._run, name=f"{room} keeper", daemon=True)

    def start(self) -> None:
        """Begin; the device is open now, unless it is not wanted."""
        self._is_open = self._wanted
        self._thread.start()

    def lost(self, reason: str) -> None:
        """The device is gone: open it again."""
        with self._turn:
            self._is_open, self._died = False, True
            self._turn.notify_all()
            if self.missing or self._ended or not self._wanted:
                return
            self.missing, self._since, self._late = reason, self._clock(), False
        self._on_lost(reason)

    def renew(self) -> None:
        """Open it again, though it seems to live."""
        with self._turn:
            self._is_open = False
            self._turn.notify_all()

    def want(self, wanted: bool) -> None:
        """Let the device be open, or closed."""
        with self._turn:
            self._wanted = wanted
            self._turn.notify_all()

    def stop(self) -> None:
        """End; whoever has the device closes it."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def join(self) -> None:
        """Wait for the end, as long as that makes sense."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(END_S)

    def _run(self) -> None:
        call_thread(f"keep {self._room}")
        pauses = Pauses()
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._ended or self._wanted != self._is_open)
                if self._ended:
                    return
                wanted = self._wanted
            if wanted:
                self._try(pauses)
            else:
                self._close()
                with self._turn:
                    self._is_open = False

    def _try(self, pauses: Pauses) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and self._clock() - opened >= STEADY_S:
            pauses.reset()
        elif opened is not None and self.missing:  # it dies as soon as it lives
            self._pause(pauses, self._signs())
        before, self._died = self._signs(), False
        try:
            self._open()
        except AssistantError as error:
            log.debug("%s: %s", self._room, error)
            self.lost(str(error))
        with self._turn:
            if opened := not self._died:
                missing, self.missing = self.missing, ""
                self._is_open = True
        if not opened:
            self._look_at_the_clock()
            self._pause(pauses, before)
            return
        self._opened = self._clock()
        if missing:
            self._on_back()

    def _look_at_the_clock(self) -> None:
        if self.missing and not self._late and self._clock() - self._since >= self._patience:
            self._late = True
            self._on_late()

    def _pause(self, pauses: Pauses, before: object) -> None:
        until = self._clock() + pauses.next()
        while (left := until - self._clock()) > 0:
            with self._turn:
                if self._ended or not self._wanted:
                    return
                self._turn.wait(min(left, LOOK_S))
            self._look_at_the_clock()
            if self._signs() != before:
                pauses.reset()
                return
