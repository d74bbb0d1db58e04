"""How often one address may ask: a token bucket for each, as many as are worth remembering."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

BURST_S = 5.0
"""What is not used is saved up for so long, and may then be used at once."""
ADDRESSES = 4096
"""So many are remembered; the one that was silent for longest is forgotten first."""


class Buckets:
    """Lets an address ask `rate` times a second on average."""

    def __init__(self, rate: float, clock: Callable[[], float], addresses: int = ADDRESSES) -> None:
        self._rate = rate
        self._room = max(1.0, rate * BURST_S)
        self._clock = clock
        self._addresses = addresses
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Address -> requests that are left, and when that was so."""

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._buckets)

    def take(self, address: str) -> float:
        """Return 0 when it may ask now, else in how many s it may."""
        now = self._clock()
        left, then = self._buckets.get(address, (self._room, now))
        left = min(self._room, left + (now - then) * self._rate)
        wait_s = max(0.0, (1.0 - left) / self._rate)
        self._buckets[address] = (left if wait_s else left - 1.0, now)
        self._buckets.move_to_end(address)
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        return wait_s


def group(address: str) -> str:
    """Return whom an address stands for: one host has 2^64 of IPv6, so its network counts."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
