"""Calls what others wrote, for a bounded time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 8
"""Calls that hang and can only be left behind; after so many nothing is called any more."""


class Hangs(Exception):
    """It did not come back in time."""


class Failed(Exception):
    """It raised something; that is the cause."""


class _Call(Generic[T]):
    """One call on a thread of its own; what hangs is left behind and dies with the process."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.result: T
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="plug-in", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:
            self.error = error


class Limited:
    """Calls with a time limit; knows those that hang."""

    def __init__(self) -> None:
        self._hanging: list[threading.Thread] = []

    def __call__(self, call: Callable[[], T], seconds: float) -> T:
        """Return what `call` returns. Raises `Hangs` after `seconds`, `Failed` if it raises."""
        self._hanging = [each for each in self._hanging if each.is_alive()]
        if len(self._hanging) >= MOST:
            raise Hangs(f"{MOST} calls hang already; restart the assistant")
        made = _Call(call)
        made.thread.join(seconds)
        if made.thread.is_alive():
            self._hanging.append(made.thread)
            raise Hangs(f"no result after {seconds:g} s")
        if made.error is not None:
            raise Failed(f"{type(made.error).__name__}: {made.error}") from made.error
        return made.result
