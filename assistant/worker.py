"""A thread with an inbox: the one shape in which a blocking C library lives here."""

import logging
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from assistant.errors import AssistantError

log = logging.getLogger(__name__)

_lock = threading.Lock()
_working: "weakref.WeakSet[Worker]" = weakref.WeakSet()  # under the lock
_own = threading.local()

Job = Callable[[], None]
T = TypeVar("T")


class Worker:
    """Runs jobs one after another on a thread of its own.

    Engines are made, used and closed on this thread only; some of them (llama.cpp's thread team)
    work well on one thread only.
    """

    def __init__(self, name: str, failed: Callable[[Any, AssistantError], None]) -> None:
        """`failed(key, error)` is told, on the worker's thread, of a job that raised."""
        self._failed = failed
        self._inbox: queue.SimpleQueue[tuple[Any, Job] | None] = queue.SimpleQueue()
        self._since: float | None = None  # the last sign of the job that is being done
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        with _lock:
            _working.add(self)
        self._thread.start()

    def post(self, job: Job, key: Any = None) -> None:
        """Run `job` after all that was posted before; `key` names it in `failed`."""
        self._inbox.put((key, job))

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
        return self._inbox.qsize()

    def stop(self, timeout: float = 5.0) -> bool:
        """End after the jobs that wait; return whether the thread ended within `timeout` s.

        A thread that hangs in native code is left behind: it is a daemon thread.
        """
        with _lock:
            _working.discard(self)  # one that is left behind is none of the watchdog's matters
        self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        _own.worker = self
        while (item := self._inbox.get()) is not None:
            key, job = item
            self._since = time.monotonic()
            try:
                job()
            except AssistantError as error:
                self._failed(key, error)
            except Exception as error:
                log.exception("%s failed", self._thread.name)
                self._failed(
                    key, AssistantError(f"{self._thread.name}: {type(error).__name__}: {error}")
                )
            finally:
                self._since = None


def sign() -> None:
    """Say, from within a long job, that it goes on; nothing where no worker does it."""
    if worker := getattr(_own, "worker", None):
        worker._since = time.monotonic()


def at_work() -> Iterator[tuple[str, float]]:
    """Yield each worker that does a job: its name, and its last sign (monotonic s)."""
    with _lock:
        workers = tuple(_working)
    for worker in workers:
        if (since := worker._since) is not None:
            yield worker._thread.name, since
