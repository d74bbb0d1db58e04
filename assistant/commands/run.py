"""`assistant run`: the daemon in the foreground."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, settings
from assistant.config import Config
from assistant.daemon import Daemon
from assistant.errors import AssistantError
from assistant.events import Asked, SayRequested, StopRequested, WakeDetected

KEYS_HELP = "space: speak to it   s: stop   q: quit"


@click.command(
    epilog=example("assistant run", "assistant run --json", "assistant --set wake.always=true run")
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for every event.")
@click.option("--or-demo", is_flag=True, help="Without a microphone, run the demo instead.")
def command(as_json: bool, or_demo: bool) -> None:
    """Be the assistant: listen, think and speak, in the foreground."""
    config = settings()
    if or_demo and (reason := no_microphone(config)):
        from assistant.commands import demo

        click.echo(f"{reason}\nSo here is a recorded question instead:\n", err=True)
        demo.perform(config, [], Path("out"), as_json)
        return
    asyncio.run(Foreground(config, as_json).run())


def no_microphone(config: Config) -> str | None:
    """Return the sentence that says why there is no microphone, or None when there is one."""
    from assistant.audio import devices

    try:
        devices.resolve("input", config.audio.input, devices.listing())
    except AssistantError as error:
        return str(error)
    return None


class Foreground:
    """The daemon with everything that belongs to a process: signals, keys, socket, systemd."""

    def __init__(self, config: Config, as_json: bool) -> None:
        from assistant.audio import engines
        from assistant.serve.control import ControlServer
        from assistant.serve.notify import Notifier

        self._config = config
        microphone = engines.microphone(config, lambda why: self._lost("microphone", why))
        loudspeaker = engines.loudspeaker(config, lambda why: self._lost("loudspeaker", why))
        self._daemon = Daemon(config, microphone, loudspeaker)
        self._control = ControlServer(config.socket_path, self._handle)
        self._systemd = Notifier()
        self._ended = asyncio.Event()
        self._view: Callable[[str, dict[str, Any]], None]
        self._view = print_event if as_json else Status(sys.stdout.isatty(), config).note
        self._daemon.observe(self._view)
        self._daemon.observe(self._tell_systemd)

    async def run(self) -> None:
        """Run until it is told to end. Raises `AssistantError` when it cannot go on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)
        await self._control.start()
        try:
            starting = asyncio.create_task(self._daemon.start())
            ended = asyncio.create_task(self._ended.wait())
            await asyncio.wait([starting, ended], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                return
            starting.result()
            self._view("ready", {})
            self._systemd.ready("asleep")
            with keys(self._key):
                lost = asyncio.create_task(self._daemon.lost())
                alive = asyncio.create_task(self._feed_watchdog())
                await asyncio.wait([lost, ended], return_when=asyncio.FIRST_COMPLETED)
                alive.cancel()
                if lost.done():
                    lost.result()
                lost.cancel()
        finally:
            self._systemd.stopping()
            await self._control.stop()
            await self._daemon.stop()

    def _end(self) -> None:
        if self._ended.is_set():  # asked twice: whatever hangs is left behind
            os._exit(130)
        self._ended.set()

    def _lost(self, room: str, reason: str) -> None:
        self._daemon.device_lost(room, reason)

    async def _feed_watchdog(self) -> None:
        from assistant.serve.notify import watchdog_interval

        while interval := watchdog_interval():
            self._systemd.watchdog()
            await asyncio.sleep(interval)

    def _tell_systemd(self, name: str, data: dict[str, Any]) -> None:
        if name == "state":
            self._systemd.status(data["phase"])

    def _key(self, key: str) -> None:
        if key == " " and self._config.wake.key:
            self._daemon.post(WakeDetected("key"))
        elif key == "s":
            self._daemon.post(StopRequested())
        elif key in ("q", "\x04"):
            self._ended.set()

    def _handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of the control socket."""
        text = request.get("text")
        match request["command"]:
            case "wake":
                self._daemon.post(WakeDetected("command"))
            case "stop":
                self._daemon.post(StopRequested())
            case "ask" if isinstance(text, str) and text.strip():
                self._daemon.post(Asked(text))
            case "say" if isinstance(text, str) and text.strip():
                self._daemon.post(SayRequested(text))
            case "state":
                state = self._daemon.state
                return {"phase": str(state.phase), "turn": state.turn}
            case unknown:
                raise AssistantError(
                    f"unknown or incomplete command {unknown!r}; "
                    "known: wake, stop, ask and say with a text, state."
                )
        return {}


def print_event(name: str, data: dict[str, Any]) -> None:
    """Write one event as one line of JSON."""
    line = {"time": round(time.time(), 3), "event": name, **data}
    print(json.dumps(line, ensure_ascii=False), flush=True)


class Status:
    """What a person sees: the conversation as lines, and on a terminal a last line that lives."""

    def __init__(self, live: bool, config: Config) -> None:
        self._live = live
        self._config = config
        self._reply = ""
        self._line = "loading"
        self._draw()

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Take an event; see `assistant.daemon.Note`."""
        match name:
            case "ready":
                words = [*self._config.wake.words, *self._config.wake.phrases]
                self._print("ready; say " + " or ".join(f'"{_plain(w)}"' for w in words))
                self._print(KEYS_HELP if self._live else "")
            case "state":
                self._line = data["phase"]
            case "partial":
                self._line = f"listening: {data['text']}"
            case "heard" if data["text"]:
                self._print(f"you: {data['text']}")
            case "text":
                self._reply += data["piece"]
            case "say":
                self._print(f"assistant: {data['text']}")
            case "reply_ended":
                self._print(f"assistant: {data['text']}")
                self._reply = ""
            case "failed":
                self._print(f"error: {data['message']}")
        self._draw()

    def _print(self, text: str) -> None:
        if text:
            click.echo(("\r\x1b[K" if self._live else "") + text)

    def _draw(self) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns
            click.echo("\r\x1b[K" + self._line[: max(1, width - 1)], nl=False)
            sys.stdout.flush()


def _plain(word: str) -> str:
    return word.replace("_", " ")


@contextlib.contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Call `pressed` with every key, without Enter, while a terminal is the standard input."""
    if not sys.stdin.isatty() or os.getpgrp() != os.tcgetpgrp(sys.stdin.fileno()):
        yield
        return
    import termios
    import tty

    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    loop.add_reader(number, lambda: pressed(os.read(number, 1).decode("ascii", "ignore")))
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)
