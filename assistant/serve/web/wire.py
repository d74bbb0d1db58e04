"""JSON and server-sent events, as bytes on the wire."""

import json
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b":\n\n"
"""A comment: clients pass over it, and connections that look idle are kept open by it."""


def as_json(data: Any) -> bytes:
    """Return JSON in UTF-8; half a character stays what JSON can say of it, an escape."""
    return json.dumps(data, ensure_ascii=False).encode(errors="backslashreplace")


def event(data: dict[str, Any], name: str = "") -> bytes:
    """Return one event; its data is always one line, since JSON has no bare line ends."""
    return (f"event: {name}\n" if name else "").encode() + b"data: " + as_json(data) + b"\n\n"
