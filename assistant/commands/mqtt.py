"""`assistant mqtt`: what this device is called at the broker, and whether it is connected."""

from typing import Any

import click

from assistant.commands import example, plain, print_json, settings, tell
from assistant.errors import AssistantError


@click.command(epilog=example("assistant mqtt", "assistant mqtt --json"))
@click.option("--json", "as_json", is_flag=True, help="One object: device, topics, connected, ...")
def command(as_json: bool) -> None:
    """Say what this device is called at the MQTT broker, and whether it is connected.

    The name is told without a broker, too: the broker's rules need it.
    """
    from assistant.serve.control import call
    from assistant.serve.mqtt import broker

    config = settings()
    topics = broker.topics_of(config)
    told: dict[str, Any] = {
        "device": topics.device,
        "topics": topics.root,
        "connected": False,
        "why": "",
    }
    if not config.mqtt.host:
        told["why"] = "mqtt.host is not set."
    else:
        try:
            answer = call(config.socket_path, {"command": "mqtt"})
            told |= {key: answer[key] for key in answer if key != "ok"}
        except AssistantError as error:
            told["why"] = str(error)
    if as_json:
        print_json(told)
        return
    tell("device: {device}\ntopics: {topics}/...", device=told["device"], topics=told["topics"])
    if told["connected"]:
        tell("connected to {broker}", broker=told["broker"])
    else:
        tell("not connected: {why}", why=plain(str(told["why"])))
    for topic in told.get("refused", []):
        tell("the broker does not allow: {topic}", topic=plain(topic))
