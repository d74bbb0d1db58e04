"""Who may ask: decisions about the headers of a request, without any I/O."""

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "assistant_token"
HEADERS = 64
"""Most headers of a request."""
HEADER_BYTES = 16 * 1024
"""Most bytes of all headers together."""
TARGET_BYTES = 4 * 1024
"""Longest path and query in bytes."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ONCE = frozenset({b"host", b"origin", b"authorization", b"content-length", b"content-type"})
"""Headers that must not come twice: two servers would believe two different ones."""

Headers = list[tuple[bytes, bytes]]
Refusal = tuple[int, str]
"""A status and a sentence."""


@dataclass(frozen=True)
class Rules:
    """What is demanded of a request."""

    hosts: frozenset[str] = LOOPBACK
    """Names by which the server may be called, in lower case, without ports."""
    token: str = ""
    """The secret; empty: none is demanded."""
    open: frozenset[str] = frozenset()
    """Paths that need no token."""


def check(rules: Rules, path: str, target: int, headers: Headers, address: str) -> Refusal | None:
    """Return why a request is refused, or None.

    Args:
        rules: What is demanded.
        path: Path of the request.
        target: Length of path and query in bytes.
        headers: All headers, their names in lower case.
        address: Address of this machine that was connected to.
    """
    if target > TARGET_BYTES:
        return 414, "the address is too long."
    if len(headers) > HEADERS or sum(len(n) + len(v) for n, v in headers) > HEADER_BYTES:
        return 431, "the headers are too many or too long."
    for name in ONCE:
        if len(values(headers, name)) > 1:
            return 400, f"the header {name.decode()} came twice."
    called = first(headers, b"host")
    if host_name(called) not in rules.hosts | {plain(address)}:
        return 403, "this name is not one of the server's; `web.hosts` may allow it."
    if not same_origin(first(headers, b"origin"), called):
        return 403, "requests from other sites are refused."
    if rules.token and path not in rules.open and not knows(headers, rules.token):
        return 401, "a token is needed; `assistant web token` shows it."
    return None


def values(headers: Headers, name: bytes) -> list[str]:
    """Return all values of a header."""
    return [value.decode("latin-1") for each, value in headers if each == name]


def first(headers: Headers, name: bytes) -> str | None:
    """Return the value of a header, or None."""
    return next(iter(values(headers, name)), None)


def plain(address: str) -> str:
    """Return an IP address in its one short form, without a zone; other texts in lower case."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address.lower()
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def host_name(header: str | None) -> str | None:
    """Return the name in a Host header, without the port; None where it makes no sense."""
    try:
        parts = urlsplit(f"//{header or ''}")
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return plain(parts.hostname)


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether an Origin header, if there is one, names the page that this server gave out.

    The scheme is not compared: behind a proxy that adds TLS this server does not know it.
    """
    if origin is None:
        return True
    scheme, separator, name = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and name.lower() == (host or "").lower()


def knows(headers: Headers, token: str) -> bool:
    """Whether the token is there, as a Bearer or as the cookie; takes as long for a wrong one."""
    given = [
        value[len("bearer ") :].strip()
        for value in values(headers, b"authorization")
        if value.lower().startswith("bearer ")
    ]
    given += cookies(values(headers, b"cookie"))
    right = [hmac.compare_digest(each.encode("latin-1"), token.encode()) for each in given]
    return any(right)


def cookies(headers: Iterable[str]) -> list[str]:
    """Return the tokens in Cookie headers."""
    pairs = (pair.partition("=") for header in headers for pair in header.split(";"))
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE]


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect to an address."""
    try:
        return ipaddress.ip_address(plain(address)).is_loopback
    except ValueError:
        return False
