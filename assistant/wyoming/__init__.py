"""Services on other hosts, by the Wyoming protocol: where they are, and talking with them.

What needs the package `wyoming` stands in `wire`, `connection` and `finding`; `need` comes first.
"""

import importlib.util
from typing import TYPE_CHECKING

from assistant.errors import BadInput, EngineMissing

if TYPE_CHECKING:
    from assistant.config import Config


def need(key: str) -> None:
    """Raise `EngineMissing` without the packages; `key` is the setting or command that asks."""
    for package in ("wyoming", "zeroconf"):
        if importlib.util.find_spec(package) is None:
            raise EngineMissing(
                "`{key}` needs the package {package}, which is not installed; `script/setup "
                "--with wyoming` installs it.",
                key=key,
                package=package,
            )


def check(config: "Config", uri: str, key: str) -> None:
    """Raise `BadInput` where the host in `uri`, the setting `key`, cannot be used, or as `need`."""
    from assistant.wyoming import address

    if address.check(uri, key) is None and config.wyoming.enabled:
        raise BadInput(
            "`{key}` is {uri!r}, but with `wyoming.enabled` this device would find itself; "
            "name the host; `assistant find` shows what there is.",
            key=key,
            uri=uri,
        )
    need(key)
