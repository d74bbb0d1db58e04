"""Where a service is: `tcp://host:port`."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from assistant.errors import BadInput

HOST = re.compile(r"[\w.:%-]+")
AUTO = "auto"
"""In place of an address: the first service found that fits."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A host by its name or number, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


def parse(uri: str, key: str, also: str = "") -> Address:
    """Return the address in `uri`, the value of the setting `key`; raises `BadInput`.

    `also` says what else the setting may be, in the message.
    """
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme == "tcp" and HOST.fullmatch(host) and port and plain:
        return Address(host, port)
    found = f"is {uri!r}" if uri else "is not set"
    raise BadInput(
        "`{key}` {found}; allowed: an address such as tcp://192.168.1.20:10300{also}; "
        "`assistant find` shows what there is.",
        key=key,
        found=found,
        also=also,
    )


def check(uri: str, key: str) -> Address | None:
    """Return the address in `uri`, or None for `auto`; raises `BadInput`."""
    return None if uri == AUTO else parse(uri, key, also=f", or `{AUTO}`")
