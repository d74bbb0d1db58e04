"""A device at a real mosquitto: what it tells, what it heeds, and what it survives."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mosquitto import PATIENCE_S, Client, Mosquitto, free_port
from mqtt_device import Device, settings, told
from shell import until

from assistant.serve.mqtt.outbox import MOST_EVENTS
from assistant.serve.mqtt.session import Session

ALL = "assistant/#"
ROOT = "assistant/d1"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def names(request):
    """Return a device's name that no other test has: the broker keeps what was published."""
    return f"d{abs(hash(request.node.name)) % 10**9}"


@pytest.fixture
def at(broker, names):
    """Return a function that gives settings for a device at the broker."""
    return lambda port=broker.port, **mqtt: settings(port, **{"device": names, **mqtt})


@pytest.fixture
def root(names):
    return f"assistant/{names}"


def connected(device):
    until(lambda: device.status()["connected"], "the connection", PATIENCE_S)
    return device


def is_(text):
    return lambda payload: payload == text


def has(**wanted):
    return lambda payload: wanted.items() <= json.loads(payload).items()


# --- what it tells ------------------------------------------------------------------------------


def test_without_a_host_there_is_no_bridge_no_thread_and_no_library(monkeypatch):
    code = (
        "import sys, threading; from assistant.commands import run; from assistant.config import *;"
        "f = run.Foreground(parse({'audio': {'backend': 'none'}}, 'test'), True);"
        "assert f._mqtt is None; assert not any('paho' in name for name in sys.modules);"
        "assert not any(thread.name == 'mqtt' for thread in threading.enumerate())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_states_are_kept_for_who_comes_later(broker, at, root):
    with Device(at()) as device:
        connected(device)
        device.note("state", phase="speaking", turn=1, out=False)
        with Client(broker.port, f"{root}/#") as later:
            state = later.wait_for(f"{root}/state", has(phase="speaking"))
            assert told(state) == {
                "phase": "speaking", "out": False, "volume": 1.0, "rate": 1.0, "muted": False,
                "voice": "", "language": "en", "persona": "", "model": "small", "version": "0.1.0",
                "name": "Kitchen",
            }  # fmt: skip
            config = told(later.wait_for(f"{root}/config/state"))
            assert (config["voices"], config["personas"]) == (["", "en-us"], ["", "child"])
            metrics = told(later.wait_for(f"{root}/metrics"))
            assert metrics["memory_mb"] > 10
            assert metrics["cpu_percent"] >= 0
            assert "temperature_c" in metrics
            messages = {message.topic: message for message in later.seen}
            assert messages[f"{root}/availability"].payload == b"online"
            assert all(message.retain for message in later.seen if message is not state)


def test_of_a_turn_nothing_that_was_said_is_told(broker, at, root):
    with Client(broker.port, ALL, "homeassistant/#") as other, Device(at()) as device:
        connected(device)
        device.trace.mark(3, "speech_end", 10.0)
        device.trace.mark(3, "first_sample", 10.321)
        device.note("state", phase="thinking", turn=3, out=False)
        device.note("heard", turn=3, text="where is the treasure", speech_s=1.0, level=-20.0)
        device.note("text", turn=3, take=1, piece="Under the oak.")
        device.note("reply_ended", turn=3, take=1, text="Under the oak.")
        device.note("speaking_ended", turn=3, take=1, heard="Under the oak.")
        turn = told(other.wait_for(f"{root}/turn"))
        assert (turn["event_type"], turn["turn"], turn["latency_s"]) == ("answered", 3, 0.321)
        assert turn["stages"] == {"first_sample": 0.321}
        device.note("failed", turn=3, room="mouth", message="the voice is broken.", take=1)
        error = told(other.wait_for(f"{root}/error"))
        assert error == {"room": "mouth", "error": "the voice is broken."}
        everything = b"".join(message.payload for message in other.pending())
        assert b"treasure" not in everything
        assert b"oak" not in everything


def test_with_mqtt_text_the_words_are_told_too(broker, at, root):
    with Client(broker.port, f"{root}/turn") as other, Device(at(text=True)) as device:
        connected(device)
        device.note("state", phase="thinking", turn=3, out=False)
        device.note("think", turn=3, text="宝藏在哪里")
        device.note("speaking_ended", turn=3, take=1, heard="Under the oak.")
        turn = told(other.wait_for(f"{root}/turn"))
        assert (turn["asked"], turn["answer"]) == ("宝藏在哪里", "Under the oak.")


def test_metrics_come_again_and_again(broker, at, root):
    with Client(broker.port, f"{root}/metrics") as other, Device(at(interval=1.0)):
        first = told(other.wait_for(f"{root}/metrics"))
        assert told(other.wait_for(f"{root}/metrics"))["uptime_s"] > first["uptime_s"]


def test_home_assistant_finds_the_device_until_it_shall_not(broker, at, names):
    topic = f"homeassistant/device/{names}/config"
    with Device(at()) as device, Client(broker.port, topic) as home:
        found = told(home.wait_for(topic))
        assert found["components"]["language"]["options"] == ["en", "zh"]
        device.note("settings", **device.in_force | {"languages": ["en"]})
        assert told(home.wait_for(topic))["components"]["language"]["options"] == ["en"]
    with Client(broker.port, topic) as home:
        home.wait_for(topic)
        with Device(at(discovery=False)):
            home.wait_for(topic, is_(b""))
    with Client(broker.port, topic, "assistant/+/availability") as home:
        home.wait_for(f"assistant/{names}/availability")
        assert not any(message.topic == topic for message in home.pending())


# --- what it heeds ------------------------------------------------------------------------------


def test_commands_are_done_and_answered(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at(groups=["shop"])) as device:
        connected(device)
        other.publish(f"{root}/command/say", "Dinner is ready.")
        assert told(other.wait_for(f"{root}/result")) == {"command": "say", "ok": True}
        other.publish(f"{root}/command/ask", '{"text": "Why?", "id": "q1"}')
        answer = told(other.wait_for(f"{root}/result"))
        assert answer == {"command": "ask", "id": "q1", "ok": True}
        other.publish("assistant/all/command/wake")
        other.publish("assistant/group/shop/command/stop", "PRESS")
        other.publish("assistant/group/other/command/stop", "PRESS")
        until(lambda: len(device.asked) == 4, "four commands", PATIENCE_S)
        assert device.asked == [
            {"command": "say", "text": "Dinner is ready."},
            {"command": "ask", "text": "Why?"},
            {"command": "wake"},
            {"command": "stop"},
        ]


def test_settings_are_changed_and_told(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at()) as device:
        connected(device)
        other.publish(f"{root}/command/volume", "0.25")
        assert told(other.wait_for(f"{root}/result"))["volume"] == 0.25
        other.publish(f"{root}/command/mute", "ON")
        other.wait_for(f"{root}/result", has(muted=True))
        other.publish("assistant/all/config/set", '{"language": "zh", "volume": 1, "id": "c"}')
        other.wait_for(f"{root}/result", has(id="c", ok=True, language="zh"))
        assert device.changed[0] == {"volume": 0.25}
        assert device.changed[2] == {"language": "zh", "volume": 1}
        states = [told(m) for m in other.pending() if m.topic == f"{root}/state"]
        assert any(state["volume"] == 0.25 for state in states)


def test_what_the_daemon_refuses_is_answered_with_its_sentence(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at()) as device:
        connected(device)
        device.refusal = "the assistant is busy with a turn; try again when it is done."
        for command, payload in (("say", "Hi"), ("language", "zh")):
            other.publish(f"{root}/command/{command}", payload)
            answer = told(other.wait_for(f"{root}/result"))
            assert answer == {"command": command, "ok": False, "error": device.refusal}


def test_nonsense_is_one_error_and_the_next_command_is_done(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at()) as device:
        connected(device)
        for command, payload in (
            ("say", b"\xff"),
            ("volume", b"loud"),
            ("sing", b"la"),
            ("say", b'{"text": "Hi", "id": "x", "y": 1}'),
        ):
            other.publish(f"{root}/command/{command}", payload)
            error = told(other.wait_for(f"{root}/error"))
            assert error["topic"] == f"{root}/command/{command}"
            assert error["error"]
        assert error["id"] == "x"
        other.publish(f"{root}/command/say", "Hi")
        other.wait_for(f"{root}/result", has(ok=True))
        assert len(device.asked) == 1


def test_a_payload_that_is_too_large_never_reaches_the_device(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at()) as device:
        connected(device)
        other.publish(f"{root}/command/say", b"x" * 1_000_000)
        other.publish(f"{root}/command/say", b"x" * 9000)
        assert "the most" in told(other.wait_for(f"{root}/error"))["error"]
        assert [len(message.payload) for message in device.received] == [9000]
        assert device.status()["connected"]


def test_a_command_that_was_kept_is_ignored_and_settings_that_were_are_heeded(broker, at, root):
    with Client(broker.port, f"{root}/result") as other:
        other.publish(f"{root}/command/say", "An old story.", retain=True)
        other.publish(f"{root}/config/set", '{"volume": 0.1}', retain=True)
        with Device(at()) as device:
            other.wait_for(f"{root}/result", has(volume=0.1))
            other.publish(f"{root}/command/say", "News.")
            other.wait_for(f"{root}/result", has(command="say"))
            assert device.does("say") == [{"command": "say", "text": "News."}]
            assert any(message.retained for message in device.received)
        other.publish(f"{root}/command/say", retain=True)
        other.publish(f"{root}/config/set", retain=True)


def test_who_asks_twice_gets_the_same_answer_and_it_is_done_once(broker, at, root):
    with Client(broker.port, f"{root}/result") as other, Device(at()) as device:
        connected(device)
        for _ in range(2):
            other.publish(f"{root}/command/say", '{"text": "Hi", "id": "a"}')
        first, second = (told(other.wait_for(f"{root}/result")) for _ in range(2))
        assert second == first | {"repeated": True}
        assert len(device.asked) == 1


def test_a_client_of_mqtt_5_is_answered_where_it_wants(broker, at, root):
    with Client(broker.port, "answers/#", f"{root}/#") as other, Device(at()) as device:
        connected(device)
        other.publish(f"{root}/command/say", "Hi", answer_on="answers/7", correlation=b"\x00\xff7")
        answer = other.wait_for("answers/7")
        assert told(answer)["ok"]
        assert answer.properties.CorrelationData == b"\x00\xff7"
        other.publish(f"{root}/command/say", "", answer_on="answers/8", correlation=b"8")
        assert not told(other.wait_for("answers/8"))["ok"]
        other.publish(f"{root}/command/say", "Hi", answer_on="assistant/x/command/say")
        other.wait_for(f"{root}/result")  # not where another device would heed it


def test_too_many_commands_are_refused_with_one_error(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at(rate=1.0)) as device:
        connected(device)
        for number in range(30):
            other.client.publish(f"{root}/command/say", f"{number}", 1)
        assert "mqtt.rate" in told(other.wait_for(f"{root}/error"))["error"]
        until(lambda: len(device.asked) >= 5, "the first ones are done", PATIENCE_S)
        until(lambda: len(device.received) == 30, "all are read, slowly", PATIENCE_S)
        assert len(device.asked) < 30


def test_without_commands_nothing_is_heeded(broker, at, root):
    with Client(broker.port, f"{root}/#") as other, Device(at(commands=False)) as device:
        connected(device)
        other.wait_for(f"{root}/metrics")
        other.publish(f"{root}/command/say", "Hi")
        other.publish(f"{root}/config/set", '{"volume": 0.1}')
        device.note("failed", turn=1, room="mind", message="after that.", take=0)
        other.wait_for(f"{root}/error")
        assert device.received == []


def test_two_devices_do_not_hear_each_others_commands(broker, at, root, names):
    second = settings(broker.port, device=f"{names}-2")
    with (
        Client(broker.port, "assistant/+/result") as other,
        Device(at()) as one,
        Device(second) as two,
    ):
        connected(one)
        connected(two)
        other.publish(f"{root}/command/say", "One.")
        other.publish(f"{root}-2/command/say", "Two.")
        other.publish("assistant/all/command/say", "Both.")
        until(lambda: len(one.asked) == len(two.asked) == 2, "both", PATIENCE_S)
        assert [request["text"] for request in one.asked] == ["One.", "Both."]
        assert [request["text"] for request in two.asked] == ["Two.", "Both."]


# --- what it survives ---------------------------------------------------------------------------


class Wire:
    """A way to the broker that can be cut, or lose what the device says."""

    def __init__(self, port):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._broker = port
        self.deaf = threading.Event()
        """Nothing that the device says arrives."""
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()
        self.cut()

    def cut(self):
        while self._open:
            end = self._open.pop()
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        while True:
            try:
                device, _ = self._server.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._broker))
            self._open += [device, broker]
            for source, sink, out in ((device, broker, True), (broker, device, False)):
                threading.Thread(target=self._copy, args=(source, sink, out), daemon=True).start()

    def _copy(self, source, sink, out):
        try:
            while data := source.recv(65536):
                if not (out and self.deaf.is_set()):
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def test_what_the_broker_sends_again_is_not_spoken_again(broker, at, root):
    with (
        Wire(broker.port) as wire,
        Client(broker.port, f"{root}/result") as other,
        Device(at(port=wire.port)) as device,
    ):
        connected(device)
        other.publish(f"{root}/command/say", "First.")  # whatever was subscribed to is settled
        other.wait_for(f"{root}/result")
        wire.deaf.set()
        other.publish(f"{root}/command/say", "Once.")
        until(lambda: len(device.asked) == 2, "the command", PATIENCE_S)
        wire.cut()
        wire.deaf.clear()
        until(lambda: any(each.again for each in device.received), "it comes again", PATIENCE_S)
        other.publish(f"{root}/command/say", "Last.")
        until(lambda: device.asked[-1]["text"] == "Last.", "the next one", PATIENCE_S)
        assert [request["text"] for request in device.asked] == ["First.", "Once.", "Last."]


def test_a_command_of_the_moment_in_which_the_connection_breaks_is_not_lost(broker, at, root):
    with Wire(broker.port) as wire, Device(at(port=wire.port)) as device:
        connected(device)
        with Client(broker.port, f"{root}/availability") as other:
            other.wait_for(f"{root}/availability", is_(b"online"))
            device.bridge._connection._backoff = Slow()
            wire.cut()
            other.wait_for(f"{root}/availability", is_(b"offline"))
            other.publish(f"{root}/command/say", "Are you there?")
            other.wait_for(f"{root}/availability", is_(b"online"))
            until(lambda: device.asked, "the command", PATIENCE_S)


class Slow:
    def next(self, lasted_s):
        return 1.0


class Held:
    def __init__(self):
        self.until_now = threading.Event()

    def next(self, lasted_s):
        self.until_now.wait(PATIENCE_S)
        return 0.0


def test_after_a_restart_of_the_broker_everything_stands_there_again(tmp_path):
    with Mosquitto(tmp_path) as broker, Device(settings(broker.port)) as device:
        connected(device)
        device.bridge._connection._backoff = held = Held()
        broker.kill()
        until(lambda: not device.status()["connected"], "it is noticed", PATIENCE_S)
        device.note("state", phase="listening", turn=1, out=False)
        device.note("state", phase="thinking", turn=1, out=False)
        device.note("failed", turn=1, room="mind", message="meanwhile.", take=0)
        until(lambda: device.status()["waiting"] > 0, "it waits", PATIENCE_S)
        broker.start()
        with Client(broker.port, "#") as other:  # an error is told once: to who listens already
            held.until_now.set()
            other.wait_for(f"{ROOT}/availability", is_(b"online"))
            other.wait_for(f"{ROOT}/state", has(phase="thinking"))
            connected(device)
            topics = {message.topic for message in other.pending()}
            other.publish(f"{ROOT}/command/say", "Hi")
            other.wait_for(f"{ROOT}/result")
            topics |= {message.topic for message in other.pending()}
            assert f"{ROOT}/error" in topics
            assert "homeassistant/device/d1/config" in topics
            assert not any(b"listening" in m.payload for m in other.seen if "state" in m.topic)
    assert device.asked == [{"command": "say", "text": "Hi"}]


def test_a_broker_that_freezes_is_noticed_and_found_again(tmp_path, monkeypatch):
    import assistant.serve.mqtt.session as module

    monkeypatch.setattr(module, "ANSWER_S", 0.5)
    monkeypatch.setattr(module, "LOOK_S", 0.1)
    with Mosquitto(tmp_path) as broker:
        config = settings(broker.port)
        impatient = config.mqtt.model_copy(update={"keepalive": 1})
        with Device(config.model_copy(update={"mqtt": impatient})) as device:
            connected(device)
            broker.freeze()
            until(lambda: not device.status()["connected"], "it is noticed", PATIENCE_S)
            broker.thaw()
            connected(device)


def test_without_a_broker_nothing_waits_and_the_reason_is_told_once(caplog):
    port = free_port()
    with caplog.at_level("INFO"), Device(settings(port)) as device:
        until(lambda: "nobody" in device.status()["why"] or "refused" in device.status()["why"],
              "why", PATIENCE_S)  # fmt: skip
        for number in range(20_000):
            device.note("failed", turn=number, room="mind", message="no", take=0)
        answered = threading.Event()
        device._loop.call_soon_threadsafe(answered.set)
        assert answered.wait(PATIENCE_S)
        assert device.status()["waiting"] <= MOST_EVENTS + 10
        assert device.status()["dropped"] >= 20_000 - MOST_EVENTS
        files = len(list(Path("/proc/self/fd").iterdir()))
        time.sleep(0.5)  # several attempts
        assert len(list(Path("/proc/self/fd").iterdir())) <= files + 4
        assert len([each for each in device.told if each[0] == "mqtt"]) == 1
    assert caplog.text.count("cannot be reached") == 1


def hangs(connection):
    time.sleep(30)


def talks_nonsense(connection):
    connection.recv(1000)
    connection.sendall(os.urandom(2000))


def closes(connection):
    connection.recv(1000)


def says_half(connection):
    connection.recv(1000)
    connection.sendall(b"\x20\x7f\x00\x00")


def refuses_version(connection):
    connection.recv(1000)
    connection.sendall(b"\x20\x02\x00\x01")  # MQTT 3.1.1: unacceptable protocol version
    time.sleep(1)


def breaks_the_rules(connection):
    connection.recv(1000)
    connection.sendall(b"\x20\x03\x00\x00\x00" + b"\x30\xff\xff\xff\xff\xff\xff")
    time.sleep(1)


@pytest.mark.parametrize(
    ("peer", "word"),
    [
        (hangs, "does not answer as an MQTT broker"),
        (talks_nonsense, "127.0.0.1"),
        (closes, "before it was accepted"),
        (says_half, "before it was accepted"),
        (refuses_version, "refuses: unsupported protocol version"),
        (breaks_the_rules, "127.0.0.1"),
    ],
)
def test_a_peer_that_is_no_broker_is_one_sentence_and_it_tries_again(peer, word, monkeypatch):
    import assistant.serve.mqtt.session as module

    monkeypatch.setattr(module, "ANSWER_S", 0.3)
    monkeypatch.setattr(module, "LOOK_S", 0.1)
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                calls.append(connection)
                threading.Thread(target=run, args=(connection,), daemon=True).start()

        def run(connection):
            try:
                peer(connection)
                connection.close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        with Device(settings(server.getsockname()[1])) as device:
            until(lambda: len(calls) > 2, "it tries again", PATIENCE_S)
            until(lambda: word in device.status()["why"], word, PATIENCE_S)
            assert "\n" not in device.status()["why"]
            assert not device.status()["connected"]
        server.close()


def test_a_second_device_of_the_same_name_is_told_so(broker, at, names):
    class Patient:
        def next(self, lasted_s):
            return 60.0

    with Device(at()) as first:
        connected(first)
        first.bridge._connection._backoff = Patient()
        with Device(at()) as second:
            connected(second)
            until(lambda: not first.status()["connected"], "the first one leaves", PATIENCE_S)
            assert f"call itself {names}?" in first.status()["why"]
            assert "mqtt.device" in first.status()["why"]


def test_it_says_goodbye(broker, at, root):
    with Client(broker.port, f"{root}/availability") as other:
        with Device(at()):
            other.wait_for(f"{root}/availability", is_(b"online"))
        other.wait_for(f"{root}/availability", is_(b"offline"))


def test_the_last_will_of_a_killed_process_is_published(broker, root, names):
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from mqtt_device import *; import time\n"
        f"with Device(settings({broker.port}, device={names!r})): time.sleep(60)"
    )
    with Client(broker.port, f"{root}/availability") as other:
        process = subprocess.Popen([sys.executable, "-c", code])
        try:
            other.wait_for(f"{root}/availability", is_(b"online"))
            process.send_signal(signal.SIGKILL)
            other.wait_for(f"{root}/availability", is_(b"offline"))
        finally:
            process.kill()
            process.wait()


def test_the_thread_ends_though_nobody_answers():
    silent = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing
    with silent, Device(settings(silent.getsockname()[1])) as device:
        connection = device.bridge._connection
        until(lambda: isinstance(connection._session, Session), "an attempt", PATIENCE_S)
    assert not connection._thread.is_alive()
