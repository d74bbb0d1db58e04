"""All of it: which ports there are, who may come in, and that they can be found."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.config import Config
from assistant.daemon import Daemon
from assistant.language import spoken
from assistant.serve.lending import Lending
from assistant.serve.web.access import is_loopback
from assistant.serve.wyoming import gate, info
from assistant.serve.wyoming.port import Port
from assistant.serve.wyoming.satellite import Satellite
from assistant.serve.wyoming.services import Services

if TYPE_CHECKING:
    from assistant.serve.wyoming.announce import Announcer

log = logging.getLogger(__name__)

Tell = Callable[[str, dict[str, Any]], None]
"""Tells the observers, see `assistant.daemon.Note`."""


class Door:
    """What the settings offer to others. Used on the daemon's loop."""

    def __init__(
        self,
        config: Config,
        daemon: Callable[[], Daemon],
        lend: Callable[[], Lending],
        tell: Tell,
    ) -> None:
        """`daemon` gives the one that runs now; `lend` raises while none is ready.

        Raises `BadInput` for settings that cannot be used.
        """
        self._config, self._tell = config, tell
        wyoming = config.wyoming
        self.satellite = Satellite(daemon, tell) if wyoming.satellite else None
        """To be told of what happens, and to be each daemon's `outside`."""
        listen = partial(
            Port, wyoming.host, allowed=gate.networks(wyoming.allow), most=wyoming.connections
        )
        self._ports: dict[str, Port] = {}
        if wyoming.enabled:
            self._ports["services"] = listen(wyoming.port, Services(daemon, lend).serve)
        if self.satellite:
            self._ports["satellite"] = listen(wyoming.satellite_port, self.satellite.serve)
        self._announcer: Announcer | None = None

    async def start(self) -> None:
        """Let others in, and tell them. Raises `AssistantError` when a port cannot be had."""
        wyoming, host, ports = self._config.wyoming, "", dict[str, int]()
        for what, port in self._ports.items():
            host, ports[what] = await port.start()
            self._tell("wyoming", {"offers": what, "host": host, "port": ports[what]})
        local = is_loopback(host)
        if not local and not wyoming.allow:
            what = ", and hear what is said after its wake word" if self.satellite else ""
            log.warning(
                "wyoming: whoever reaches %s may use this device%s, for the protocol knows no "
                "passwords; wyoming.allow says who may.",
                wyoming.host,
                what,
            )
        if wyoming.announce == "always" or (wyoming.announce == "auto" and not local):
            self._announce(host, ports)

    async def stop(self) -> None:
        """Let everybody go."""
        if self._announcer:
            await self._announcer.stop()
        if self.satellite:
            self.satellite.stop()
        for port in self._ports.values():
            await port.stop()

    def _announce(self, host: str, ports: dict[str, int]) -> None:
        from assistant.serve.wyoming.announce import Announcer, Offer

        name = info.of(self._config)
        offers: list[Offer] = []
        languages = ",".join(spoken(self._config.language))
        for what, port in ports.items():
            told = {"version": __version__, "language": languages, "offers": what}
            offers.append(Offer(name if what == "services" else f"{name} {what}", port, told))
        self._announcer = Announcer(host, name, offers)
        self._announcer.start()
