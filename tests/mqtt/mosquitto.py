"""A real mosquitto on a port of its own, and a client to look at it with."""

import contextlib
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from shell import until

PROGRAM = shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
PATIENCE_S = 60.0
PLAIN = "allow_anonymous true"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """Runs until the end of the context; `restart` forgets everything that was kept."""

    def __init__(self, folder: Path, settings: str = PLAIN, port: int | None = None) -> None:
        if not PROGRAM:
            pytest.fail("These tests need a broker: apt-get install mosquitto.")
        self.port = port or free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        listener = "" if "listener" in settings else f"listener {self.port} 127.0.0.1\n"
        self._file.write_text(f"{listener}user root\n{settings}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Mosquitto":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "-c", self._file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        until(self._listens, "mosquitto listens", PATIENCE_S)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """It is there and does nothing, until `thaw`."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            pytest.fail(self._process.communicate()[0].decode())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Client:
    """Somebody else at the broker; remembers what came."""

    def __init__(self, port: int, *topics: str, tls=None, user=None, password=None) -> None:
        self.came: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.seen: list[paho.MQTTMessage] = []
        self.answers: dict[int, str] = {}
        """What the broker said to what was published, by number."""
        self.granted: list[str] = []
        subscribed = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if user:
            self.client.username_pw_set(user, password)
        if tls:
            self.client.tls_set_context(tls)

        def connected(client, *_):
            if topics:
                client.subscribe([(topic, 1) for topic in topics])

        def granted(_client, _data, _mid, codes, _properties):
            self.granted = [str(code) for code in codes]
            subscribed.set()

        def published(_client, _data, mid, code, _properties):
            self.answers[mid] = str(code)

        self.client.on_connect = connected
        self.client.on_subscribe = granted
        self.client.on_publish = published
        self.client.on_message = lambda _client, _data, message: self.came.put(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if topics:
            assert subscribed.wait(PATIENCE_S)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic, payload=b"", retain=False, answer_on="", correlation=b""):
        """Publish and wait for the broker's word; return it."""
        properties = Properties(PacketTypes.PUBLISH)
        if answer_on:
            properties.ResponseTopic = answer_on
            properties.CorrelationData = correlation
        told = self.client.publish(topic, payload, 1, retain, properties)
        until(lambda: told.mid in self.answers, "the broker's word", PATIENCE_S)
        return self.answers.pop(told.mid)

    def wait_for(self, topic, fits=lambda payload: True):
        """Return the first message on a topic since the last call whose payload fits."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                message = self.came.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"nothing fits on {topic}: {[m.payload for m in self.seen][-8:]}")
            self.seen.append(message)
            if message.topic == topic and fits(message.payload):
                return message

    def pending(self):
        """Return what has come and was not waited for."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.seen.append(self.came.get_nowait())
        return self.seen
