"""The daemon with its real model at a real mosquitto."""

import json
import queue
import threading

import pytest
from mosquitto import Client, Mosquitto
from mqtt_device import told
from shell import Child, assistant

pytestmark = [pytest.mark.engine, pytest.mark.e2e]

ROOT = "assistant/d1"


class Running(Child):
    """`assistant run` without devices, at a broker."""

    def __init__(self, folder, port):
        settings = {
            "audio.backend": "none", "speech.engine": "espeak", "llm.temperature": 0,
            "llm.max_tokens": 16, "paths.socket": folder / "s", "mqtt.host": "127.0.0.1",
            "mqtt.port": port, "mqtt.interval": 1, "mqtt.device": "d1", "mqtt.text": "true",
        }  # fmt: skip
        self.given = [f"--set={key}={value}" for key, value in settings.items()]
        super().__init__(*self.given, "run", "--json", env={"STATE_DIRECTORY": str(folder)})
        self._events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def wait_for(self, name, begins=""):
        """Return the next event of that name whose text, if it has one, begins so."""
        while True:
            event = self._events.get(timeout=60)
            if event["event"] == name and event.get("text", "").startswith(begins):
                return event


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(broker, tmp_path_factory):
    with Running(tmp_path_factory.mktemp("run"), broker.port) as running:
        assert running.wait_for("mqtt")["connected"]
        yield running


@pytest.fixture
def fleet(broker):
    with Client(broker.port, "assistant/#") as client:
        yield client


def test_a_question_is_answered_and_its_turn_told(daemon, fleet):
    fleet.publish(f"{ROOT}/command/ask", '{"text": "What is the capital of France?", "id": "q"}')
    assert told(fleet.wait_for(f"{ROOT}/result"))["ok"]
    turn = told(fleet.wait_for(f"{ROOT}/turn"))
    assert (turn["event_type"], turn["asked"]) == ("answered", "What is the capital of France?")
    assert "Paris" in turn["answer"]
    assert {"first_token", "reply_end"} <= set(turn["stages"])
    states = [told(message) for message in fleet.seen if message.topic == f"{ROOT}/state"]
    assert {"thinking", "speaking"} <= {state["phase"] for state in states}
    if states[-1]["phase"] != "asleep":  # it may have come before what was waited for
        fleet.wait_for(f"{ROOT}/state", lambda payload: json.loads(payload)["phase"] == "asleep")


def test_a_text_is_said(daemon, fleet):
    fleet.publish(f"{ROOT}/command/say", "晚饭好了。")
    turn = told(fleet.wait_for(f"{ROOT}/turn"))
    assert (turn["event_type"], turn["answer"]) == ("said", "晚饭好了。")


def test_a_text_that_somebody_stops_is_told_as_such(daemon, fleet):
    fleet.publish(f"{ROOT}/command/say", "One, two, three. " * 20)
    for _ in range(2):  # what came before the second one has been heard
        daemon.wait_for("clause_started", "One, two")
    fleet.publish(f"{ROOT}/command/stop")
    turn = told(fleet.wait_for(f"{ROOT}/turn"))
    assert turn["event_type"] == "stopped"
    assert turn["answer"].count("three") < 20
    fleet.wait_for(f"{ROOT}/metrics", lambda payload: json.loads(payload)["turns"]["stopped"] == 1)


def test_settings_are_changed_and_what_is_not_installed_is_told(daemon, fleet):
    fleet.publish(f"{ROOT}/config/set", '{"volume": 0.25, "muted": true}')
    fleet.wait_for(f"{ROOT}/result", lambda payload: json.loads(payload).get("volume") == 0.25)
    fleet.publish(f"{ROOT}/command/voice", "nobody")
    answer = told(fleet.wait_for(f"{ROOT}/result"))
    assert (answer["ok"], "'nobody' is no installed voice" in answer["error"]) == (False, True)
    with_state = assistant(*daemon.given, "mqtt", "--json")
    told_here = json.loads(with_state.stdout)
    assert (told_here["connected"], told_here["topics"]) == (True, ROOT)


def test_the_command_line_tells_the_name_without_a_broker_too(tmp_path):
    run = assistant("--set=mqtt.device=d7", "mqtt")
    assert run.returncode == 0
    assert run.stdout.decode().splitlines() == [
        "device: d7",
        "topics: assistant/d7/...",
        "not connected: mqtt.host is not set.",
    ]
    away = [f"--set=paths.socket={tmp_path}/s", "--set=mqtt.host=127.0.0.1"]
    assert "no assistant answers" in assistant(*away, "mqtt").stdout.decode()


def test_a_setting_that_cannot_be_used_ends_it_at_once(tmp_path):
    from shell import is_one_sentence

    given = ["--set=audio.backend=none", "--set=mqtt.host=127.0.0.1", "--set=mqtt.base=a/#"]
    assert "mqtt.base" in is_one_sentence(assistant(*given, "run"))


def test_the_last_will_of_a_killed_daemon_is_published(daemon, fleet):
    fleet.wait_for(f"{ROOT}/availability", lambda payload: payload == b"online")
    daemon.process.kill()
    fleet.wait_for(f"{ROOT}/availability", lambda payload: payload == b"offline")
