"""Who may connect. Pure."""

import ipaddress
from collections.abc import Sequence

from assistant.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(allow: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that `wyoming.allow` names; raises `BadInput`."""
    found = []
    for each in allow:
        try:
            found.append(ipaddress.ip_network(each, strict=False))
        except ValueError:
            raise BadInput(
                "wyoming.allow names {each!r}; allowed: addresses and networks such as "
                '"192.168.1.20" or "192.168.1.0/24".',
                each=each,
            ) from None
    return tuple(found)


def may_connect(allowed: Sequence[Network], address: str) -> bool:
    """Whether a client with that address may; this machine's own always may."""
    found = parsed(address)
    if found is None:
        return False
    return not allowed or found.is_loopback or any(found in network for network in allowed)


def parsed(address: str) -> Address | None:
    """Return an address; one of IPv4 within IPv6 is one of IPv4, and a zone says nothing."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
