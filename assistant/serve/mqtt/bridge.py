"""Between the daemon and the broker: what happens goes out, what is asked for is done.

Used on the daemon's loop. Nothing here waits for the network, see `connection`.
"""

import asyncio
import contextlib
import datetime
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from assistant import machine
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.serve.figures import Outcome
from assistant.serve.mqtt import broker, discovery, identity
from assistant.serve.mqtt.inbox import Inbox, Received, Refused, Repeated
from assistant.serve.mqtt.orders import Order
from assistant.serve.mqtt.outbox import Message
from assistant.trace import Timeline
from assistant.waterfall import voice_to_voice

log = logging.getLogger(__name__)

Answer = dict[str, Any]

CHANGES = 8
"""So many changes of settings may wait for one another."""
REMEMBERED = 256
"""Answers that are kept for who asks again."""
ASKED = 16
"""Turns of which it is remembered what was asked."""
IN_FORCE = ("volume", "rate", "muted", "voice", "language", "persona")


@dataclass(frozen=True)
class House:
    """What the bridge needs of the daemon."""

    ask: Callable[[dict[str, Any]], dict[str, Any]]
    """Answers a request as the control socket does; raises `AssistantError`."""
    change: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
    """Changes settings and returns what is in force then; raises `AssistantError`."""
    settings: Callable[[], Awaitable[dict[str, Any]]]
    """Returns what is in force, and what may be chosen."""
    figures: Callable[[], dict[str, Any]]
    timeline: Callable[[int], Timeline]
    tell: Callable[[str, dict[str, Any]], None]
    """Tells all observers of the daemon."""


class Bridge:
    """One device at one broker; an observer of the daemon, see `assistant.daemon.Note`."""

    def __init__(self, config: Config, house: House) -> None:
        """Raises `BadInput` for settings that cannot be used, `EngineMissing` without paho-mqtt."""
        self._mqtt, self._house = config.mqtt, house
        self._broker = broker.of(config)
        broker.need()
        from assistant.serve.mqtt.connection import Connection

        self._topics = self._broker.topics
        self._inbox = Inbox(self._topics, config.mqtt.rate, time.monotonic)
        self._connection = Connection(
            self._broker, self._inbox, config.mqtt.commands, self._received, self._changed
        )
        self._loop: asyncio.AbstractEventLoop
        self._tasks: set[asyncio.Task[None]] = set()
        self._phase: Answer = {}
        self._settings: Answer = {}
        self._model = self._version = ""
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._asked: OrderedDict[int, str] = OrderedDict()
        self._cpu = (0.0, 0.0)

    async def start(self) -> None:
        """Begin, once the daemon works. Does not wait for the broker."""
        self._loop = asyncio.get_running_loop()
        self._settings = await self._house.settings()
        self._phase = self._house.ask({"command": "state"})
        self._look()
        self._introduce()
        self._connection.start()
        self._task(self._measure())

    async def stop(self) -> None:
        """Say goodbye to the broker, if it is there, and end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._connection.stop)

    def status(self) -> Answer:
        """Return how the connection is, for people and programs."""
        now, outbox = self._connection.status, self._connection.outbox
        return {
            "broker": self._broker.address,
            "connected": now.connected,
            "why": now.why,
            "device": self._topics.device,
            "topics": self._topics.root,
            "refused": self._connection.refused,
            "waiting": len(outbox),
            "dropped": outbox.dropped,
        }

    # --- what happens goes out ------------------------------------------------------------------

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        match name:
            case "state":
                self._phase = data
                self._state()
            case "settings":
                self._settings = data
                self._state()
                self._introduce()
            case "ready":  # perhaps with another language, and so another model
                self._asked.clear()  # its turns are counted anew
                self._look()
            case "heard" | "think" if data["text"] and self._mqtt.text:
                self._asked[data["turn"]] = data["text"]
                if len(self._asked) > ASKED:
                    self._asked.popitem(last=False)
            case "failed":
                self._event("error", {"room": data["room"], "error": data["message"]})

    def turn(self, turn: int, outcome: Outcome, heard: str) -> None:
        """Tell of a turn that has ended."""
        timeline = self._house.timeline(turn)
        latency = voice_to_voice(timeline)
        told = {
            "event_type": outcome,
            "turn": turn,
            "time": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "latency_s": None if latency is None else round(latency, 3),
            "stages": timeline.stages(),
        }
        if self._mqtt.text:
            told |= {"asked": self._asked.get(turn, ""), "answer": heard}
        self._event("turn", told)

    def _look(self) -> None:
        """Look at what belongs to the engines in use."""
        with contextlib.suppress(AssistantError):  # one that is loading tells when it is ready
            info = self._house.ask({"command": "info"})
            self._model, self._version = info["model"], info["version"]
            self._state()

    def _state(self) -> None:
        chosen = {name: self._settings[name] for name in IN_FORCE if name in self._settings}
        told = {
            "phase": self._phase["phase"],
            "out": self._phase["out"],
            **chosen,
            "model": self._model,
            "version": self._version,
            "name": self._name,
        }
        self._retained("state", told)
        self._retained("config/state", {**chosen, **self._choices()})

    def _choices(self) -> Answer:
        there = ("voices", "languages", "personas")
        return {name: self._settings.get(name, []) for name in there}

    def _introduce(self) -> None:
        """Let Home Assistant find the device, or no longer."""
        where, text = discovery.topic(self._mqtt.prefix, self._topics), b""
        if self._mqtt.discovery:
            found = discovery.payload(
                self._topics,
                self._name,
                machine.processor(),
                commands=self._mqtt.commands,
                **self._choices(),
            )
            text = _json(found)
        self._connection.publish(Message(where, text, retain=True))

    async def _measure(self) -> None:
        while True:
            figures = await asyncio.to_thread(self._house.figures)
            self._retained("metrics", {**figures, "cpu_percent": self._percent(figures)})
            await asyncio.sleep(self._mqtt.interval)

    def _percent(self, figures: Answer) -> float:
        """Return the share of one core since the last time, in %."""
        now = figures["uptime_s"], figures["cpu_s"]
        passed, used = now[0] - self._cpu[0], now[1] - self._cpu[1]
        self._cpu = now
        return round(100 * used / passed, 1) if passed > 0 else 0.0

    def _retained(self, name: str, data: Answer) -> None:
        self._connection.publish(Message(self._topics.own(name), _json(data), retain=True))

    def _event(self, name: str, data: Answer) -> None:
        self._connection.publish(Message(self._topics.own(name), _json(data)))

    # --- what is asked for is done --------------------------------------------------------------

    def _received(self, message: Received) -> None:
        """Take a message, on the connection's thread; what is refused costs the loop nothing."""
        match self._inbox.take(message):
            case Order() as order:
                self._soon(self._obey, order, message)
            case Refused(why, named):
                log.info("%s: %s", message.topic, why)
                by = {"id": named} if named else {}
                self._event("error", {"topic": message.topic, **by, "error": why})
                if message.answer_on:
                    self._answer(message, {**by, "ok": False, "error": why})
            case Repeated(named):
                self._soon(self._again, message, named)

    def _obey(self, order: Order, message: Received) -> None:
        if not order.changes:
            self._done(order, message, self._asked_for(order))
        elif len(self._tasks) > CHANGES:
            why = "too many changes wait already; try again in a moment."
            self._done(order, message, {"ok": False, "error": why})
        else:
            self._task(self._change(order, message))

    def _asked_for(self, order: Order) -> Answer:
        try:
            self._house.ask({"command": order.name, **order.arguments})
        except AssistantError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True}

    async def _change(self, order: Order, message: Received) -> None:
        try:
            # What was begun is done, though the connection to the broker may end meanwhile.
            told = await asyncio.shield(self._house.change(order.arguments))
            answer = {"ok": True, **{name: told[name] for name in IN_FORCE}}
        except AssistantError as error:
            answer = {"ok": False, "error": str(error)}
        self._done(order, message, answer)

    def _done(self, order: Order, message: Received, answer: Answer) -> None:
        answer = {"command": order.name, **({"id": order.id} if order.id else {}), **answer}
        if order.id:
            self._answers[order.name, order.id] = answer
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        self._answer(message, answer)

    def _again(self, message: Received, named: str) -> None:
        """Answer who asks again as before; who asks too early is answered with the first."""
        name = self._topics.order(message.topic)
        if answer := self._answers.get((name, named)):
            self._answer(message, {**answer, "repeated": True})

    def _answer(self, message: Received, answer: Answer) -> None:
        where = self._topics.own("result")
        if message.answer_on and self._topics.may_answer_on(message.answer_on):
            where = message.answer_on
        self._connection.publish(Message(where, _json(answer), correlation=message.correlation))

    # --- the connection -------------------------------------------------------------------------

    def _changed(self, status: Any) -> None:
        """The connection has begun or ended; called on its thread."""
        if status.connected:
            log.info("MQTT: connected to %s as %s", self._broker.address, self._topics.device)
        else:
            log.warning("MQTT: %s", status.why)
        self._soon(self._house.tell, "mqtt", {"connected": status.connected, "why": status.why})

    def _soon(self, act: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(act, *arguments)

    def _task(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _name(self) -> str:
        return self._mqtt.name or identity.name()


def _json(data: Answer) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="replace")
