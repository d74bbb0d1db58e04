"""Lets others in the network find what this device offers: multicast DNS (RFC 6762, 6763)."""

import asyncio
import contextlib
import ipaddress
import logging
from dataclasses import dataclass

from zeroconf import Error, InterfaceChoice
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from assistant.serve.web.access import is_loopback
from assistant.serve.web.reach import is_any, own_addresses

log = logging.getLogger(__name__)

TYPE = "_wyoming._tcp.local."
LABEL_BYTES = 63
"""Longest name of a service in bytes of UTF-8."""
LOOK_S = 30.0
"""How often it is looked whether this machine has other addresses than before."""
GOODBYE_S = 3.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A port, and what is told of it."""

    name: str
    port: int
    properties: dict[str, str]


class Announcer:
    """Tells of some ports while it runs."""

    def __init__(self, host: str, machine: str, offers: list[Offer]) -> None:
        """`host` is the address that is listened on, perhaps that for all; `machine` its name."""
        self._host, self._machine, self._offers = host, machine, offers
        self._network: AsyncZeroconf | None = None
        self._addresses: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._failed = False

    def start(self) -> None:
        """Begin to tell, and go on when this machine's addresses change."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Say that nothing is offered any more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._leave()

    async def _keep(self) -> None:
        while True:
            await self._renew()
            await asyncio.sleep(LOOK_S)

    async def _renew(self) -> None:
        """Tell the present addresses, if they are others than were told."""
        addresses = self._own()
        if addresses == self._addresses:
            return
        await self._leave()
        self._addresses = addresses
        if not addresses:
            return  # no network yet
        listening = InterfaceChoice.All if is_any(self._host) else addresses
        try:
            self._network = AsyncZeroconf(interfaces=listening)
            for offer in self._offers:
                await self._tell(self._network, offer, addresses)
        except (OSError, Error) as error:
            level = logging.INFO if self._failed else logging.WARNING  # it is tried again and again
            log.log(level, "wyoming: the network cannot be told of this device: %s", error)
            self._failed, self._addresses = True, []
            await self._leave()

    def _own(self) -> list[str]:
        """Return this machine's addresses on which the ports are."""
        if not is_any(self._host):
            return [self._host]
        found = own_addresses(":" in self._host)
        return [address for address in found if not is_loopback(address)]

    async def _tell(self, network: AsyncZeroconf, offer: Offer, addresses: list[str]) -> None:
        told = AsyncServiceInfo(
            TYPE,
            f"{label(offer.name)}.{TYPE}",
            addresses=[ipaddress.ip_address(a.partition("%")[0]).packed for a in addresses],
            port=offer.port,
            properties=offer.properties,
            server=f"{label(self._machine)}.local.",
        )
        done = await network.async_register_service(told, allow_name_change=True)
        await done

    async def _leave(self) -> None:
        network, self._network = self._network, None
        if network is None:
            return
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(GOODBYE_S):
                await network.async_unregister_all_services()
        await network.async_close()


def label(name: str) -> str:
    """Return a name that the protocol allows: without points, and not too long."""
    plain = name.replace(".", "-").strip() or "assistant"
    return plain.encode()[:LABEL_BYTES].decode(errors="ignore")
