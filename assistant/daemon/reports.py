"""What the rooms report, from threads of their own, to the decider, the trace and the observers."""

import time
from collections.abc import Callable

from assistant.daemon.observers import Observers
from assistant.errors import AssistantError
from assistant.events import (
    ClauseStarted,
    Event,
    Judged,
    Key,
    ReplyBegan,
    SpeakingEnded,
)
from assistant.trace import Trace


class Reports:
    """Those of one daemon."""

    def __init__(
        self,
        trace: Trace,
        observers: Observers,
        *,
        post: Callable[[Event], None],
        post_at: Callable[[float, Event], None],
        soon: Callable[..., None],
        failed: Callable[[Key, str, AssistantError], None],
        turn: Callable[[], int],
    ) -> None:
        """Everything may be called from any thread.

        ``post_at(at, event)`` tells it at that time (monotonic s), ``soon(act, *arguments)`` calls
        `act` on the loop; ``turn()`` is the turn that goes on.
        """
        self.post = post
        """Tell the decider; from any thread."""
        self.failed = failed
        """A room, of these names: `ears`, `mind`, `mouth`, cannot do its work for that take."""
        self._trace, self._observers = trace, observers
        self._post_at, self._soon, self._turn = post_at, soon, turn
        self._begun: Key | None = None  # the take whose words come, on the mind's thread
        self._sounding: Key | None = None  # the take of which something was heard last

    # --- the mind -------------------------------------------------------------------------------

    def judged(self, turn: int, text: str, complete: float) -> None:
        """It estimates so (0 to 1) that `text` is a whole request."""
        self._trace.mark(turn, "judged", time.monotonic(), text=text, complete=round(complete, 4))
        self.post(Judged(turn, text, complete))

    def began(self, key: Key) -> None:
        """A piece of the reply is there, maybe not the first; before the mouth has it."""
        if key != self._begun:
            self._begun = key
            self.post(ReplyBegan(key.turn, key.take))

    def text(self, key: Key, piece: str) -> None:
        """The mouth has that piece."""
        told = {"turn": key.turn, "take": key.take, "piece": piece}
        self._soon(self._observers.show, "text", told)

    # --- the mouth ------------------------------------------------------------------------------

    def clause(self, key: Key, text: str, at: float) -> None:
        """A clause begins to sound at `at`."""
        if not text:  # a filler, which is nothing of the answer
            return
        if key != self._sounding:  # the other clauses' samples are not the first
            self._sounding = key
            self._trace.mark(key.turn, "first_sample", at, take=key.take)
        self.post(ClauseStarted(key.turn, key.take, text))

    def silent(self, key: Key, heard: str, at: float) -> None:
        """The last sample was handed over; the turn ends when it has left the loudspeaker, at `at`.

        What was heard of a turn that is dead is wanted at once: the next answer depends on it.
        """
        self._trace.mark(key.turn, "speaking_end", at, take=key.take)
        event = SpeakingEnded(key.turn, key.take, heard)
        if key.turn < self._turn():
            self.post(event)
        else:
            self._post_at(at, event)
