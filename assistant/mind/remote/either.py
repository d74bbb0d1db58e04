"""One answer from two minds: the local one works ahead while the remote one is waited for."""

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.mind.remote.errand import Errand
from assistant.mind.remote.errors import Fault, RemoteFailed

LOOK_S = 0.01
"""How often it looks whether something came, in s."""
SILENCE_S = 8.0
"""Without another word for so long the answer counts as broken off: somebody listens."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said when the remote model lets one wait, or breaks off."""

    late: str
    """Before the local answer, when the remote one did not begin in time."""
    broken: str
    """After half a remote answer."""

    def without(self, heard: str) -> str:
        """Return what was heard of the answer itself: a small model takes all else for a habit."""
        return heard.removeprefix(self.late.strip()).removesuffix(self.broken.strip()).strip()


WORDS = {
    "en": Words("Let me see. ", " The connection broke off there."),
    "zh": Words("我想想。", "连接在这里断了。"),
}


def either(
    local: Iterator[str],
    begin: Callable[[], Errand | None],
    gave_up: Callable[[Errand], None],
    alone: Callable[[], None],
    *,
    words: Words,
    patience_s: float,
    ahead: int,
    filled: Callable[[], bool],
    released: Callable[[], bool],
    cancelled: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """Yield the remote answer; where it does not come, the local one.

    Nothing goes out before `released()`: then `begin` sends the question, or returns None. Until
    the first remote word `ahead` pieces of the `local` answer are made. A remote answer that does
    not begin within `patience_s` s is told to `gave_up`; that it is
    late is said unless something was said about it already, `filled()`. `alone()` is told
    that the local answer takes the place of one that was asked for. Ends when `cancelled()`.
    """
    ready: list[str] = []

    def work() -> bool:
        """Make another piece of the local answer; False: there are enough."""
        piece = next(local, None) if len(ready) < ahead else None
        if piece is not None:
            ready.append(piece)
        return piece is not None

    while not released():
        if cancelled():
            return
        if not work():
            time.sleep(LOOK_S)
    if errand := begin():
        came = False
        try:
            for piece in _remote(errand, work, patience_s, cancelled, clock):
                came = True
                yield piece
        except queue.Empty:
            gave_up(errand)
            if not filled():
                yield words.late
        except RemoteFailed:
            if came:
                yield words.broken
        finally:
            errand.cancel()
        if came:
            return
        if not cancelled():
            alone()
    if not cancelled():
        yield from ready
        yield from local


def _remote(
    errand: Errand,
    work: Callable[[], bool],
    patience_s: float,
    cancelled: Callable[[], bool],
    clock: Callable[[], float],
) -> Iterator[str]:
    """Yield what comes in. Raises `queue.Empty` when nothing began in time, `RemoteFailed`."""
    ends, first, busy = clock() + patience_s, True, True
    while not cancelled():
        busy = first and busy and work()
        try:
            piece = errand.next(0.0 if busy else LOOK_S)
        except queue.Empty:
            if clock() < ends:
                continue
            if first:
                raise
            raise RemoteFailed(Fault.SLOW, "the remote model fell silent.") from None
        if piece is None:
            return
        first, ends = False, clock() + SILENCE_S
        yield piece
