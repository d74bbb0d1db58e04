"""A thread with an inbox: the one shape in which a blocking C library lives here."""

import contextlib
import logging
import queue
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import AssistantError

log = logging.getLogger(__name__)

_lock = threading.Lock()
_working: "weakref.WeakSet[Worker]" = weakref.WeakSet()  # under the lock
_own = threading.local()

Job = Callable[[], None]
T = TypeVar("T")


def call_thread(name: str) -> None:
    """Tell the kernel what this thread is called, for `top -H` and `assistant bench idle`.

    Linux keeps 15 characters; elsewhere nothing happens. Python does it by itself from 3.14 on.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name[:15])


class _Shift:
    """One thread of a worker, with what waits for it."""

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[tuple[Any, Job] | None] = queue.SimpleQueue()
        self.ident = 0
        self.seen: float | None = None
        """When the job that runs has given its last sign of life; None: none runs."""


class Worker:
    """Runs jobs one after another on a thread of its own.

    Engines are made, used and closed on this thread only; some of them (llama.cpp's thread team)
    work well on one thread only. A job that hangs in native code cannot be ended: its thread is
    left behind, and another one takes the place of it.
    """

    def __init__(self, name: str, failed: Callable[[Any, AssistantError], None]) -> None:
        """`failed(key, error)` is told, on the worker's thread, of a job that raised."""
        self.name, self._failed = name, failed
        self._lock = threading.Lock()
        self._left: list[threading.Thread] = []
        self._begin(None)
        with _lock:
            _working.add(self)

    def post(self, job: Job, key: Any = None) -> None:
        """Run `job` after all that was posted before; `key` names it in `failed`."""
        with self._lock:
            self._shift.inbox.put((key, job))

    def call(self, job: Callable[[], T], key: Any = None) -> "Future[T]":
        """Run `job` as `post` does, and return its outcome; what it raises is told there only."""
        outcome: Future[T] = Future()

        def run() -> None:
            if not outcome.set_running_or_notify_cancel():
                return
            try:
                outcome.set_result(job())
            except BaseException as error:
                outcome.set_exception(error)

        self.post(run, key)
        return outcome

    def backlog(self) -> int:
        """How many jobs wait, about."""
        return self._shift.inbox.qsize()

    def seen(self) -> float | None:
        """When the job that is done gave its last sign (monotonic s); None: none is done."""
        return self._shift.seen

    def silent_s(self) -> float:
        """How long the job that is done has given no sign of life, in s; 0: none is done."""
        seen = self.seen()
        return 0.0 if seen is None else max(0.0, time.monotonic() - seen)

    def abandon(self, first: Job, key: Any = None) -> None:
        """Leave the thread behind with the job that hangs, and go on with another one.

        That one runs `first` before what waits. The one left behind ends if it ever comes back.
        """
        with self._lock:
            old = self._shift
            self._left = [each for each in self._left if each.is_alive()] + [self._thread]
            self._begin((key, first))
            with contextlib.suppress(queue.Empty):
                while True:
                    self._shift.inbox.put(old.inbox.get_nowait())
            old.inbox.put(None)

    def where(self) -> str:
        """Return the stack of the thread, for the log; empty: it has none."""
        frame = sys._current_frames().get(self._shift.ident)
        return "".join(traceback.format_stack(frame)) if frame else ""

    def stop(self, timeout: float = 5.0) -> bool:
        """End after the jobs that wait; return whether the thread ended within `timeout` s.

        A thread that hangs in native code is left behind: it is a daemon thread.
        """
        with _lock:
            _working.discard(self)  # one that is left behind is none of the watchdog's matters
        with self._lock:
            self._shift.inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def left(self) -> int:
        """How many threads hang, left behind."""
        return sum(each.is_alive() for each in self._left)

    def _begin(self, first: tuple[Any, Job] | None) -> None:
        self._shift = shift = _Shift()
        if first:
            shift.inbox.put(first)
        self._thread = threading.Thread(
            target=self._run, args=(shift,), name=self.name, daemon=True
        )
        self._thread.start()

    def _run(self, shift: _Shift) -> None:
        call_thread(self.name)
        shift.ident, _own.shift = threading.get_ident(), shift
        while (item := shift.inbox.get()) is not None:
            key, job = item
            shift.seen = time.monotonic()
            try:
                job()
            except AssistantError as error:
                self._tell(shift, key, error)
            except BaseException as error:  # whatever a stranger's code raises: the thread stays
                log.exception("%s failed", self.name)
                sentence = f"{self.name}: {type(error).__name__}: {error}"
                self._tell(shift, key, AssistantError(sentence))
            shift.seen = None

    def _tell(self, shift: _Shift, key: Any, error: AssistantError) -> None:
        """Tell of a failure, unless the thread was left behind: it is told of already."""
        if shift is self._shift:
            self._failed(key, error)


def sign(for_s: float = 0.0) -> None:
    """Say, from within a long job, that it goes on, and need not say so again for `for_s` s.

    Nothing where no worker does it.
    """
    if shift := getattr(_own, "shift", None):
        shift.seen = time.monotonic() + for_s


def at_work() -> Iterator[tuple[str, float]]:
    """Yield each worker that does a job: its name, and its last sign (monotonic s)."""
    with _lock:
        workers = tuple(_working)
    for worker in workers:
        if (since := worker.seen()) is not None:
            yield worker.name, since


@dataclass(frozen=True, slots=True)
class Hand:
    """A worker as the crew sees it."""

    room: str
    """`ears`, `mind` or `mouth`."""
    worker: Worker
    limit_s: float
    """A job that gives no sign of life for so long hangs."""
    renew: Job
    """What another thread does first: it makes anew what hangs on the old one."""
    key: Any
    """Names that in what is told of failures."""

    def __str__(self) -> str:
        return self.worker.name
