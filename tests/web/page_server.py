"""A stand-in for the web server, for tests of the page alone: no daemon and no model behind it.

It is a fake: what it answers is what a test told it to. It serves the page's real files under the
real Content-Security-Policy, and notes what it was asked and who went away.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from assistant.serve.web.gate import POLICY

STATIC = Path(__file__).parents[2] / "assistant" / "serve" / "web" / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
USAGE = {
    "prompt_tokens": 120,
    "cached_tokens": 100,
    "reply_tokens": 21,
    "waited_s": 0.0,
    "first_token_s": 0.25,
    "total_s": 2.25,
}
END = object()
"""In an answer: the last event, with `USAGE`."""
BREAK = object()
"""In an answer: the connection is cut."""


class PageServer:
    """Serves the page; `say` and `tell` are what its model and its daemon do."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        """The bodies of all questions."""
        self.gone = threading.Event()
        """Set when a client went away while it was answered."""
        self.refusals: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        """(status, headers, body) for the next questions, before any is answered."""
        self.daemon_is_up = True
        self.state_status = 0
        """Where it is not 0, /state is refused with it."""
        self.turns: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {
            "volume": 0.8,
            "rate": 1.0,
            "muted": False,
            "voice": "",
            "language": "en",
            "voices": ["", "piper-en-joe", "en-us"],
            "languages": ["en", "zh"],
            "persona": "",
            "personas": ["", "child", "factory"],
            "remote": False,
        }
        """What the device has; what the page changes is changed here."""
        self.pressed: list[tuple[str, dict[str, Any]]] = []
        """Paths and bodies of all other POST requests."""
        self.device_refusals: list[tuple[int, str]] = []
        """(status, sentence) for the next ones of them."""
        self._pieces: queue.Queue[Any] = queue.Queue()
        self._watchers: list[queue.Queue[Any]] = []
        self._httpd: ThreadingHTTPServer | None = None
        self._connections: set[Any] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def say(self, *pieces: Any) -> None:
        """Let the answer go on: texts, (event, data), {"error": ...}, `END`, `BREAK`."""
        for piece in pieces:
            self._pieces.put(piece)

    def tell(self, event: str, **data: Any) -> None:
        """Tell all that watch the device."""
        for watcher in list(self._watchers):
            watcher.put({"event": event, **data})

    def start(self) -> None:
        """Listen, at the same port as before."""
        server = self

        class Handler(_Handler):
            page = server

        self._httpd = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._httpd.daemon_threads = True
        self.port = self._httpd.server_address[1]
        threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Go away with all connections, as a process that was killed."""
        if self._httpd:
            self._httpd.shutdown()
            self._httpd.server_close()
            self._httpd = None
        for watcher in list(self._watchers):
            watcher.put(BREAK)
        self._pieces.put(BREAK)
        for connection in list(self._connections):
            connection.close()
        deadline = time.monotonic() + 5
        while self._connections and time.monotonic() < deadline:
            time.sleep(0.01)
        self._pieces = queue.Queue()


class _Handler(BaseHTTPRequestHandler):
    page: PageServer

    def setup(self) -> None:
        super().setup()
        self.page._connections.add(self.connection)

    def finish(self) -> None:
        self.page._connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/state":
            self._state()
        elif path == "/settings":
            self._send(200, {}, json.dumps(self.page.settings).encode(), ".js")
        elif path == "/healthz":
            self._send(200 if self.page.daemon_is_up else 503, {}, b"{}", ".js")
        elif path == "/trace":
            turn = query.removeprefix("turn=")
            turns = [t for t in self.page.turns if turn in ("last", "all", str(t["turn"]))]
            self._send(200, {}, json.dumps({"turns": turns}).encode(), ".js")
        else:
            name = "index.html" if path == "/" else path.removeprefix("/static/")
            file = STATIC / name
            if "/" in name or not file.is_file():
                self._send(404, {}, b"{}", ".js")
            else:
                self._send(200, {}, file.read_bytes(), file.suffix)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/chat":
            self._device(json.loads(body))
            return
        self.page.asked.append(json.loads(body))
        if self.page.refusals:
            status, headers, answer = self.page.refusals.pop(0)
            self._send(status, headers, json.dumps(answer).encode(), ".js")
            return
        self._stream(self._answer, self.page.gone.set)

    def _device(self, body: dict[str, Any]) -> None:
        self.page.pressed.append((self.path, body))
        if self.page.device_refusals:
            status, sentence = self.page.device_refusals.pop(0)
            self._send(status, {}, json.dumps({"error": sentence}).encode(), ".js")
            return
        answer: dict[str, Any] = {"ok": True}
        if self.path == "/settings":
            self.page.settings.update(body)
            answer = self.page.settings
        self._send(200, {}, json.dumps(answer).encode(), ".js")

    def _answer(self) -> Iterator[str]:
        yield 'event: session\ndata: {"session": "s1"}\n\n'
        pieces = self.page._pieces
        while True:
            try:
                piece = pieces.get(timeout=0.05)
            except queue.Empty:
                yield ": still here\n\n"  # shows whether the client is
                continue
            if piece is BREAK:
                return
            if piece is END:
                end = {"finish": "stop", "usage": USAGE}
                yield f"event: end\ndata: {json.dumps(end)}\n\n"
                return
            if isinstance(piece, tuple):
                name, data = piece
                yield f"event: {name}\ndata: {json.dumps({'text': '', **data})}\n\n"
                continue
            if isinstance(piece, dict):
                yield f"event: error\ndata: {json.dumps(piece)}\n\n"
                return
            yield f"data: {json.dumps({'text': piece})}\n\n"

    def _state(self) -> None:
        if not self.page.daemon_is_up or self.page.state_status:
            self._send(self.page.state_status or 503, {}, b'{"error": "Not now."}', ".js")
            return
        watcher: queue.Queue[Any] = queue.Queue()
        watcher.put({"event": "state", "phase": "asleep", "turn": 0})
        self.page._watchers.append(watcher)

        def events() -> Iterator[str]:
            while self.page.daemon_is_up and not self.page.state_status:
                try:
                    event = watcher.get(timeout=0.1)
                except queue.Empty:
                    yield ": still here\n\n"
                    continue
                if event is BREAK:
                    return
                yield f"data: {json.dumps(event)}\n\n"

        self._stream(events, lambda: None)
        self.page._watchers.remove(watcher)

    def _stream(self, events: Callable[[], Iterator[str]], gone: Callable[[], None]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        try:
            for event in events():
                self.wfile.write(event.encode())
                self.wfile.flush()
        except OSError:
            gone()
        self.close_connection = True

    def _send(self, status: int, headers: dict[str, str], body: bytes, suffix: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": TYPES[suffix],
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
