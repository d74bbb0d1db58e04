"""Which services announce themselves in the local network, and what a service offers.

Announced by multicast DNS (RFC 6762, 6763) as `_wyoming._tcp.local.`; looked for only when the
settings say `auto`, or by `assistant find`.
"""

import logging
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from wyoming.info import Describe, Info

from assistant.language import spoken
from assistant.wyoming.address import Address, check
from assistant.wyoming.connection import CONNECT_S, Connection
from assistant.wyoming.errors import Lost
from assistant.wyoming.wire import malformed

log = logging.getLogger(__name__)

TYPE = "_wyoming._tcp.local."
SEARCH_S = 3.0
"""Seconds that are searched: a service answers within one, unless its answer is lost once."""
DESCRIBE_S = 3.0
"""Seconds for what a service says of itself."""
NOWHERE = ("0.0.0.0", "::")

Kind = Literal["asr", "tts", "handle"]
"""Speech recognition, voice, conversation; as the protocol calls them."""
CHINESE = ("zh", "cmn", "yue")


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a service does."""

    kind: Kind
    name: str
    models: tuple[str, ...]
    """Names of models or voices."""
    languages: tuple[str, ...]
    """Codes such as `en` or `en_US`; empty where it does not say."""

    def knows(self, language: str) -> bool:
        """Whether it may understand or speak a language of ours, `en`, `zh` or both (`auto`)."""
        known = {each.lower().replace("-", "_").split("_")[0] for each in self.languages}
        return not known or all(
            known.intersection(CHINESE if each == "zh" else (each,)) for each in spoken(language)
        )


@dataclass(frozen=True, slots=True)
class Service:
    """One that announced itself."""

    name: str
    address: Address


def announced(seconds: float) -> Iterator[Service]:
    """Yield the services that announce themselves within so many s, as they are found.

    Raises `Lost` where the network cannot be searched.
    """
    from zeroconf import ServiceBrowser, Zeroconf

    names: queue.SimpleQueue[str] = queue.SimpleQueue()

    def changed(name: str, state_change: Any, **_: Any) -> None:
        if state_change.name == "Added":
            names.put(name)

    try:
        network = Zeroconf()
    except OSError as error:
        raise Lost("unreachable", f"the network cannot be searched: {error.strerror}.") from error
    try:
        ServiceBrowser(network, TYPE, handlers=[changed])
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            try:
                name = names.get(timeout=left)
            except queue.Empty:
                return
            found = network.get_service_info(TYPE, name, round(DESCRIBE_S * 1000))
            if found and found.port and (hosts := found.parsed_scoped_addresses()):
                hosts.sort(key=lambda host: (host in NOWHERE, ":" in host))  # IPv4 first
                label = name.removesuffix("." + TYPE)
                yield Service(label, Address(hosts[0], found.port))
    finally:
        network.close()


def describe(address: Address) -> list[Offer]:
    """Ask a service what it offers. Raises `Lost`."""
    if address.host in NOWHERE:  # some servers announce what they listen on; here it is this device
        raise Lost("unreachable", f"{address} is nowhere; start that server with its own address.")
    connection = Connection(address, CONNECT_S)
    try:
        connection.send(Describe(), timeout_s=DESCRIBE_S)
        ends = time.monotonic() + DESCRIBE_S
        while event := connection.receive(ends - time.monotonic()):
            if Info.is_type(event.type):
                break
        assert event is not None  # nobody cancels
        return _offers(Info.from_event(event))
    except Lost:
        raise
    except Exception as error:  # whatever the package makes of a wrong description
        raise malformed("a description that is none") from error
    finally:
        connection.close()


def find(kind: Kind, language: str) -> Address:
    """Return the first service found that offers a thing in a language. Raises `Lost`."""
    for service in announced(SEARCH_S):
        try:
            offers = describe(service.address)
        except Lost as error:
            log.info("%s: %s", service.name, error)
            continue
        if any(offer.kind == kind and offer.knows(language) for offer in offers):
            log.info("%s is %s at %s", kind, service.name, service.address)
            return service.address
    raise Lost("unreachable", f"no service for {kind} in `{language}` was found in the network.")


class Place:
    """Where a service is: as the settings say, or as found, anew each time that it was lost."""

    def __init__(self, uri: str, key: str, kind: Kind, language: str) -> None:
        """`uri` is the value of the setting `key`. Raises `BadInput`."""
        self._known = check(uri, key)
        self._auto = self._known is None
        self._kind: Kind = kind
        self._language = language

    def __str__(self) -> str:
        return str(self._known or "the other host")

    def address(self) -> Address:
        """Return the address; `auto` may search for `SEARCH_S` s. Raises `Lost`."""
        if self._known is None:
            self._known = find(self._kind, self._language)
        return self._known

    def lost(self) -> None:
        """The service there failed."""
        if self._auto:
            self._known = None


def _offers(info: Info) -> list[Offer]:
    offers = []
    programs: list[tuple[Kind, list[Any], str]] = [
        ("asr", info.asr, "models"),
        ("tts", info.tts, "voices"),
        ("handle", info.handle, "models"),
    ]
    for kind, found, inside in programs:
        for program in found:
            models = getattr(program, inside)
            names = tuple(str(model.name) for model in models)
            languages = dict.fromkeys(str(code) for m in models for code in m.languages)
            offers.append(Offer(kind, str(program.name), names, tuple(languages)))
    return offers
