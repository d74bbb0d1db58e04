"""The program that owns one device: a process of its own, which can be killed when PortAudio hangs.

Started by `assistant.audio.apart`, and ends with it. It imports no numpy and knows no settings, so
that it is small: 15 MB. It answers every request in order, and until it is told to start it only
holds the device.
"""

import contextlib
import json
import os
import socket
import sys
from typing import Any

from assistant.audio.devices import Kind
from assistant.audio.line import OwnLine
from assistant.audio.pace import Block, Collector, Pace
from assistant.audio.wire import LARGEST, Wish, pack_blocks
from assistant.errors import AssistantError, EngineMissing

GRANT_S = 1.0
"""The samples of a loudspeaker are waited for so many s; the device has run dry long before that,
as it would if they were made in this process."""
LOST = 3
"""Exit status when the device has died."""


class Ears:
    """Sends what a microphone hears; what the assistant does not take in time is left out."""

    def __init__(self, sound: socket.socket) -> None:
        self._sound = sound
        self._missing = False
        self.collector: Collector
        """To be set before the start."""

    def called(self, buffer: Any, _samples: int, at: float, lost: bool) -> None:
        """Take what was captured; see `assistant.audio.line.Callback`."""
        blocks = self.collector.add(Block(bytes(buffer), at, lost or self._missing))
        self._missing = False
        if not blocks:
            return
        try:
            self._sound.send(pack_blocks(blocks), socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._missing = True
        except OSError:
            os._exit(0)


class Mouth:
    """Asks for what a loudspeaker shall play."""

    def __init__(self, sound: socket.socket) -> None:
        self._sound = sound
        sound.settimeout(GRANT_S)
        self._number = 0

    def called(self, buffer: Any, samples: int, at: float, lost: bool) -> None:
        """Fill in the samples; see `assistant.audio.line.Callback`."""
        self._number += 1
        wish = Wish(self._number, at, samples, lost)
        try:
            self._sound.send(wish.pack())
            while (content := wish.granted(self._receive())) is None:
                pass  # it came too late
        except TimeoutError:
            content = bytes(2 * samples)
        except OSError:
            os._exit(0)
        buffer[:] = content

    def _receive(self) -> bytes:
        if message := self._sound.recv(LARGEST):
            return message
        os._exit(0)


def main(kind: Kind, wanted: str | int, latency: float, control: int, sound: int) -> None:
    """Own the device until the other end of the socket `control` is closed."""
    talk = socket.socket(fileno=control)
    stream = socket.socket(fileno=sound)
    room = Ears(stream) if kind == "input" else Mouth(stream)
    line = OwnLine(kind, wanted, latency, room.called, lambda _: os._exit(LOST), watched=False)
    with contextlib.suppress(OSError):  # whom it serves has ended
        while message := talk.recv(LARGEST):
            talk.send(json.dumps(_answer(line, room, json.loads(message))).encode())


def _answer(line: OwnLine, room: Ears | Mouth, request: dict[str, Any]) -> dict[str, Any]:
    try:
        match request["do"]:
            case "open":
                line.open()
                device = line.device
                fields = {name: getattr(device, name) for name in device.__slots__}
                return {"device": fields, "rate": line.rate, "label": line.label}
            case "start":
                if isinstance(room, Ears):
                    room.collector = Collector(Pace(line.rate, request["delay"]))
                line.start()
            case "pause":
                line.pause()
            case "resume":
                line.resume()
    except AssistantError as error:
        return {"error": str(error), "missing": isinstance(error, EngineMissing)}
    return {}


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
    os._exit(0)  # whatever hangs is left behind
