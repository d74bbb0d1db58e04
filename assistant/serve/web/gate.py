"""What every request passes: access, rate, size and time limits; and what every answer carries."""

import asyncio
import math
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serve.web.access import Rules, check, first
from assistant.serve.web.answers import Problem, problem_answer
from assistant.serve.web.buckets import Buckets, group
from assistant.serve.web.metrics import Metrics

BODY_S = 10.0
"""A body is here within so long, or the request ends."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SAFE = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Gate:
    """An ASGI application around another one."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        buckets: Buckets,
        metrics: Metrics,
        body_limit: int,
        body_s: float = BODY_S,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        """`larger` are the paths that take larger bodies than `body_limit`."""
        self._app = app
        self._rules = rules
        self._buckets = buckets
        self._metrics = metrics
        self._body_limit = body_limit
        self._body_s = body_s
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        limit = max(self._body_limit, self._larger.get(scope["path"], 0))
        body = _Body(scope, receive, limit, self._body_s)
        answer = _Answer(scope, send, self._metrics, body)
        if problem := self._refusal(scope) or body.refusal():
            await problem_answer(scope["path"], problem)(scope, body.receive, answer.send)
        else:
            await self._app(scope, body.receive, answer.send)

    def demand(self, token: str) -> None:
        """Let only this token in from now on."""
        self._rules = replace(self._rules, token=token)

    def _refusal(self, scope: Scope) -> Problem | None:
        address = scope["client"][0] if scope.get("client") else ""
        if wait_s := self._buckets.take(group(address)):
            head = {"retry-after": str(math.ceil(wait_s))}
            return Problem(429, "too many requests; wait a moment.", head)
        target = len(scope["raw_path"]) + len(scope["query_string"])
        local = scope["server"][0] if scope.get("server") else ""
        refused = check(self._rules, scope["path"], target, scope["headers"], local)
        if refused is None:
            return None
        return Problem(*refused, {"www-authenticate": "Bearer"} if refused[0] == 401 else None)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket through, or refuse it; its limits are its server's."""
        if scope["type"] == "websocket" and self._refusal(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)


class _Body:
    """The body of one request, within its limits."""

    def __init__(self, scope: Scope, receive: Receive, limit: int, seconds: float) -> None:
        headers = scope["headers"]
        self._length = first(headers, b"content-length") or "0"
        self._chunked = first(headers, b"transfer-encoding") is not None
        self._takes = scope["method"] not in ("GET", "HEAD", "OPTIONS")
        self._receive = receive
        self._limit = limit
        self._seconds = seconds
        self._ends = asyncio.get_running_loop().time() + seconds
        self._size = 0
        self.complete = self._length == "0" and not self._chunked
        """Whether nothing is left to read."""

    def refusal(self) -> Problem | None:
        """Return what is wrong with it before a byte was read."""
        if not self._takes and not self.complete:
            return Problem(400, "this method takes no body.")
        if self._chunked and self._length != "0":  # two servers might see two different ends
            return Problem(400, "a body has a length or is chunked, not both.")
        if len(self._length) > 15 or int(self._length) > self._limit:
            return self._too_big()
        return None

    async def receive(self) -> Message:
        """Receive the next part of it; after its end, whatever the server has to say."""
        if self.complete:
            message = await self._receive()
        else:
            try:
                async with asyncio.timeout_at(self._ends):
                    message = await self._receive()
            except TimeoutError:
                sentence = f"the body did not arrive within {self._seconds:g} s."
                raise Problem(408, sentence) from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            if self._size > self._limit:
                raise self._too_big()
            self.complete = not message.get("more_body", False)
        return message

    def _too_big(self) -> Problem:
        return Problem(413, f"the body is too large; at most {self._limit} bytes are taken.")


class _Answer:
    """The answer to one request, with the headers that all have; counted when it begins."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics, body: _Body) -> None:
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._body = body

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send a part of it."""
        if message["type"] == "http.response.start":
            self._metrics.request(self._route(), message["status"])
            # What was sent beside the request must not be taken for the next one; and who asks too
            # often needs a new connection then, for which there is a pace.
            kept = self._body.complete and message["status"] != 429
            close = [] if kept else [(b"connection", b"close")]
            message = {**message, "headers": [*message["headers"], *SAFE, *close]}
        await self._send(message)

    def _route(self) -> str:
        route = self._scope.get("route")
        if route is None:
            return "other"
        return "static" if route.name == "static" else str(route.path)
