"""Publishes one message for an owner's action, on a connection of its own."""

import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from assistant.errors import AssistantError
from assistant.serve.mqtt.broker import Broker


def publish(broker: Broker, topic: str, payload: str, retain: bool, seconds: float) -> None:
    """Publish at least once (QoS 1) and wait for the broker's word, `seconds` in all.

    Raises `AssistantError` where nobody answers, or the broker refuses.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect_timeout = seconds
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(broker.tls)
    words: list[str] = []
    greeted: list[str] = []
    client.on_connect = lambda _client, _data, _flags, code, _properties: greeted.append(
        str(code) if code.is_failure else ""
    )
    client.on_publish = lambda _client, _data, _mid, code, _properties: words.append(
        str(code) if code.is_failure else ""
    )
    end = time.monotonic() + seconds
    try:
        client.connect(broker.host, broker.port, broker.keepalive)
        _wait(client, greeted, end, broker)
        client.publish(topic, payload, qos=1, retain=retain)
        _wait(client, words, end, broker)
        client.disconnect()
    except (OSError, ValueError) as error:
        raise AssistantError(f"{broker.address}: {error}") from error
    finally:
        if left := client.socket():
            left.close()


def _wait(client: paho.Client, said: list[str], end: float, broker: Broker) -> None:
    while not said:
        left = end - time.monotonic()
        if left <= 0 or (client.loop(min(left, 1.0)) != paho.MQTT_ERR_SUCCESS and not said):
            raise AssistantError(
                "{address} does not answer as an MQTT broker", address=broker.address
            )
    if said[0]:
        raise AssistantError("{address} refuses: {said}", address=broker.address, said=said[0])
