"""The way to the daemon: its control socket, one connection for each request."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.serve.control import LINE_LIMIT
from assistant.serve.web import wire

CALL_TIMEOUT_S = 5.0
"""The daemon answers a plain request within so long, or counts as absent."""
ANSWER_LIMIT = 4 * 1024 * 1024
"""Longest line from the daemon in bytes."""


class Absent(AssistantError):
    """No daemon answers, or it went away."""


class Refused(AssistantError):
    """The daemon cannot do what was asked; its own sentence says why."""


class Failed(Refused):
    """It was not the request's fault; another time it may be done."""


class TooLong(Refused):
    """More than fits into one request to the daemon."""


class Busy(AssistantError):
    """The daemon's queue is full."""

    def __init__(self, sentence: str, retry_after_s: float) -> None:
        super().__init__(sentence)
        self.retry_after_s = max(1, math.ceil(retry_after_s))
        """Whole seconds after which it is worth another try."""


@dataclass
class Line:
    """A talk with the daemon: both sides say what they like."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    async def say(self, said: dict[str, Any]) -> None:
        """Say something; that the daemon is gone is told by `hear`."""
        self._writer.write(wire.as_json(said) + b"\n")
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def hear(self) -> dict[str, Any]:
        """Return what the daemon says next. Raises as `Link.stream` does."""
        return await next_line(self._reader)

    async def hear_within(self, seconds: float) -> dict[str, Any]:
        """As `hear`; a silence of more than so many `seconds` raises `Absent`."""
        try:
            async with asyncio.timeout(seconds):
                return await self.hear()
        except TimeoutError as error:
            raise silent() from error


class Link:
    """Asks the daemon at a socket. Holds nothing: a daemon that returns is found again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its one answer.

        Raises `Absent`, `Refused` or `Busy`.
        """
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S), self._asked(request) as (reader, _):
                return await next_line(reader)
        except TimeoutError as error:
            raise silent() from error

    async def stream(
        self, request: dict[str, Any], patience_s: float | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Send a request and yield its answers up to the one whose `event` is `end`.

        Closing the generator cancels the work. A silence of more than `patience_s` raises
        `Absent`; so do `Refused` and `Busy`, at any time.
        """
        async with self._asked(request) as (reader, _):
            while True:
                try:
                    async with asyncio.timeout(patience_s):
                        answer = await next_line(reader)
                except TimeoutError as error:
                    raise silent() from error
                yield answer
                if answer.get("event") == "end":
                    return

    @contextlib.asynccontextmanager
    async def talk(self, request: dict[str, Any]) -> AsyncIterator[Line]:
        """Begin a talk with a request; leaving it ends the work. Raises as `stream` does."""
        async with self._asked(request) as (reader, writer):
            yield Line(reader, writer)

    @contextlib.asynccontextmanager
    async def _asked(
        self, request: dict[str, Any]
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect, send, and hang up at the end."""
        line = wire.as_json(request) + b"\n"
        if len(line) >= LINE_LIMIT:
            raise TooLong(
                "the text is too long; at most {line_limit} kB are allowed.",
                line_limit=LINE_LIMIT // 1024,
            )
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=ANSWER_LIMIT)
        except OSError as error:
            raise Absent("the assistant is not running; start it with `assistant run`.") from error
        try:
            writer.write(line)
            with contextlib.suppress(OSError):  # reading tells what happened
                await writer.drain()
            yield reader, writer
        finally:
            writer.close()


async def next_line(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Return the daemon's next line."""
    try:
        line = await reader.readline()
        answer = json.loads(line) if line.endswith(b"\n") else None
    except (OSError, ValueError) as error:
        raise Absent("the assistant's answer was cut off or cannot be read.") from error
    if not isinstance(answer, dict):
        raise Absent("the assistant went away in the middle; try again.")
    if answer.get("ok"):
        return answer
    sentence = str(answer.get("error", "the assistant refused the request."))
    wait = answer.get("retry_after_s")
    if isinstance(wait, int | float) and math.isfinite(wait):
        raise Busy(sentence, wait)
    raise (Failed if answer.get("kind") == "failed" else Refused)(sentence)


def silent() -> Absent:
    """Return the error of a daemon that says nothing."""
    return Absent("the assistant does not answer; `assistant doctor` looks why.")
