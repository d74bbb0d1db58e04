"""Does what an owner's action says, and tells what is said about it."""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.mind.skills.actions import OUTPUT, Action, fill
from assistant.mind.skills.pins import Pins
from assistant.mind.skills.plugins import Host, function
from assistant.mind.skills.running import Child
from assistant.mind.skills.skill import Request, Slot
from assistant.mind.skills.speakable import line, speakable

log = logging.getLogger(__name__)

FAILED = {"en": "Sorry, that did not work.", "zh": "抱歉，这个没做成。"}
LATE = {"en": "Sorry, that took too long.", "zh": "抱歉，等得太久了。"}
DONE = {"en": "Done.", "zh": "好了。"}
LIMIT = {"en": "That must be between {low} and {high}.", "zh": "要在{low}到{high}之间。"}
AT_ONCE = 16
"""Programs that may run beside each other."""

Publish = Callable[[str, str, bool, float], None]
"""Publishes a payload on a topic, retained or not, within s. Raises `AssistantError`."""


@dataclass(frozen=True, slots=True)
class Means:
    """What actions are done with."""

    host: Host
    pins: Pins
    publish: Publish


def values(action: Action, slots: Mapping[str, Slot]) -> dict[str, str]:
    """Return slots as texts that are put into one place each: one line, no control characters.

    A number has the form `2` or `2.5`. Words that anybody may say do not begin with dashes, so that
    they are no option of a program.
    """
    found = {}
    for name, value in slots.items():
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = line(str(value))
        found[name] = text.lstrip("-‐‑–— ") if name in action.free else text
    return found


def outside(action: Action, request: Request) -> str | None:
    """Return what is said where a slot is not within its limits; None: all are."""
    for name, (low, high) in action.limits.items():
        value = request.slots.get(name)
        if value is None:
            continue
        if not isinstance(value, int | float) or not low <= value <= high:
            return LIMIT[request.language].format(low=low, high=high)
    return None


class Doer:
    """Does actions; from the mind's thread, but for `stop`."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._lock = threading.Lock()
        self._running: set[Child] = set()

    def do(self, name: str, action: Action, request: Request, folder: Path) -> str:
        """Do it, and return what is said. A failure is a sentence too, and a line in the log."""
        texts = values(action, request.slots)
        language = request.language
        try:
            output = self._do(name, action, request, texts, folder)
        except TimeoutError:
            log.error("the action `%s` took longer than %g s", name, action.timeout)
            return action.failed.get(language) or LATE[language]
        except (AssistantError, OSError, ValueError) as error:
            log.error("the action `%s` failed: %s", name, error)
            said = action.failed.get(language) or FAILED[language]
            return speakable(fill(said, {**texts, OUTPUT: ""}))
        if action.python is not None:  # it has said what there is to say, or what failed
            return output
        said = speakable(output)
        if wanted := action.say.get(language):
            return speakable(fill(wanted, {**texts, OUTPUT: said}), 2000)
        return said or DONE[language]

    def stop(self) -> None:
        """End every program that runs for an action; from any thread."""
        with self._lock:
            running = list(self._running)
        for child in running:
            child.stop()

    def _do(
        self, name: str, action: Action, request: Request, texts: Mapping[str, str], folder: Path
    ) -> str:
        if action.run is not None:
            return self._run(name, action, texts, folder)
        if action.http is not None:
            from assistant.mind.skills.calling import call

            return call(action.http, texts, action.timeout)
        if action.mqtt is not None:
            topic = {key: value.translate(_NO_WILDCARDS) for key, value in texts.items()}
            mqtt = action.mqtt
            self._means.publish(
                fill(mqtt.topic, topic), fill(mqtt.payload, texts), mqtt.retain, action.timeout
            )
        elif action.gpio is not None:
            gpio = action.gpio
            if gpio.pulse is None:
                self._means.pins.switch(gpio.chip, gpio.line, gpio.on)
            else:
                self._means.pins.pulse(gpio.chip, gpio.line, gpio.on, gpio.pulse)
        elif action.python is not None:
            return self._means.host.call(
                function(folder, action.python),
                language=request.language,
                owner=str(folder / action.python),
                seconds=action.timeout,
                slots=request.slots,
            )
        return ""

    def _run(self, name: str, action: Action, texts: Mapping[str, str], folder: Path) -> str:
        child = self._begin([fill(each, texts) for each in action.run or ()], action, folder)
        if not action.wait:
            beside = threading.Thread(
                target=lambda: self._finish_quietly(name, child, action.timeout),
                name=f"action {name}",
                daemon=True,
            )
            beside.start()
            return ""
        return self._finish(child, action.timeout)

    def _begin(self, arguments: list[str], action: Action, folder: Path) -> Child:
        with self._lock:
            if len(self._running) >= AT_ONCE:
                raise AssistantError("{at_once} programs run already", at_once=AT_ONCE)
            child = Child(arguments, action.user, str(folder))
            self._running.add(child)
        return child

    def _finish(self, child: Child, seconds: float) -> str:
        try:
            ended = child.wait(seconds)
        finally:
            with self._lock:
                self._running.discard(child)
        output = ended.output.decode("utf-8", "replace")
        if ended.why == "time":
            raise TimeoutError
        if ended.why:
            raise AssistantError({"output": "it printed too much", "stopped": "stopped"}[ended.why])
        if ended.code:
            raise AssistantError(
                "exit code {code}: {output}", code=ended.code, output=speakable(output)
            )
        return output

    def _finish_quietly(self, name: str, child: Child, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            try:
                self._finish(child, seconds)
            except AssistantError as error:
                log.error("the action `%s` failed: %s", name, error)


_NO_WILDCARDS = str.maketrans("", "", "+#/")
