"""`assistant chat`: the same mind and conversation by keyboard, for trying and debugging."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, settings
from assistant.config import Config
from assistant.conversation import Phase
from assistant.daemon import Daemon
from assistant.errors import AssistantError, BadInput
from assistant.events import Asked, SayRequested, StopRequested, WakeDetected

HELP = """\
/help        this list
/state       what it is doing
/trace       when each stage of the last turn happened
/reset       begin a new conversation
/say TEXT    let it say TEXT
/wav FILE    let it hear FILE, spoken at real-time pace
/wake        wake it, as the wake word would
/stop        stop the reply (so does Ctrl-C)
/save FILE   write the conversation as JSON
/quit        end (so does Ctrl-D)
Anything else is a question."""


@click.command(
    epilog=example("assistant chat", "printf 'Hello\\n/trace\\n' | assistant chat --trace")
)
@click.option("--trace", "traced", is_flag=True, help="Show state changes and timings.")
@click.option("--speak", is_flag=True, help="Speak the answers too, by the loudspeaker.")
def command(traced: bool, speak: bool) -> None:
    """Talk with it by keyboard; also reads lines from a pipe. /help lists what it knows."""
    asyncio.run(Chat(settings(), traced, speak).run())


class Chat:
    """One conversation at the keyboard."""

    def __init__(self, config: Config, traced: bool, speak: bool) -> None:
        loudspeaker = None
        if speak:
            from assistant.audio import engines

            loudspeaker = engines.loudspeaker(config, lambda _reason: None)
        self._daemon = Daemon(config, None, loudspeaker)
        self._daemon.observe(self._note)
        self._traced = traced
        self._turn = 0
        self._quiet = asyncio.Event()
        self._column = 0
        self._microphone: Any = None

    async def run(self) -> None:
        """Read lines until the end of the input. Raises `AssistantError` when it cannot start."""
        loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            await self._daemon.start()
            if sys.stdin.isatty():
                click.echo("Type a question; /help lists the commands.")
            while (line := await asyncio.to_thread(_read_line)) is not None:
                if line.strip() in ("/quit", "/exit"):
                    break
                try:
                    await self._take(line.strip())
                except AssistantError as error:
                    self._line(f"! {error}")
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            await self._daemon.stop()

    async def _take(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        match name:
            case "":
                return
            case "/help":
                click.echo(HELP)
            case "/state":
                state = self._daemon.state
                click.echo(f"{state.phase}, turn {state.turn}")
            case "/trace":
                self._show_trace()
            case "/reset":
                self._daemon.forget()
                click.echo("A new conversation.")
            case "/say":
                await self._run(SayRequested(_need(rest, "/say TEXT")))
            case "/wake":
                self._daemon.post(WakeDetected("chat"))
            case "/wav":
                await self._hear(Path(_need(rest, "/wav FILE")).expanduser())
            case "/stop":
                self._daemon.post(StopRequested())
            case "/save":
                await self._save(Path(_need(rest, "/save FILE")).expanduser())
            case _ if name.startswith("/"):
                raise BadInput(f"unknown command {name}; /help lists them.")
            case _:
                await self._run(Asked(line))

    async def _run(self, event: Asked | SayRequested) -> None:
        """Post the event and wait until the turn that it begins is over."""
        self._quiet.clear()
        self._turn = self._daemon.state.turn + 1
        self._daemon.post(event)
        await self._quiet.wait()

    async def _hear(self, file: Path) -> None:
        from assistant.audio import wav
        from assistant.audio.files import FileMicrophone

        pcm = wav.read(file)
        if self._microphone is None:
            self._microphone = FileMicrophone([])
            await self._daemon.hear_with(self._microphone)
        if self._daemon.state.phase is not Phase.LISTENING:
            self._daemon.post(WakeDetected("chat"))
            await asyncio.sleep(0.2)
        self._quiet.clear()
        self._turn = self._daemon.state.turn
        self._microphone.play(pcm)
        await self._quiet.wait()
        self._daemon.post(StopRequested())

    async def _save(self, file: Path) -> None:
        turns = [{"role": role, "text": text} for role, text in await self._daemon.history()]
        beside = file.with_name(file.name + ".new")
        try:
            beside.write_text(json.dumps(turns, ensure_ascii=False, indent=1), encoding="utf-8")
            beside.replace(file)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise BadInput(f"{file}: cannot be written: {error.strerror}.") from error
        click.echo(file)

    def _note(self, name: str, data: dict[str, Any]) -> None:
        match name:
            case "text":
                click.echo(data["piece"], nl=False)
                sys.stdout.flush()
                self._column = 1
            case "say":
                self._line(data["text"])
            case "heard":
                self._line(f"heard: {data['text']}")
            case "failed":
                self._line(f"! {data['message']}")
            case "state":
                if self._traced:
                    self._line(f"[{data['phase']}, turn {data['turn']}]")
                if data["turn"] > self._turn and data["phase"] in (Phase.ASLEEP, Phase.LISTENING):
                    self._over()

    def _over(self) -> None:
        self._line("")
        if self._traced and not self._quiet.is_set():
            self._show_trace()
        self._quiet.set()

    def _line(self, text: str) -> None:
        """Write a line of its own, even in the middle of a reply."""
        if self._column:
            click.echo()
        self._column = 0
        if text:
            click.echo(text)

    def _show_trace(self) -> None:
        stages = self._daemon.trace.turn(self._turn).stages()
        for stage, seconds in stages.items():
            click.echo(f"  {seconds:+8.3f} s  {stage}")
        if not stages:
            click.echo("  nothing has happened yet")

    def _interrupt(self) -> None:
        if self._daemon.ready.is_set() and self._daemon.state.phase is not Phase.ASLEEP:
            self._daemon.post(StopRequested())
        elif self._main:
            self._main.cancel()


def _read_line() -> str | None:
    """Read a line; None at the end. On a terminal with history and editing."""
    try:
        if sys.stdin.isatty():
            import readline  # noqa: F401  importing it is what gives `input` its editing

            return input("> ")
        line = sys.stdin.readline()
        return line if line else None
    except EOFError:
        return None
    except UnicodeDecodeError as error:
        raise BadInput(f"standard input is not UTF-8 text (byte {error.start}).") from error


def _need(text: str, form: str) -> str:
    if not text.strip():
        raise BadInput(f"{form} needs its argument.")
    return text.strip()
