"""A thread with an inbox: the one shape in which a blocking C library lives here."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from assistant.errors import AssistantError

log = logging.getLogger(__name__)

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
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
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
        self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._inbox.get()) is not None:
            key, job = item
            try:
                job()
            except AssistantError as error:
                self._failed(key, error)
            except Exception as error:
                log.exception("%s failed", self._thread.name)
                self._failed(
                    key, AssistantError(f"{self._thread.name}: {type(error).__name__}: {error}")
                )
