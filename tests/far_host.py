"""A Wyoming service that is none: whatever can go wrong on another host.

A fake. The services that are real stand in `far_servers`.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable

from wyoming.event import Event, read_event

from assistant.wyoming.wire import to_bytes

LEAVE_S = 30.0
"""How long the ones that hang do so, unless the test ends before."""
ARTIFACT = {
    "attribution": {"name": "", "url": ""},
    "installed": True,
    "description": None,
    "version": None,
}


class Link:
    """One connection, seen from the service."""

    def __init__(self, host, connection):
        self.host, self._connection = host, connection
        self._file = connection.makefile("rb")

    def next(self):
        """Return the next event, None at the end; it is among `host.heard` then."""
        event = read_event(self._file)
        if event:
            self.host.heard.append(event)
        return event

    def until(self, kind):
        """Read up to an event of this type; False: the client has left before."""
        while event := self.next():
            if event.type == kind:
                return True
        return False

    def send(self, kind, payload=None, **data):
        self.raw(to_bytes(Event(kind, data, payload)))

    def raw(self, data):
        self._connection.sendall(data)

    def hang(self):
        self.host.ending.wait(LEAVE_S)

    def reset(self):
        """Tear the connection down."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._file.close()
        self._connection.close()


class FarHost:
    """`behave(link)` is called for each connection, and may be changed; `heard` has all events."""

    def __init__(self, behave: Callable[[Link], None]):
        self.behave = behave
        self.heard = []
        self.connections = 0
        self.ending = threading.Event()
        self.left = threading.Event()
        """A client has closed before it was served."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.uri = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ending.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def types(self):
        return [event.type for event in self.heard]

    def sound(self):
        """The sound of all requests, joined."""
        return b"".join(e.payload for e in self.heard if e.type == "audio-chunk")

    def _serve(self):
        while not self.ending.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with connection:
            try:
                self.behave(Link(self, connection))
            except OSError:
                self.left.set()


def nobody():
    """The address of a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"tcp://127.0.0.1:{taken.getsockname()[1]}"


def describes(**info):
    """Tells what it offers, and serves nothing."""

    def behave(link):
        if link.until("describe"):
            link.send("info", **info)

    return behave


def program(name, kind, *models, languages=("en",)):
    inside = "voices" if kind == "tts" else "models"
    listed = [{"name": model, "languages": list(languages), **ARTIFACT} for model in models]
    return {"name": name, **ARTIFACT, inside: listed}


def writes(text, *partials):
    """A recogniser: tells `partials` as the sound comes in, one with each event, then the text."""

    def behave(link):
        waiting = list(partials)
        while (event := link.next()) and event.type != "audio-stop":
            if event.type == "audio-chunk" and waiting:
                if len(waiting) == len(partials):
                    link.send("transcript-start")
                link.send("transcript-chunk", text=waiting.pop(0))
        if event:
            link.send("transcript", text=text)
            if partials:
                link.send("transcript-stop")

    return behave


def says(*pieces, rate=22_050, channels=1, width=2, end=True, hang=False):
    """A voice that sends (samples,) int16 as they stand; it may hang, or break off."""
    form = {"rate": rate, "width": width, "channels": channels}

    def behave(link):
        if link.until("synthesize"):
            link.send("audio-start", **form)
            for piece in pieces:
                link.send("audio-chunk", piece.astype("<i2").tobytes(), **form)
            if hang:
                link.hang()
            if end:
                link.send("audio-stop")

    return behave


def answers(*pieces, streamed=True):
    """A conversation service."""

    def behave(link):
        if not link.until("transcript"):
            return
        if streamed:
            link.send("handled-start")
            for piece in pieces:
                link.send("handled-chunk", text=piece)
        link.send("handled", text="".join(pieces))
        if streamed:
            link.send("handled-stop")

    return behave


def hangs_at(kind):
    """Reads up to an event of the type and never says a word."""

    def behave(link):
        link.until(kind)
        link.hang()

    return behave


def hangs_at_once():
    """Takes the connection and reads nothing."""

    def behave(link):
        link.hang()

    return behave


def cuts_at(kind, data=b""):
    """Sends these bytes when an event of the type has come, and closes."""

    def behave(link):
        link.until(kind)
        link.raw(data)

    return behave


def resets_at(kind):
    def behave(link):
        link.until(kind)
        link.reset()

    return behave


def fails_at(kind, sentence="no memory"):
    """Tells of an error of its own."""

    def behave(link):
        link.until(kind)
        link.send("error", text=sentence, code="Trouble")

    return behave


def floods_at(kind, event, payload=None, **data):
    """Sends the same event for ever."""
    block = to_bytes(Event(event, data, payload)) * 8

    def behave(link):
        link.until(kind)
        while not link.host.ending.is_set():
            link.raw(block)

    return behave


NONSENSE = {
    "a page": b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\n\r\n<html>no</html>",
    "no JSON": b"{nonsense\n",
    "no object": b"[1, 2]\n",
    "no type": b'{"data": {}}\n',
    "a negative length": b'{"type": "transcript", "payload_length": -1}\n',
    "a length without end": b'{"type": "transcript", "payload_length": 99999999999}\n',
    "a length that is none": b'{"type": "transcript", "data_length": "7"}\n',
    "data that is none": b'{"type": "transcript", "data_length": 2}\n[]',
    "no text": json.dumps({"type": "transcript", "data": {"text": 5}}).encode() + b"\n",
    "a line without end": b'{"type": "' + b"x" * 100_000,
    "deep": b'{"type": "transcript", "data": ' + b"[" * 20_000 + b"\n",
}
"""What is no Wyoming, or no answer."""
