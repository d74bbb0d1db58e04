"""Where the page is found: the addresses by which browsers on this and other machines reach it."""

import fcntl
import socket
import struct
from collections.abc import Iterator
from typing import Any

from assistant.config import Config
from assistant.errors import BadInput
from assistant.serve.web.access import is_loopback

SIOCGIFADDR = 0x8915
"""Linux: an interface's address, netdevice(7)."""


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return what to bind for a setting. Raises `BadInput` where it is no address."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise BadInput(
            "web.host is {host!r}; allowed: an address of this machine.", host=host
        ) from None
    return family, address


def needs_token(config: Config, address: str) -> bool:
    """Whether others than this machine's users may come in: by its address, or by a proxy."""
    web = config.web
    return bool(not is_loopback(address) or web.hosts or web.token_file)


def url(config: Config, host: str, port: int) -> str:
    """Return the address of the page for a browser; `host` may be all of this machine's."""
    if is_any(host):
        host = own_addresses(":" in host)[0]
    scheme = "https" if config.web.certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"


def urls(config: Config) -> list[str]:
    """Return all addresses of the page as the settings have it, the best for others first.

    Raises `BadInput` where they cannot be known.
    """
    web = config.web
    address = str(resolve(web.host, web.port)[1][0])
    if is_loopback(address) and web.hosts:  # others come by a proxy, which encrypts
        return [f"https://{name}/" for name in web.hosts]
    if not web.port:
        raise BadInput("web.port is 0, any free one: only the running server knows it; set one.")
    hosts = own_addresses(":" in address) if is_any(address) else [web.host]
    return [url(config, host, web.port) for host in [*web.hosts, *hosts]]


def with_token(address: str, token: str) -> str:
    """Return an address of the page that hands over the token; browsers do not send this part."""
    return f"{address}#token={token}"


def is_any(address: str) -> bool:
    """Whether it stands for all addresses of this machine."""
    return address in ("0.0.0.0", "::")


def own_addresses(six: bool) -> list[str]:
    """Return this machine's addresses, the one by which it reaches others first.

    With `six` those of IPv6 first, whose sockets take IPv4 too. Nothing is sent.
    """
    found = [*_routed(socket.AF_INET), *_interfaces()]
    if six:
        found = [*_routed(socket.AF_INET6), *found]
    return [a for a in dict.fromkeys(found) if not is_loopback(a)] or [
        "::1" if six else "127.0.0.1"
    ]


def _routed(family: socket.AddressFamily) -> Iterator[str]:
    far = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))  # only looks for a route
            yield str(probe.getsockname()[0])
    except OSError:
        return


def _interfaces() -> Iterator[str]:
    """Yield the IPv4 address of each interface that has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:
                continue
            yield socket.inet_ntoa(answer[20:24])
