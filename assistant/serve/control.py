"""The control socket: how other programs of this user wake, stop and watch the daemon.

A Unix socket, one JSON object a line in each direction: ``{"command": "wake"}`` is answered by
``{"ok": true}`` or ``{"ok": false, "error": "one sentence"}``. Some commands are answered by many
lines, after which the connection is closed; a client that closes it, or says anything, ends them.
A few are talks: what the client says after its request belongs to it, one JSON object a line.
`assistant.serve.protocol` has the commands, `assistant.serve.peers` who may give them,
`assistant.serve.crowd` what all clients together may cost.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Mapping,
)
from functools import partial
from pathlib import Path
from typing import Any

from assistant.config import Config
from assistant.errors import AssistantError, BadInput, Busy
from assistant.serve import peers
from assistant.serve.crowd import MOST, Crowd, Pace

log = logging.getLogger(__name__)

SERVICE = Path("/run/assistant/control.sock")
"""The system service's."""
LINE_LIMIT = 64 * 1024
"""Longest request in bytes; a longer one ends the connection."""
IDLE_S = 30.0
"""A client that says nothing for so long is let go."""
LEAVE_S = 2.0
"""What was answered last may take so long to be read; then it is thrown away."""
BACKLOG = 32
"""So many are let in at once, before anything else on the loop has its turn."""
CALL_TIMEOUT_S = 5.0
QUEUE_S = 0.02
"""How often one who finds the queue full tries again, in s."""
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
        *,
        check: Callable[[dict[str, Any]], None] | None = None,
        group: int | None = None,
        most: int = MOST,
    ) -> None:
        """`streams` and `talks` answer the commands that they name, `handle` all others.

        `check` raises `BadInput` for a request that cannot be meant. Beside this user and root the
        members of `group` may connect; there are at the `most` so many connections.
        """
        self.path = path
        self._handle, self._streams, self._talks = handle, streams or {}, talks or {}
        self._check, self._group = check, group
        self._crowd, self._pace = Crowd(most), Pace()
        self._server: asyncio.Server | None = None
        self._ended = False

    async def start(self) -> None:
        """Begin to listen. Raises `AssistantError` when another daemon does, or it cannot."""
        if alive(self.path):
            raise AssistantError(
                "{path}: another assistant is running; stop it, or set paths.socket.",
                path=self.path,
            )
        try:
            if self.path.exists() and not self.path.is_socket():
                raise BadInput(
                    "{path}: is there, and no socket; set paths.socket to another place.",
                    path=self.path,
                )
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(
                self._serve, str(self.path), limit=LINE_LIMIT, backlog=BACKLOG
            )
            peers.admit(self.path, self._group)
        except OSError as error:
            raise AssistantError(
                "{path}: the control socket cannot be made: {strerror}; set paths.socket to a "
                "place that can be written.",
                path=self.path,
                strerror=error.strerror,
            ) from error

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        self._ended = True
        if self._server:
            self._server.close()
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if refusal := self._unwelcome(writer):
                await _write(writer, refusal)
            else:
                await self._listen(reader, writer)
        except (TimeoutError, ValueError, OSError):
            log.debug("a control client was let go")
        except asyncio.CancelledError:  # the loop ends; asyncio would complain of each client
            self._ended = True
        finally:
            self._crowd.leave(writer)
            writer.close()
            if not self._ended:
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(LEAVE_S):
                        await writer.wait_closed()
            writer.transport.abort()  # one who does not read would be kept for ever

    def _unwelcome(self, writer: asyncio.StreamWriter) -> dict[str, Any] | None:
        """Return what one is told who may not be here, or for whom there is no room."""
        if not peers.allowed(peers.of(writer.get_extra_info("socket")), self._group):
            error = AssistantError(
                "this user may not use the control socket; `control.group` names who may, too."
            )
            return _refusal(error) | {"kind": "forbidden"}
        if not self._crowd.enter(writer):
            return _refusal(Busy(1))
        return None

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other; a stream or a talk is the last one."""
        while True:
            self._crowd.idle(writer)
            async with asyncio.timeout(IDLE_S):
                line = await reader.readline()
            self._crowd.busy(writer)
            if not line:
                return
            last = await self._pace.do(partial(self._taken, line, writer))
            if last is not None:
                await self._long(last, reader, writer)
                return
            await _drained(writer)

    def _taken(self, line: bytes, writer: asyncio.StreamWriter) -> dict[str, Any] | None:
        """Answer a request, or return it where the answer has many lines."""
        request = _parsed(line)
        refusal = self._wrong(request)
        if not refusal and request["command"] in {*self._streams, *self._talks}:
            return request
        writer.write(_encoded(refusal or self._answer(request)))
        return None

    async def _long(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Be the stream or the talk that was asked for."""
        if stream := self._streams.get(request["command"]):
            await self._pour(_begun(stream, request), reader.read(1), writer)
            return
        said = _Said(reader)
        talk = self._talks[request["command"]]
        await self._pour(_begun(said.to(talk), request), said.hear(), writer)

    def _wrong(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer to a request that cannot be meant."""
        try:
            if not isinstance(request.get("command"), str):
                raise BadInput('the request is not like {"command": "wake"}')
            if self._check:
                self._check(request)
        except BadInput as error:
            return _refusal(error)
        return None

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
            return {"ok": True, **self._handle(request)}
        except AssistantError as error:
            return _refusal(error)
        except Exception:  # a fault of ours is no reason to leave the client without an answer
            log.exception("the command %s failed", request["command"])
            return _refusal(AssistantError("the assistant has a fault there; its log says more."))


class _Said:
    """What the client of a talk says."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._lines: asyncio.Queue[bytes] = asyncio.Queue(UNHEARD)

    async def hear(self) -> None:
        """Take lines until the client goes, or says too much without an end of line."""
        with contextlib.suppress(ValueError, OSError):
            while line := await self._reader.readline():
                await self._lines.put(line)

    def to(self, talk: Talk) -> Stream:
        """Return the talk, in which all this is said."""
        return lambda request: talk(request, self.lines())

    async def lines(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield them, without end: that the client goes ends the whole talk."""
        while True:
            yield _parsed(await self._lines.get())


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
    writer.write(_encoded(line))
    await _drained(writer)


async def _drained(writer: asyncio.StreamWriter) -> None:
    """Wait until most of it is read. Raises `TimeoutError` for one who does not read."""
    async with asyncio.timeout(IDLE_S):
        await writer.drain()


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def alive(path: Path) -> bool:
    """Whether a daemon answers at the socket; a file left by a dead one does not count."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(os.fspath(path))
        except BlockingIOError:  # so many want to speak to it that this one would have to wait
            return True
        except OSError:
            return False
        return True


def call(path: Path, request: dict[str, Any], timeout_s: float = CALL_TIMEOUT_S) -> dict[str, Any]:
    """Send one request to the daemon and return its answer, or the first line of many.

    Raises `AssistantError` when no daemon runs, it says nothing for so long, or it refuses;
    `BadInput` when what was asked makes no sense.
    """
    with contextlib.closing(_lines(path, request, timeout_s)) as lines:
        return next(lines)


def server(path: Path) -> int:
    """Return the number of the process that answers at the socket; raises as `call` does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(CALL_TIMEOUT_S)
        try:
            _connect(client, path)
            peer = peers.of(client)
        except OSError as error:
            raise nobody(path) from error
        if peer is None or not peer.pid:  # another system, or it lives in a container
            raise AssistantError("this system does not tell which process it is.")
        return peer.pid


def stream(path: Path, request: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
    """Send a request that is answered by many lines; yield them until the daemon ends.

    Raises as `call` does; that nothing comes for long is no error.
    """
    yield from _lines(path, request, None)


def _lines(
    path: Path, request: dict[str, Any], timeout_s: float | None
) -> Generator[dict[str, Any], None, None]:
    """Yield the answer's lines; a daemon that says no more is an error."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(CALL_TIMEOUT_S)
        try:
            _connect(client, path)
            with contextlib.suppress(BrokenPipeError):  # refused already: the answer says why
                client.sendall(json.dumps(request).encode() + b"\n")
            client.settimeout(timeout_s)
            answers = client.makefile("rb")
            while True:
                yield _accepted(json.loads(answers.readline()))
        except (OSError, ValueError) as error:
            raise nobody(path) from error


def nobody(path: Path) -> AssistantError:
    """Return what is told where no daemon answers at the socket."""
    return AssistantError(
        "no assistant answers at {path}; start one with `assistant run`.", path=path
    )


def _connect(client: socket.socket, path: Path) -> None:
    """Connect; while the daemon's queue is full, wait up to `CALL_TIMEOUT_S`. Raises `OSError`."""
    until, path = time.monotonic() + CALL_TIMEOUT_S, _present(path)
    while True:
        try:
            client.connect(os.fspath(path))
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(QUEUE_S)
        else:
            return


def _present(path: Path) -> Path:
    """Return the service's socket where `path` is who asks' own, and is not there."""
    if not path.exists() and os.access(SERVICE, os.W_OK) and path == Config().socket_path:
        return SERVICE
    return path


def _accepted(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer; a refusal is raised."""
    if not answer.get("ok"):
        refusal = BadInput if answer.get("kind") == "input" else AssistantError
        raise refusal(str(answer.get("error", "the request was refused")))
    return answer
