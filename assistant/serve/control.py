"""The control socket: how other programs of this user wake, stop and watch the daemon.

A Unix socket, one JSON object a line in each direction: ``{"command": "wake"}`` is answered by
``{"ok": true}`` or ``{"ok": false, "error": "one sentence"}``. Some commands are answered by many
lines, after which the connection is closed; a client that closes it, or says anything, ends them.
A few are talks: what the client says after its request belongs to it, one JSON object a line.
The folder's mode (0700) keeps other users out.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, BadInput, Busy

log = logging.getLogger(__name__)

LINE_LIMIT = 64 * 1024
"""Longest request in bytes; a longer one ends the connection."""
IDLE_S = 30.0
"""A client that says nothing for so long is let go."""
CALL_TIMEOUT_S = 5.0
UNHEARD = 64
"""Lines of a talk that may wait to be heard; then the client has to wait."""

Handler = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers a request; raises `AssistantError` for one that makes no sense."""
Stream = Callable[[dict[str, Any]], AsyncGenerator[dict[str, Any], None]]
"""Answers a request by many lines; raises as a `Handler`."""
Talk = Callable[
    [dict[str, Any], AsyncIterator[dict[str, Any]]], AsyncGenerator[dict[str, Any], None]
]
"""As a `Stream`, and hears the client's further lines; a line that is no object is an empty one."""


class ControlServer:
    """Listens on the socket of one daemon; a second daemon is refused."""

    def __init__(
        self,
        path: Path,
        handle: Handler,
        streams: Mapping[str, Stream] | None = None,
        talks: Mapping[str, Talk] | None = None,
    ) -> None:
        """`streams` and `talks` answer the commands that they name, `handle` all others."""
        self.path = path
        self._handle, self._streams, self._talks = handle, streams or {}, talks or {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen. Raises `AssistantError` when another daemon does, or it cannot."""
        if alive(self.path):
            raise AssistantError(
                "{path}: another assistant is running; stop it, or set paths.socket.",
                path=self.path,
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(
                self._serve, str(self.path), limit=LINE_LIMIT
            )
            self.path.chmod(0o600)
        except OSError as error:
            raise AssistantError(
                "{path}: the control socket cannot be made: {strerror}; set paths.socket to a "
                "place that can be written.",
                path=self.path,
                strerror=error.strerror,
            ) from error

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server:
            self._server.close()
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await asyncio.wait_for(reader.readline(), IDLE_S):
                request = _parsed(line)
                command = str(request.get("command"))
                if stream := self._streams.get(command):
                    await self._pour(_begun(stream, request), reader.read(1), writer)
                    return
                if talk := self._talks.get(command):
                    said = _Said(reader)
                    await self._pour(_begun(said.to(talk), request), said.hear(), writer)
                    return
                await _write(writer, self._answer(request))
        except (TimeoutError, ValueError, OSError):
            log.debug("a control client was let go")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _pour(
        self,
        lines: AsyncGenerator[dict[str, Any], None],
        until: Coroutine[Any, Any, object],
        writer: asyncio.StreamWriter,
    ) -> None:
        """Write `lines` until their end, or until the end of `until`: the client goes."""

        async def write() -> None:
            try:
                async for line in lines:
                    await _write(writer, {"ok": True, **line})
            except AssistantError as error:
                await _write(writer, _refusal(error))

        writing = asyncio.create_task(write())
        leaving = asyncio.create_task(until)
        try:
            await asyncio.wait([writing, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            await lines.aclose()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if isinstance(request.get("command"), str):
                return {"ok": True, **self._handle(request)}
            raise BadInput('the request is not like {"command": "wake"}')
        except AssistantError as error:
            return _refusal(error)


class _Said:
    """What the client of a talk says."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue(UNHEARD)

    async def hear(self) -> None:
        """Take lines until the client goes, or says too much without an end of line."""
        with contextlib.suppress(ValueError, OSError):
            while line := await self._reader.readline():
                await self._lines.put(_parsed(line))

    def to(self, talk: Talk) -> Stream:
        """Return the talk, in which all this is said."""
        return lambda request: talk(request, self.lines())

    async def lines(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield them, without end: that the client goes ends the whole talk."""
        while True:
            yield await self._lines.get()


async def _begun(stream: Stream, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Let what `stream` raises at once come as what it raises later."""
    async with contextlib.aclosing(stream(request)) as lines:
        async for line in lines:
            yield line


def _parsed(line: bytes) -> dict[str, Any]:
    """Return the request in a line; empty for one that is none."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def _refusal(error: AssistantError) -> dict[str, Any]:
    """Return the answer to a request that cannot be done, with whose fault it is."""
    told = {"ok": False, "error": str(error)}
    if isinstance(error, Busy):
        return told | {"kind": "busy", "retry_after_s": error.retry_after}
    return told | {"kind": "input" if isinstance(error, BadInput) else "failed"}


async def _write(writer: asyncio.StreamWriter, line: dict[str, Any]) -> None:
    writer.write(json.dumps(line).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), IDLE_S)


def alive(path: Path) -> bool:
    """Whether a daemon answers at the socket; a file left by a dead one does not count."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
        return True


def call(path: Path, request: dict[str, Any], timeout_s: float = CALL_TIMEOUT_S) -> dict[str, Any]:
    """Send one request to the daemon and return its answer, or the first line of many.

    Raises `AssistantError` when no daemon runs, it says nothing for so long, or it refuses;
    `BadInput` when what was asked makes no sense.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout_s)
        try:
            client.connect(os.fspath(path))
            client.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(client.makefile("rb").readline())
        except (OSError, ValueError) as error:
            raise AssistantError(
                "no assistant answers at {path}; start one with `assistant run`.", path=path
            ) from error
    if not answer.get("ok"):
        refusal = BadInput if answer.get("kind") == "input" else AssistantError
        raise refusal(str(answer.get("error", "the request was refused")))
    return answer
