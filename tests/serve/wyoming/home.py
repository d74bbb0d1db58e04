"""A device that is a satellite, and a server for it.

The server is a fake: Home Assistant itself is too heavy for a test. It speaks its side of the
protocol by the Wyoming package's own client, as far as a satellite meets it.
"""

import asyncio
import contextlib
import tempfile
import wave

import numpy as np
from test_daemon import FakeEars, FakeMind, FakeVoice, Watched
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.satellite import RunSatellite

from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.config import parse
from assistant.daemon import Daemon
from assistant.events import WakeDetected
from assistant.serve.wyoming.door import Door

PATIENCE_S = 30.0
RATE = 16_000
LOUD = 8000


def config(**settings):
    data = {
        "speech": {"engine": "espeak"},
        "skills": {"enabled": False},  # they would take the fakes' questions
        "wake": {"earcon": False},
        "turn": {"follow_up": 0.0, "no_speech": 4.0, "max_silence": 0.4},
        "wyoming": {"satellite": True, "satellite_port": 0, "patience": 3.0, "name": "hall"},
    }
    for table, values in settings.items():
        data[table] = {**data.get(table, {}), **values}
    return parse(data, "test")


def fake_engines(monkeypatch, mind=None, ears=None):
    """Let the next daemon have a mind, a voice and a recogniser that are none; return the mind."""
    mind = mind or FakeMind()
    ears = ears or FakeEars("what time is it")
    monkeypatch.setattr("assistant.mind.engines.make", lambda _: mind)
    monkeypatch.setattr("assistant.mouth.engines.make", lambda _: FakeVoice())
    monkeypatch.setattr("assistant.ears.engines.make", lambda _: ears)
    return mind


class Home(Watched):
    """The device: what it told, its microphone, its loudspeaker, and its port for the server."""

    def __init__(self, settings):
        self.microphone, self.loudspeaker = FileMicrophone([]), FileLoudspeaker(RATE)
        daemon = Daemon(settings, self.microphone, self.loudspeaker)
        super().__init__(daemon)
        self.told = self.notes
        self.door = Door(
            settings, lambda: daemon, None, lambda name, data: self.notes.append((name, data))
        )
        daemon.outside = self.door.satellite
        daemon.observe(self.door.satellite.note)

    async def begin(self):
        await self.daemon.start()
        await self.door.start()
        self.port = (await self.wait("wyoming"))["port"]

    async def end(self):
        await self.door.stop()
        await self.daemon.stop()

    async def wake(self, phrase="okay_nabu"):
        self.daemon.post(WakeDetected(phrase))
        await self.wait("wake_detected")

    async def say(self, path):
        """Speak a recording to it; return its samples."""
        with wave.open(str(path)) as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        self.microphone.play(pcm)
        return pcm

    async def until(self, true):
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)

    async def phase(self, phase):
        await self.until(lambda: self.daemon.state.phase == phase)


class Server:
    """A fake Home Assistant, connected."""

    def __init__(self, client):
        self._client = client
        self.heard: list[Event] = []
        self.answers_pings = True
        self.left = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def connect(cls, home, *, run=True):
        client = AsyncTcpClient("127.0.0.1", home.port)
        await client.connect()
        server = cls(client)
        if run:
            await server.say(RunSatellite())
            await home.wait("server", server="ready")
        return server

    async def say(self, *said):
        for each in said:
            await self._client.write_event(each if isinstance(each, Event) else each.event())

    async def raw(self, data):
        self._client._writer.write(data)
        await self._client._writer.drain()

    async def wait(self, kind):
        """Return the next event of a kind, and forget what came before it."""

        async def look():
            while True:
                for at, event in enumerate(self.heard):
                    if event.type == kind:
                        del self.heard[: at + 1]
                        return event
                await asyncio.sleep(0.01)

        try:
            return await asyncio.wait_for(look(), PATIENCE_S)
        except TimeoutError:
            kinds = [event.type for event in self.heard][-20:]
            raise AssertionError(f"no {kind} among {kinds}") from None

    async def sound(self):
        """Return the samples that come up to the end of the question."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(event.type == "audio-stop" for event in self.heard):
                await asyncio.sleep(0.01)
        data = b""
        while (event := self.heard.pop(0)).type != "audio-stop":
            if event.type == "audio-chunk":
                assert AudioChunk.from_event(event).rate == RATE
                data += event.payload
        return data

    async def speak(self, seconds, *, level=LOUD, end=True, rate=22_050):
        """Send sound of a level that can be told from others."""
        form = {"rate": rate, "width": 2, "channels": 1}
        await self.say(AudioStart(**form))
        await self.more(seconds, level=level, rate=rate)
        if end:
            await self.say(AudioStop())

    async def more(self, seconds, *, level=LOUD, rate=22_050):
        data = np.full(round(seconds * rate), level, "<i2").tobytes()
        for at in range(0, len(data), 2048):
            await self.say(AudioChunk(rate, 2, 1, data[at : at + 2048]))

    async def ping(self):
        await self.say(Ping(text="x"))
        await self.wait("pong")

    async def _listen(self):
        with contextlib.suppress(OSError, AttributeError):
            while (event := await self._client.read_event()) is not None:
                self.heard.append(event)
                if event.type == "ping" and self.answers_pings:
                    await self.say(Pong(text=event.data.get("text")))
        self.left.set()

    async def leave(self):
        """Close the connection."""
        self._task.cancel()
        with contextlib.suppress(OSError):
            await self._client.disconnect()


def live(settings, talk):
    """Run ``talk(home)`` with a device that has been started and knows no server's voice."""

    async def main(cache):
        paths = settings.paths.model_copy(update={"cache": cache})
        home = Home(settings.model_copy(update={"paths": paths}))
        try:
            await home.begin()
            async with asyncio.timeout(2 * PATIENCE_S):
                return await talk(home)
        finally:
            await home.end()

    with tempfile.TemporaryDirectory() as cache:
        return asyncio.run(main(cache))


def seconds_at(pcm, level, rate=RATE):
    """How long sound of about that level was heard, in s."""
    return np.count_nonzero(np.abs(np.abs(pcm.astype(int)) - level) < level // 10) / rate
