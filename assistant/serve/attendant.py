"""Tells systemd that the daemon is ready, how it is, and that it lives, but only while it does."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from assistant.serve import ended
from assistant.serve.notify import Notifier, watchdog_interval
from assistant.systemd import network

if TYPE_CHECKING:
    from assistant.config import Config
    from assistant.daemon import Daemon

log = logging.getLogger(__name__)

LOOK_S = 0.05
"""How often it looks whether the first frame has come, in s."""


class Attendant:
    """Used on the daemon's loop; outside systemd it does nothing."""

    def __init__(self, daemon: "Callable[[], Daemon]", config: "Config") -> None:
        """`daemon()` is the present one."""
        self._daemon = daemon
        self._systemd = Notifier()
        self.troubles = list(_troubles(config))
        """Sentences on what was wrong before the start, for the status."""
        for trouble in self.troubles:
            log.warning("%s", trouble)
        self._phase = "asleep"
        self._wrong: str | None = None

    @property
    def present(self) -> bool:
        """Whether a service manager started this process, and starts it again."""
        return self._systemd.present

    async def attend(self) -> None:
        """Tell that it is ready once it hears, and then at each interval that it lives."""
        while not self._daemon().vitals.hears:
            await asyncio.sleep(LOOK_S)
        self._systemd.ready(self._line())
        while interval := watchdog_interval():
            self._feed()
            await asyncio.sleep(interval)

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Take an event; see `assistant.daemon.Note`."""
        if name == "state":
            self._phase = data["phase"]
            self._systemd.status(self._line())

    def starts_later(self, by_s: float) -> None:
        """Tell that the start takes longer by `by_s` s, which begin now."""
        self._systemd.starts_later(by_s)

    def stopping(self) -> None:
        """Tell that the end has begun."""
        self._systemd.stopping()

    def _feed(self) -> None:
        daemon = self._daemon()
        wrong = daemon.vitals.wrong(daemon.ready.is_set(), daemon.state.deadline)
        if wrong is None:
            self._systemd.watchdog()
        elif self._wrong is None:
            log.error("%s systemd will start it again.", wrong)
        if (wrong is None) != (self._wrong is None):
            self._wrong = wrong
            self._systemd.status(self._line())

    def _line(self) -> str:
        return "; ".join([self._phase, *([self._wrong] if self._wrong else []), *self.troubles])


def _troubles(config: "Config") -> Iterator[str]:
    if told := ended.take(config.state_dir):
        yield told
    if level := network.granted():
        for setting, needed in network.missing(config, level):
            yield network.advice(setting, needed, level)
