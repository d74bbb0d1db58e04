"""How much network the service has: none, this machine, the machines nearby, or all of them."""

import ipaddress
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlsplit

from assistant.credentials import near
from assistant.messages import say

if TYPE_CHECKING:
    from assistant.config import Config

Level = Literal["none", "loopback", "lan", "remote"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the most closed to the most open one."""
VARIABLE = "ASSISTANT_NETWORK"
"""The unit tells the daemon its level in this variable of the environment."""


def wants(config: "Config") -> Iterator[tuple[str, Level]]:
    """Yield each setting that needs a network, with the level that it needs."""
    if config.web.enabled:
        yield "web.enabled", _level(config.web.host)
    if config.mqtt.host:
        yield "mqtt.host", _level(config.mqtt.host)
    if config.wyoming.enabled or config.wyoming.satellite:
        name = "wyoming.enabled" if config.wyoming.enabled else "wyoming.satellite"
        yield name, _level(config.wyoming.host)
    if config.remote.endpoint:
        yield "remote.endpoint", _level(urlsplit(config.remote.endpoint).hostname or "")
    for name, room in (("asr", config.asr), ("speech", config.speech)):
        if room.engine == "wyoming":
            # Without an address it is looked for among the machines nearby.
            yield f"{name}.engine", _level(urlsplit(room.uri).hostname or "lan.local")


def missing(config: "Config", level: Level) -> list[tuple[str, Level]]:
    """Return the settings that need more network than `level`, with what they need."""
    has = LEVELS.index(level)
    return [(name, needed) for name, needed in wants(config) if LEVELS.index(needed) > has]


def needed(config: "Config") -> Level:
    """Return the most closed level with which all settings work."""
    return max((level for _, level in wants(config)), key=LEVELS.index, default="none")


def advice(setting: str, needed: Level, level: Level) -> str:
    """Return what to do where `setting` needs more than the service has."""
    return say(
        "{setting} needs the network `{needed}`, and the service has `{level}`: "
        "`sudo assistant service install --network {needed}` opens it.",
        setting=setting,
        needed=needed,
        level=level,
    )


def granted() -> Level | None:
    """Return the level that the unit gave to this process, or None outside the service."""
    named = os.environ.get(VARIABLE, "")
    return next((level for level in LEVELS if level == named), None)


def _level(host: str) -> Level:
    """Return what is needed to reach, or to be reached at, an address or a name."""
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if host == "localhost":
            return "loopback"
        return "lan" if near(host) else "remote"
    if number.is_loopback:
        return "loopback"
    return "remote" if number.is_global else "lan"
