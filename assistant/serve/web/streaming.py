"""An answer that is sent piece by piece, and whose work stops when nobody reads it any more."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assistant.errors import AssistantError
from assistant.serve.web import wire
from assistant.serve.web.answers import Problem, as_problem, problem_answer

HEARTBEAT_S = 15.0
"""A stream of events that is silent for so long gets a comment."""


class Streamed(Response):
    """Sends what a generator yields.

    The status is sent with the first piece: an `AssistantError` before it becomes a whole answer
    with its own status. The generator is closed when the client goes, or the server ends.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], media_type: str = wire.MEDIA_TYPE
    ) -> None:
        super().__init__(None, HTTPStatus.OK, {"cache-control": "no-store"}, media_type)
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"  # nginx would hold pieces back
        self._pieces = pieces
        self._heartbeat_s = HEARTBEAT_S if media_type == wire.MEDIA_TYPE else None
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with contextlib.aclosing(self._pieces):
            if scope["method"] == "HEAD":
                await self._send(send, b"", more=False)
                return
            ending = [
                asyncio.create_task(_gone(receive)),
                asyncio.create_task(scope["app"].state.closing.wait()),
            ]
            try:
                while (piece := await self._next(ending, send)) is not None:
                    await self._send(send, piece, more=True)
                if not self._started and ending[1].done():
                    await _refuse(Problem(503, "the server is ending."), scope, receive, send)
                elif not ending[0].done():
                    await self._send(send, b"", more=False)
            except AssistantError as error:
                if self._started:
                    raise
                await _refuse(as_problem(error), scope, receive, send)
            finally:
                for task in ending:
                    task.cancel()

    async def _next(self, ending: list[asyncio.Task[None]], send: Send) -> bytes | None:
        """Return the next piece; None after the last, or when there is nobody to send it to."""
        coming = asyncio.ensure_future(anext(self._pieces, None))
        try:
            while not coming.done():
                done, _ = await asyncio.wait(
                    {coming, *ending},
                    timeout=self._heartbeat_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if any(task.done() for task in ending):
                    return None
                if not done and self._started:
                    await self._send(send, wire.HEARTBEAT, more=True)
            return coming.result()
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})

    async def _send(self, send: Send, body: bytes, more: bool) -> None:
        if not self._started:
            self._started = True
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_answer(scope["path"], problem)(scope, receive, send)


async def _gone(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
