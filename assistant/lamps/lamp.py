"""What a lamp is, and what keeps one that raises or hangs from costing anything."""

import logging
import threading
from collections.abc import Sequence
from typing import Any, Protocol

log = logging.getLogger(__name__)

OFF = "off"
"""The phase of an assistant that has ended."""
POOR = "poor"
"""In place of asleep: something fails so often that something plainer stands in for it."""
END_S = 1.0
"""How long lamps are waited for at the end, in s."""


class Lamp(Protocol):
    """Something that shows the phase; see docs/lamps.md. Called on a thread of its own."""

    def state(self, phase: str) -> None:
        """Show `asleep`, `poor`, `listening`, `thinking`, `speaking` or `off`.

        May take its time.
        """


class Lit:
    """One lamp with its thread. It is shown the newest phase; those it had no time for are left."""

    def __init__(self, name: str, lamp: Lamp) -> None:
        """`name` is for the log."""
        self._name, self._lamp = name, lamp
        self._wanted: str | None = None
        self._changed = threading.Condition()
        self._broken = False
        self._thread = threading.Thread(target=self._run, name=f"lamp {name}", daemon=True)
        self._thread.start()

    def show(self, phase: str) -> None:
        """Show `phase` soon; never blocks."""
        with self._changed:
            self._wanted = phase
            self._changed.notify()

    def end(self) -> None:
        """Show that it is over, and end; one that hangs is left behind."""
        self.show(OFF)
        self._thread.join(END_S)

    def _run(self) -> None:
        while self._show(self._next()):
            pass

    def _next(self) -> str:
        with self._changed:
            self._changed.wait_for(lambda: self._wanted is not None)
            phase, self._wanted = self._wanted, None
        assert phase is not None
        return phase

    def _show(self, phase: str) -> bool:
        """Return whether there is more to show."""
        try:
            self._lamp.state(phase)
            self._broken = False
        except Exception as error:
            if not self._broken:  # it is told once, until it works again
                log.warning("the lamp %s: %s: %s", self._name, type(error).__name__, error)
            self._broken = True
        return phase != OFF


class Lamps:
    """All lamps: an observer of the daemon, see `assistant.daemon.Note`."""

    def __init__(self, lamps: Sequence[tuple[str, Lamp]]) -> None:
        self._lit = [Lit(name, lamp) for name, lamp in lamps]
        self._phase, self._poor = "asleep", False

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        if name == "state":
            self._phase = data["phase"]
        elif name == "crew":
            self._poor = bool(data["poor"])
        else:
            return
        for lit in self._lit:
            lit.show(POOR if self._poor and self._phase == "asleep" else self._phase)

    def end(self) -> None:
        """Put all out."""
        for lit in self._lit:
            lit.show(OFF)
        for lit in self._lit:
            lit.end()
