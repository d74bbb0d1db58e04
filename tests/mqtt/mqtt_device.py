"""A device at a broker: the real bridge and connection, before a fake of the daemon.

The real daemon needs a language model; what it does when it is busy or fails cannot be had at will.
"""

import asyncio
import json
import threading

from assistant.config import parse
from assistant.errors import AssistantError
from assistant.serve.figures import Figures
from assistant.serve.mqtt.backoff import Backoff
from assistant.serve.mqtt.bridge import Bridge, House
from assistant.trace import Trace

SETTINGS = {
    "volume": 1.0,
    "rate": 1.0,
    "muted": False,
    "voice": "",
    "language": "en",
    "voices": ["", "en-us"],
    "languages": ["en", "zh"],
    "persona": "",
    "personas": ["", "child"],
    "remote": False,
}


def settings(port, **mqtt):
    given = {"host": "127.0.0.1", "port": port, "device": "d1", "name": "Kitchen", **mqtt}
    return parse({"mqtt": given}, "test")


class Device:
    """Runs in a thread of its own until the end of the context."""

    def __init__(self, config):
        self.config = config
        self.asked, self.changed, self.told = [], [], []
        self.received = []
        """All that came from the broker."""
        self.refusal = ""
        """What the daemon answers; empty: it does what is asked for."""
        self.trace = Trace()
        self.in_force = dict(SETTINGS)
        self._started = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    async def _main(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        figures = Figures(self.trace.turn)
        house = House(
            ask=self._ask,
            change=self._change,
            settings=self._settings,
            figures=figures.told,
            timeline=self.trace.turn,
            tell=lambda name, data: self.told.append((name, data)),
        )
        self.bridge = Bridge(self.config, house)
        self.bridge._connection._backoff = Backoff(lambda a, b: 0.05)
        take = self.bridge._inbox.take
        self.bridge._inbox.take = lambda message: (self.received.append(message), take(message))[1]
        figures.on_turn = self.bridge.turn
        self._notes = [figures, self.bridge]
        await self.bridge.start()
        self._started.set()
        await self._ended.wait()
        await self.bridge.stop()

    def note(self, name, **data):
        """Something happens in the daemon."""

        def tell():
            for note in self._notes:
                note(name, data)

        self._loop.call_soon_threadsafe(tell)

    def status(self):
        return self.bridge.status()

    def does(self, command):
        return [request for request in self.asked if request["command"] == command]

    def _ask(self, request):
        match request["command"]:
            case "state":
                return {"phase": "asleep", "turn": 0, "out": False}
            case "info":
                return {"model": "small", "language": "en", "version": "0.1.0"}
        if self.refusal:
            raise AssistantError(self.refusal)
        self.asked.append(request)
        return {}

    async def _settings(self):
        return self.in_force

    async def _change(self, change):
        if self.refusal:
            raise AssistantError(self.refusal)
        self.changed.append(change)
        self.in_force = self.in_force | change
        self.bridge("settings", self.in_force)
        return self.in_force


def told(message):
    """Return the JSON of a message."""
    return json.loads(message.payload)
