"""What the tests of the web server share: the real server in a thread, and a plain client."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import Config, Paths, Web
from assistant.serve.web import server


@dataclass
class Site:
    """A running server."""

    port: int
    host: str = "127.0.0.1"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> "Answer":
        """Send one request and read the whole answer; a body that is no text or bytes is JSON."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            head = {"Content-Type": "application/json"} if body is not None else {}
            if body is not None and not isinstance(body, bytes | str):
                body = json.dumps(body)
            connection.request(method, path, body, head | (headers or {}))
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def chat(self, prompt: str, **more: Any) -> "Answer":
        """Ask by `POST /chat`."""
        return self.ask("POST", "/chat", {"prompt": prompt, **more})

    @contextlib.contextmanager
    def begun(self, method: str, path: str, body: Any = None) -> Iterator[Any]:
        """Yield an answer of which only the head was read."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        head = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, head)
        answer = connection.getresponse()
        try:
            yield answer
        finally:
            answer.close()
            connection.close()

    def raw(self, data: bytes, finish: bool = False) -> bytes:
        """Send bytes as they are and return all that comes back until the server closes."""
        with socket.create_connection((self.host, self.port), timeout=20) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(data)
                if finish:
                    client.shutdown(socket.SHUT_WR)
            return read_all(client)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Server-sent events: name (empty for plain ones) and data."""
        return events(self.body.decode())


def events(stream: str) -> list[tuple[str, Any]]:
    """Split a stream as the standard says, comments left out."""
    found = []
    for block in stream.split("\n\n"):
        fields = [line.partition(": ")[::2] for line in block.split("\n") if line]
        data = "\n".join(value for key, value in fields if key == "data")
        if data:
            name = next((value for key, value in fields if key == "event"), "")
            found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found


def read_all(client: socket.socket) -> bytes:
    """Read until the other side closes, cleanly or not."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while more := client.recv(65536):
            data += more
    return data


def settings(socket_path: Path, **web: Any) -> Config:
    """Return settings for a server on a free port that nothing slows down."""
    chosen = Web(**{"port": 0, "rate": 10_000.0, **web})
    return Config(web=chosen, paths=Paths(socket=str(socket_path)))


@contextlib.contextmanager
def site(config: Config) -> Iterator[Site]:
    """Run the real server in a thread."""
    bound = server.bind(config.web.host, config.web.port)
    running = server.make(config, bound)
    thread = threading.Thread(
        target=lambda: asyncio.run(running.serve([bound.socket])), daemon=True
    )
    thread.start()
    try:
        until(lambda: running.started)
        yield Site(bound.port)
    finally:
        running.should_exit = True
        thread.join(15)
        bound.socket.close()
        assert not thread.is_alive(), "the server does not end"


def until(happened: Any, seconds: float = 15.0) -> None:
    """Wait until something is so; fail after a long time."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
