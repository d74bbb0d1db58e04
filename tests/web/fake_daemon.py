"""A fake of the daemon: a real Unix socket and the real protocol, with answers made up beforehand.

The real one needs a language model and takes seconds; what it does when it is busy, slow, broken
or gone cannot be had from it at will.
"""

import asyncio
import base64
import contextlib
import json
import threading
from pathlib import Path
from typing import Any

USAGE = {
    "prompt_tokens": 21,
    "cached_tokens": 13,
    "reply_tokens": 5,
    "waited_s": 0.0,
    "first_token_s": 0.1,
    "total_s": 0.3,
}
WAIT = {"wait": True}
"""In a script: say nothing more until `go` is called."""
LIVE = {"live": True}
"""In a script: say from now on what `tell` is given."""
HANG_UP = {"hang_up": True}
"""In a script: close the connection in the middle."""
SOUND = [
    {"ok": True, "event": "audio", "rate": 22050, "audio": base64.b64encode(bytes(4410)).decode()},
    {"ok": True, "event": "end"},
]
"""What `speak` is answered: a tenth of a second of silence."""


def text(*pieces: str, finish: str = "stop") -> list[dict[str, Any]]:
    """Return the script of an answer."""
    said = [{"ok": True, "event": "text", "text": piece} for piece in pieces]
    return [*said, {"ok": True, "event": "end", "finish": finish, "usage": USAGE}]


class FakeDaemon:
    """Runs in a thread of its own; `script` is what it answers to `chat`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script: list[Any] = text("Hello", ", ", "world.")
        self.watched: list[Any] = [
            {"ok": True, "event": "state", "phase": "asleep", "turn": 0},
            {"ok": True, "event": "partial", "turn": 1, "text": "what is"},
            WAIT,
        ]
        self.language = "en"
        """What it speaks."""
        self.calls: list[str] = []
        """What wakes it; empty: it does not tell."""
        self.settings: dict[str, Any] = {
            "volume": 1.0,
            "rate": 1.0,
            "muted": False,
            "voice": "",
            "language": "en",
            "voices": ["", "en-us"],
            "languages": ["en"],
            "persona": "",
            "personas": ["", "child"],
            "remote": False,
        }
        self.figures: dict[str, Any] = {
            "uptime_s": 12.5,
            "turns": {"answered": 3, "said": 1, "stopped": 0},
            "failures": {"mind": 1},
            "latency_s": 0.412,
            "memory_mb": 612.3,
            "temperature_c": None,
        }
        self.refusal: dict[str, Any] = {}
        """What `set` is answered, where it is not empty."""
        self.seen: list[dict[str, Any]] = []
        """Requests that came, in their order."""
        self.closed = threading.Event()
        """A client hung up in the middle of a stream."""
        self.waiting = threading.Event()
        """A script has come to its `WAIT`."""
        self._go = asyncio.Event()
        self._told: set[asyncio.Queue[dict[str, Any]]] = set()
        """One for each client whose script is at `LIVE`."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()

    def __enter__(self) -> "FakeDaemon":
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def go(self) -> None:
        """Let the scripts that wait go on."""
        self._loop.call_soon_threadsafe(self._go.set)

    def tell(self, event: str, **data: Any) -> None:
        """Say something to all whose scripts are at `LIVE`."""

        def put() -> None:
            for told in self._told:
                told.put_nowait({"ok": True, "event": event, **data})

        self._loop.call_soon_threadsafe(put)

    @property
    def watchers(self) -> int:
        """How many are at `LIVE`."""
        return len(self._told)

    def asked(self, command: str) -> list[dict[str, Any]]:
        """Return the requests of a command."""
        return [request for request in self.seen if request["command"] == command]

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._client(reader, writer)
            writer.close()

        server = await asyncio.start_unix_server(client, str(self.path))
        self._started.set()
        await self._ended.wait()
        server.close()
        self.path.unlink()
        for task in tasks:
            task.cancel()
        for _ in range(3):  # each waits for another one
            await asyncio.sleep(0)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            request = json.loads(line)
            self.seen.append(request)
            streams = {"chat": self.script, "watch": self.watched, "speak": SOUND}.get(
                request["command"]
            )
            if streams is None:
                self._tell(writer, self._answer(request))
                continue
            gone = asyncio.create_task(reader.read(1))
            telling = asyncio.create_task(self._stream(writer, list(streams)))
            try:
                await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                gone.cancel()
                telling.cancel()
                raise
            if not telling.done() or telling.exception():
                telling.cancel()
                self.closed.set()
                return
            gone.cancel()
            return  # the test's clients ask once

    async def _stream(self, writer: asyncio.StreamWriter, script: list[Any]) -> None:
        for answer in script:
            if answer == WAIT:
                self.waiting.set()
                await self._go.wait()
            elif answer == LIVE:
                await self._live(writer)
            elif answer == HANG_UP:
                return
            else:
                self._tell(writer, answer)
                await writer.drain()

    async def _live(self, writer: asyncio.StreamWriter) -> None:
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told.add(told)
        try:
            while True:
                self._tell(writer, await told.get())
                await writer.drain()
        finally:
            self._told.discard(told)

    def _tell(self, writer: asyncio.StreamWriter, answer: Any) -> None:
        line = answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\n"
        writer.write(line)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["command"]:
            case "state":
                return {"ok": True, "phase": "asleep", "turn": 0}
            case "info":
                told = {"model": "fake-model", "spoken": self.language, "version": "0.1.0"}
                told |= {"calls": self.calls} if self.calls else {}
                return {"ok": True, **told}
            case "figures":
                return {"ok": True, **self.figures}
            case "wake" | "stop":
                return {"ok": True}
            case "settings":
                return {"ok": True, "event": "end", **self.settings}
            case "set" if self.refusal:
                return self.refusal
            case "set":
                self.settings.update({key: request[key] for key in request if key != "command"})
                return {"ok": True, "event": "end", **self.settings}
            case "trace":
                return {"ok": True, "turns": [{"turn": 1, "asked": request["turn"]}]}
            case unknown:
                return {"ok": False, "error": f"unknown command {unknown!r}"}
