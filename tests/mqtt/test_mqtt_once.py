"""One message of an owner's action, to a real mosquitto."""

import pytest
from mqtt.mosquitto import Client, Mosquitto, free_port

from assistant.config import parse
from assistant.errors import AssistantError
from assistant.serve.mqtt import broker, once


def at(port):
    settings = {"mqtt": {"host": "127.0.0.1", "port": port, "device": "kiosk"}}
    return broker.of(parse(settings, "test"))


def test_a_message_arrives_and_is_kept_if_it_shall_be(tmp_path):
    with Mosquitto(tmp_path) as real:
        with Client(real.port, "factory/#") as somebody:
            once.publish(at(real.port), "factory/3/fault", '{"line": "三"}', False, 10.0)
            message = somebody.wait_for("factory/3/fault")
            assert (message.payload.decode(), message.retain) == ('{"line": "三"}', False)
            once.publish(at(real.port), "factory/state", "on", True, 10.0)
        with Client(real.port, "factory/#") as late:
            assert late.wait_for("factory/state").retain


def test_a_refusal_and_nobody_there_are_sentences(tmp_path):
    with (
        Mosquitto(tmp_path, "allow_anonymous false") as real,
        pytest.raises(AssistantError, match="refuses: Not authorized"),
    ):
        once.publish(at(real.port), "a", "b", False, 10.0)
    with pytest.raises(AssistantError, match="refused"):
        once.publish(at(free_port()), "a", "b", False, 1.0)
