"""A question that is out: a thread of its own waits for the answer, whatever the network does."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator

from assistant.mind.remote.errors import Fault, RemoteFailed

log = logging.getLogger(__name__)


class Errand:
    """One answer on its way; `next` waits no longer than it is told, `cancel` not at all."""

    def __init__(self, pieces: Callable[[Callable[[], bool]], Iterator[str]]) -> None:
        """``pieces(cancelled)`` yields the text, and raises `RemoteFailed`; it may hang."""
        self._cancelled = threading.Event()
        self._came: queue.SimpleQueue[str | RemoteFailed | None] = queue.SimpleQueue()
        self._pieces = pieces
        threading.Thread(target=self._run, name="remote", daemon=True).start()

    def next(self, patience_s: float) -> str | None:
        """Return the next piece of text, or None at the end.

        Raises `RemoteFailed`, and `queue.Empty` when nothing came for `patience_s` s.
        """
        came = self._came.get(patience_s > 0, patience_s)
        if isinstance(came, RemoteFailed):
            raise came
        return came

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._cancelled.set()

    def _run(self) -> None:
        try:
            for piece in self._pieces(self._cancelled.is_set):
                self._came.put(piece)
            self._came.put(None)
        except RemoteFailed as error:
            self._came.put(error)
        except Exception as error:  # what the network's library has not thought of
            log.exception("the remote model")
            self._came.put(RemoteFailed(Fault.FAILED, f"the remote model failed: {error}"))
