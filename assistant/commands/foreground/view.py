"""What is seen of the running assistant: lines for people, or events as JSON for programs."""

import contextlib
import json
import shutil
import sys
import time
from typing import Any

import click

from assistant.commands.columns import end_of
from assistant.config import Config
from assistant.crew import poor
from assistant.messages import say

_SERVERS = {
    "ready": "the server at {} answers what is said",
    "paused": "the server at {} wants silence: the wake word does nothing",
    "none": "no server: the device answers by itself",
}
DEVICES = ("microphone", "loudspeaker")
KEYS_HELP = "space: speak to it   s: stop   q: quit"


def print_event(name: str, data: dict[str, Any]) -> None:
    """Write one event as one line of JSON."""
    line = {"time": round(time.time(), 3), "event": name, **data}
    click.echo(json.dumps(line, ensure_ascii=False))


class Status:
    """What a person sees: the conversation as lines, and on a terminal a last line that lives."""

    def __init__(self, live: bool, config: Config) -> None:
        self._live = live
        self.config = config
        """The settings in force."""
        self._line = "loading"
        self._draw()

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Take an event; see `assistant.daemon.Note`."""
        match name:
            case "ready":
                self._print(f"ready; {_how_to_begin(self.config)}")
                self._print(KEYS_HELP if self._live else "")
            case "restarting":
                self._print(data["message"])
            case "web":
                self._print(f"web page: {data['url']}")
            case "wyoming":
                self._print(f"wyoming {data['offers']}: {data['host']}, port {data['port']}")
            case "server":
                self._print(_SERVERS[data["server"]].format(data["address"]))
            case "mqtt":
                self._print("MQTT: connected" if data["connected"] else f"MQTT: {data['why']}")
            case "state":
                self._line = data["phase"]
            case "partial":
                self._line = f"listening: {data['text']}"
            case "heard" if data["text"]:
                self._print(f"you: {data['text']}")
            case "ignored":
                self._print("(that was said to somebody else)")
            case "say":
                self._print(f"assistant: {data['text']}")
            case "reply_ended":
                self._print(f"assistant: {data['text']}")
            case "crew":
                for each in data["poor"]:
                    self._print(poor(**each))
            case "failed" if data["room"] not in DEVICES:  # of those more is told
                self._print(f"error: {data['message']}")
            case "device":
                self._print(_device(data))
        self._draw()

    def _print(self, text: str) -> None:
        if text:
            click.echo(("\r\x1b[K" if self._live else "") + text)

    def _draw(self) -> None:
        if self._live:
            room = shutil.get_terminal_size().columns - 1
            click.echo("\r\x1b[K" + end_of(self._line, room), nl=False)
            sys.stdout.flush()

    def end(self) -> None:
        """Clear the line that lives."""
        if self._live:
            with contextlib.suppress(OSError):
                click.echo("\r\x1b[K", nl=False)
                sys.stdout.flush()


def _device(data: dict[str, Any]) -> str:
    """Return the line for a device that has gone or come back."""
    if not data["there"]:
        return say("error: {message} It is tried again until it is back.", message=data["message"])
    back = {
        "microphone": say("the microphone is back"),
        "loudspeaker": say("the loudspeaker is back"),
    }
    return back[data["room"]]


def _how_to_begin(config: Config) -> str:
    if config.wake.always:
        return "it listens all the time"
    if not config.wake.calls:
        return "`assistant wake` wakes it"
    return "say " + " or ".join(f'"{call}"' for call in config.wake.calls)
