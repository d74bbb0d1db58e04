"""What Home Assistant is told, held against the keys that its documentation requires and allows.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and the pages of the platforms. Home
Assistant itself needs another Python than some that are supported here; by hand all of this passed
the schemas of its version 2025.2.5.
"""

import json
import re

import pytest

from assistant.serve.mqtt import discovery
from assistant.serve.mqtt.topics import Topics

TOPICS = Topics("assistant", "d1")
EVERY = {"platform", "name", "unique_id", "icon", "entity_category", "value_template"}
PLATFORMS = {
    # platform: (required, allowed beside EVERY)
    "sensor": (
        {"state_topic"},
        {"device_class", "state_class", "unit_of_measurement", "options"},
    ),
    "switch": ({"command_topic"}, {"state_topic", "payload_on", "payload_off"}),
    "number": (
        {"command_topic"},
        {"state_topic", "command_template", "min", "max", "step", "mode", "unit_of_measurement"},
    ),
    "select": ({"command_topic", "options"}, {"state_topic", "command_template"}),
    "button": ({"command_topic"}, {"payload_press"}),
    "text": ({"command_topic"}, {"command_template", "max", "min"}),
    "notify": ({"command_topic"}, {"command_template"}),
    "event": ({"state_topic", "event_types"}, set()),
}
UNITS = {"duration": "s", "data_size": "MB", "temperature": "°C"}


def made(commands=True):
    return discovery.payload(
        TOPICS,
        "Kitchen",
        "Cortex-A76",
        ["", "en-us"],
        ["en", "zh"],
        ["", "child"],
        commands=commands,
    )


ENTITIES = made()["components"]


def test_the_topic_has_the_shape_that_is_looked_for():
    topic = discovery.topic("homeassistant", TOPICS)
    # Home Assistant's own pattern: <component>/[<node_id>/]<object_id>/config
    assert re.fullmatch(r"homeassistant/\w+/[a-zA-Z0-9_-]+/config", topic)
    assert topic == "homeassistant/device/d1/config"


def test_the_device_and_the_origin_are_named():
    told = made()
    assert set(told) == {"device", "origin", "availability_topic", "qos", "components"}
    assert told["device"]["identifiers"] == ["assistant_d1"]
    assert told["device"]["name"] == "Kitchen"
    assert told["origin"]["name"]
    assert told["availability_topic"] == "assistant/d1/availability"
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("key", ENTITIES)
def test_an_entity_has_what_its_platform_requires_and_nothing_else(key):
    entity = ENTITIES[key]
    required, allowed = PLATFORMS[entity["platform"]]
    assert required | {"name", "unique_id"} <= set(entity)
    assert set(entity) <= EVERY | required | allowed
    assert all(entity[name] for name in entity if name != "min")


def test_every_entity_has_an_id_and_a_name_of_its_own():
    assert len({entity["unique_id"] for entity in ENTITIES.values()}) == len(ENTITIES)
    assert len({entity["name"] for entity in ENTITIES.values()}) == len(ENTITIES)
    assert all(entity["unique_id"].startswith("assistant_d1_") for entity in ENTITIES.values())


@pytest.mark.parametrize("key", [key for key in ENTITIES if "device_class" in ENTITIES[key]])
def test_a_device_class_has_a_unit_that_belongs_to_it(key):
    entity = ENTITIES[key]
    if entity["device_class"] == "enum":
        assert "unit_of_measurement" not in entity
        assert "state_class" not in entity
        assert entity["options"] == ["asleep", "listening", "thinking", "speaking"]
    else:
        assert entity["unit_of_measurement"] == UNITS[entity["device_class"]]


def test_all_topics_are_the_devices_own():
    topics = {
        entity[key]
        for entity in ENTITIES.values()
        for key in ("state_topic", "command_topic")
        if key in entity
    }
    assert all(topic.startswith("assistant/d1/") for topic in topics)
    commands = {t.rpartition("/")[2] for t in topics if "/command/" in t}
    settings = {"mute", "volume", "rate", "voice", "language", "persona"}
    assert commands == {*settings, "stop", "wake", "say", "ask"}


def test_a_choice_has_no_option_without_a_name_and_no_text_is_longer_than_allowed():
    assert ENTITIES["voice"]["options"] == ["as configured", "en-us"]
    assert ENTITIES["say"]["max"] <= 255


def test_without_commands_there_is_nothing_to_press():
    entities = made(commands=False)["components"]
    assert entities
    assert not any("command_topic" in entity for entity in entities.values())


@pytest.mark.parametrize(
    ("key", "value", "payload"),
    [
        ("say", 'Say "yes" {now}', {"text": 'Say "yes" {now}'}),
        ("notify", "吃饭了", {"text": "吃饭了"}),
        ("voice", "as configured", {"voice": ""}),
        ("voice", "en-us", {"voice": "en-us"}),
        ("persona", "as configured", {"persona": ""}),
        ("persona", "child", {"persona": "child"}),
        ("volume", 55, 0.55),
        ("rate", 120, 1.2),
    ],
)
def test_what_home_assistant_makes_of_a_wish_is_understood_here(key, value, payload):
    from jinja2 import Environment

    from assistant.serve.mqtt.orders import read

    jinja = Environment()
    jinja.filters["to_json"] = json.dumps  # as Home Assistant has it
    text = jinja.from_string(ENTITIES[key]["command_template"]).render(value=value)
    assert json.loads(text) == payload
    name = ENTITIES[key]["command_topic"].rpartition("/")[2]
    arguments = read(name, text.encode()).arguments
    assert arguments == (payload if isinstance(payload, dict) else {key: payload})


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("phase", "speaking"),
        ("mute", "ON"),
        ("volume", "30.0"),
        ("rate", "80.0"),
        ("voice", "as configured"),
        ("language", "zh"),
        ("persona", "child"),
        ("model", "small"),
    ],
)
def test_what_is_published_is_shown(key, shown):
    from jinja2 import Environment

    state = {
        "phase": "speaking", "out": False, "volume": 0.3, "rate": 0.8, "muted": True, "voice": "",
        "language": "zh", "persona": "child", "model": "small", "version": "0.1.0",
        "name": "Kitchen",
    }  # fmt: skip
    template = Environment().from_string(ENTITIES[key]["value_template"])
    assert template.render(value_json=state) == shown
