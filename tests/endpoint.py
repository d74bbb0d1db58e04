"""A remote language model that is none: what cannot be had here, with everything that goes wrong.

A fake. It speaks the interface of OpenAI's chat completions as far as the assistant uses it.
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LEAVE_S = 30.0
"""How long the ones that hang do so, unless the test ends before."""


def chunk(text="", finish=None):
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    event = {"object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        self.server.endpoint.asked.append(json.loads(self.rfile.read(length)))
        self.server.endpoint.headers.append(dict(self.headers))
        try:
            self.server.endpoint.behave(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.endpoint.left.set()

    def start(self, status=200, kind="text/event-stream", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("connection", "close")
        self.end_headers()

    def write(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Endpoint:
    """`behave(handler)` answers; `asked` has the bodies, `headers` the heads of all requests."""

    def __init__(self, behave: Callable[[Handler], None], *, tls: ssl.SSLContext | None = None):
        self.behave = behave
        self.asked, self.headers = [], []
        self.left = threading.Event()
        """The client closed before the answer was whole."""
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.endpoint = self
        scheme = "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def says(*pieces, pause=0.0, before=0.0):
    def behave(handler):
        handler.server.endpoint.ending.wait(before)
        handler.start()
        for piece in pieces:
            handler.write(chunk(piece))
            time.sleep(pause)
        handler.write(chunk(finish="stop") + b"data: [DONE]\n\n")

    return behave


def cut_after(*pieces):
    """The connection ends without the end of the answer."""

    def behave(handler):
        handler.start()
        for piece in pieces:
            handler.write(chunk(piece))

    return behave


def reset_after(*pieces):
    """The connection is torn down."""

    def behave(handler):
        cut_after(*pieces)(handler)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.connection.close()

    return behave


def refuses(status, sentence="no", **headers):
    def behave(handler):
        handler.start(status, "application/json", **headers)
        handler.write(json.dumps({"error": {"message": sentence}}).encode())

    return behave


def sends(data, kind="text/event-stream", status=200, **headers):
    """Any bytes."""

    def behave(handler):
        handler.start(status, kind, **headers)
        handler.write(data)

    return behave


def never_ends(pause=0.0):
    def behave(handler):
        handler.start()
        while not handler.server.endpoint.ending.wait(pause):
            handler.write(chunk("and then " * 100))

    return behave


def hangs_before():
    """Takes the question and says nothing at all."""

    def behave(handler):
        handler.server.endpoint.ending.wait(LEAVE_S)

    return behave


def hangs_after(*pieces):
    def behave(handler):
        cut_after(*pieces)(handler)
        handler.server.endpoint.ending.wait(LEAVE_S)

    return behave


def drips(pause=0.05):
    """Keeps the connection alive with comments, and never says a word."""

    def behave(handler):
        handler.start()
        while not handler.server.endpoint.ending.wait(pause):
            handler.write(b": wait\n\n")

    return behave
