"""How Home Assistant finds the device: one retained message with all its entities. Pure.

The format: "Device discovery payload", https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from collections.abc import Sequence
from typing import Any

from assistant import __version__
from assistant.conversation import Phase
from assistant.serve.figures import OUTCOMES
from assistant.serve.mqtt.topics import AVAILABILITY, Topics

AS_CONFIGURED = "as configured"
"""How the empty voice is called: a choice needs a name."""
LONGEST_STATE = 255
"""Characters of a text that Home Assistant lets people write."""
Entity = dict[str, Any]


def topic(prefix: str, topics: Topics) -> str:
    """Return where it is looked for; an empty message there makes the device disappear."""
    return f"{prefix}/device/{topics.device}/config"


def payload(
    topics: Topics,
    name: str,
    processor: str,
    voices: Sequence[str],
    languages: Sequence[str],
    personas: Sequence[str],
    commands: bool,
) -> dict[str, Any]:
    """Return the message; without `commands` nothing can be switched or pressed."""
    entities = _sensors(topics)
    if commands:
        entities |= _switches(topics, voices, languages, personas)
    for key, entity in entities.items():
        entity["unique_id"] = f"assistant_{topics.device}_{key}"
    return {
        "device": {
            "identifiers": [f"assistant_{topics.device}"],
            "name": name,
            "manufacturer": "assistant",
            "model": processor,
            "sw_version": __version__,
        },
        "origin": {"name": "assistant", "sw_version": __version__},
        "availability_topic": topics.own(AVAILABILITY),
        "qos": 1,
        "components": entities,
    }


def _sensors(topics: Topics) -> dict[str, Entity]:
    state, metrics = topics.own("state"), topics.own("metrics")
    duration = {"device_class": "duration", "unit_of_measurement": "s"}
    size = {"device_class": "data_size", "unit_of_measurement": "MB"}
    degrees = {"device_class": "temperature", "unit_of_measurement": "°C"}
    return {
        "phase": {
            "platform": "sensor",
            "name": "State",
            "icon": "mdi:account-voice",
            "device_class": "enum",
            "options": [str(phase) for phase in Phase],
            "state_topic": state,
            "value_template": "{{ value_json.phase }}",
        },
        "turn": {
            "platform": "event",
            "name": "Turn",
            "icon": "mdi:message-processing",
            "event_types": list(OUTCOMES),
            "state_topic": topics.own("turn"),
        },
        "latency": _measured("Answer latency", metrics, "latency_s", **duration),
        "memory": _measured("Memory", metrics, "memory_mb", **size),
        "cpu": _measured("Processor", metrics, "cpu_percent", unit_of_measurement="%"),
        "temperature": _measured("Temperature", metrics, "temperature_c", **degrees),
        "uptime": _measured("Uptime", metrics, "uptime_s", **duration),
        "model": _diagnostic("Model", state, "model", icon="mdi:brain"),
        "version": _diagnostic("Version", state, "version", icon="mdi:information-outline"),
    }


def _switches(
    topics: Topics, voices: Sequence[str], languages: Sequence[str], personas: Sequence[str]
) -> dict[str, Entity]:
    state = topics.own("state")

    def command(name: str) -> str:
        return topics.own(f"command/{name}")

    def choice(key: str, name: str, icon: str, options: Sequence[str]) -> Entity:
        """One of several, of which the empty one has a name there."""
        chosen = f"{{'{key}': '' if value == '{AS_CONFIGURED}' else value}}"
        return {
            "platform": "select",
            "name": name,
            "icon": icon,
            "options": [each or AS_CONFIGURED for each in options],
            "state_topic": state,
            "value_template": f"{{{{ value_json.{key} or '{AS_CONFIGURED}' }}}}",
            "command_topic": command(key),
            "command_template": f"{{{{ {chosen} | to_json }}}}",
        }

    return {
        "mute": {
            "platform": "switch",
            "name": "Mute microphone",
            "icon": "mdi:microphone-off",
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.muted else 'OFF' }}",
            "command_topic": command("mute"),
            "payload_on": "ON",
            "payload_off": "OFF",
        },
        "volume": {
            "platform": "number",
            "name": "Volume",
            "icon": "mdi:volume-high",
            "min": 0,
            "max": 100,
            "step": 5,
            "mode": "slider",
            "unit_of_measurement": "%",
            "state_topic": state,
            "value_template": "{{ (value_json.volume * 100) | round }}",
            "command_topic": command("volume"),
            "command_template": "{{ (value | float) / 100 }}",
        },
        "rate": {
            "platform": "number",
            "name": "Speaking rate",
            "icon": "mdi:speedometer",
            "min": 50,
            "max": 200,
            "step": 5,
            "mode": "slider",
            "unit_of_measurement": "%",
            "state_topic": state,
            "value_template": "{{ (value_json.rate * 100) | round }}",
            "command_topic": command("rate"),
            "command_template": "{{ (value | float) / 100 }}",
        },
        "voice": choice("voice", "Voice", "mdi:account-music", voices),
        "persona": choice("persona", "Persona", "mdi:drama-masks", personas),
        "language": {
            "platform": "select",
            "name": "Language",
            "icon": "mdi:translate",
            "options": list(languages),
            "state_topic": state,
            "value_template": "{{ value_json.language }}",
            "command_topic": command("language"),
        },
        "stop": {
            "platform": "button",
            "name": "Stop",
            "icon": "mdi:stop",
            "command_topic": command("stop"),
        },
        "wake": {
            "platform": "button",
            "name": "Wake",
            "icon": "mdi:microphone-message",
            "command_topic": command("wake"),
        },
        "say": {
            "platform": "text",
            "name": "Say",
            "icon": "mdi:bullhorn",
            "max": LONGEST_STATE,
            "command_topic": command("say"),
            "command_template": "{{ {'text': value} | to_json }}",
        },
        "ask": {
            "platform": "text",
            "name": "Ask",
            "icon": "mdi:chat-question",
            "max": LONGEST_STATE,
            "command_topic": command("ask"),
            "command_template": "{{ {'text': value} | to_json }}",
        },
        "notify": {
            "platform": "notify",
            "name": "Announce",
            "command_topic": command("say"),
            "command_template": "{{ {'text': value} | to_json }}",
        },
    }


def _measured(name: str, topic: str, key: str, **more: str) -> Entity:
    return _diagnostic(name, topic, key, state_class="measurement", **more)


def _diagnostic(name: str, topic: str, key: str, **more: str) -> Entity:
    return {
        "platform": "sensor",
        "name": name,
        "entity_category": "diagnostic",
        "state_topic": topic,
        "value_template": f"{{{{ value_json.{key} }}}}",
        **more,
    }
