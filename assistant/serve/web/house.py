"""What the routes share: the way to the daemon, the conversations, the counters."""

import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import Request

from assistant.config import Config
from assistant.serve.web.buckets import group
from assistant.serve.web.link import Link
from assistant.serve.web.metrics import Metrics
from assistant.serve.web.sessions import Sessions

PATIENCE_S = 300.0
"""Longest silence of the daemon within an answer; its own limit, `llm.timeout`, comes first."""
COUNTED = {"prompt": "prompt_tokens", "cached": "cached_tokens", "reply": "reply_tokens"}


@dataclass
class House:
    """One for each server."""

    link: Link
    config: Config
    metrics: Metrics = field(default_factory=Metrics)
    sessions: Sessions = field(default_factory=lambda: Sessions(time.monotonic))
    language: str = ""
    """What the daemon speaks, when it told so last; empty: it has not yet."""
    calls: list[str] | None = None
    """What wakes it, when the daemon told so last."""

    async def generate(self, asked: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the daemon's events of one answer (`queued`, `text`, `end`), and count them.

        Closing the generator stops the work. Raises as `Link.stream` does.
        """
        begun, first = time.monotonic(), True
        self.metrics.in_flight += 1
        try:
            request = {"command": "chat", **asked}
            async with contextlib.aclosing(self.link.stream(request, PATIENCE_S)) as answers:
                async for answer in answers:
                    if first and answer.get("event") == "text":
                        self.metrics.first_token(time.monotonic() - begun)
                        first = False
                    for kind, key in COUNTED.items():
                        self.metrics.tokens(kind, int(usage(answer).get(key, 0)))
                    yield answer
        finally:
            self.metrics.in_flight -= 1


def usage(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an `end` tells of the work; nothing for other events."""
    return cast("dict[str, Any]", answer.get("usage") or {})


def of(request: Request) -> House:
    """Return the house of the server that got the request."""
    return cast("House", request.app.state.house)


def client_name(request: Request) -> str:
    """Return whom the request's turn in the queue is counted for."""
    return group(request.client.host) if request.client else "unknown"
