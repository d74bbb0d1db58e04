"""The bytes of the Wyoming protocol: a line of JSON, then more JSON, then any bytes.

Pure: bytes in, events out. The package's own reader takes whatever length it is told, which is not
for a host that may be anybody.
"""

import io
import json
from collections.abc import Iterator
from typing import Any

from wyoming.event import Event, write_event

from assistant.wyoming.errors import Lost

LONGEST_LINE = 64 * 1024
"""In bytes, the limit of the package's own reader."""
LONGEST_PART = 4 * 1024 * 1024
"""In bytes; what a large voice server tells of itself is some 300 kB."""


class Reader:
    """The events of one connection, fed with its bytes."""

    def __init__(self, longest: int = LONGEST_PART) -> None:
        """No part of an event is longer than `longest` bytes."""
        self._longest = longest
        self._rest = bytearray()
        self._head: tuple[str, dict[str, Any], int, int] | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that are whole. Raises `Lost` for what is none."""
        self._rest += data
        while (event := self._next()) is not None:
            yield event

    def _next(self) -> Event | None:
        if self._head is None:
            end = self._rest.find(b"\n", 0, LONGEST_LINE)
            if end < 0:
                if len(self._rest) >= LONGEST_LINE:
                    raise malformed("a line without an end")
                return None
            self._head = _head(self._take(end + 1), self._longest)
        kind, data, more, payload = self._head
        if len(self._rest) < more + payload:
            return None
        self._head = None
        if more:
            data = {**data, **_object(self._take(more))}
        return Event(kind, data, self._take(payload) if payload else None)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken


def text(event: Event) -> str:
    """Return the text of an event, as it can be written down. Raises `Lost` without one."""
    found = event.data.get("text")
    if not isinstance(found, str):
        raise malformed(f"a `{event.type}` without a text")
    return clean(found)


def clean(text: str) -> str:
    """Return a text as it can be sent and written down: without halves of characters."""
    return text.encode(errors="replace").decode()


def to_bytes(event: Event) -> bytes:
    """Return an event as it is sent."""
    written = io.BytesIO()
    write_event(event, written)
    return written.getvalue()


def malformed(what: str) -> Lost:
    """Return the error for what is not this protocol."""
    return Lost("malformed", f"the other host sent {what}; is that a Wyoming service?")


def _head(line: bytes, longest: int) -> tuple[str, dict[str, Any], int, int]:
    """Return type, data, and the lengths of what follows: further data, and bytes."""
    found = _object(line)
    kind, data = found.get("type"), found.get("data") or {}
    more, payload = found.get("data_length") or 0, found.get("payload_length") or 0
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise malformed("a line that is no event")
    if not all(type(length) is int and 0 <= length <= longest for length in (more, payload)):
        raise malformed(f"a `{kind[:40]}` of an impossible length")
    return kind, data, more, payload


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise malformed("a line that is not JSON") from error
    if not isinstance(found, dict):
        raise malformed("a line that is no object")
    return found
