"""`assistant chat`: the same mind and conversation by keyboard, for trying and debugging."""

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, persona_option, quieten, settings, tell, write_whole
from assistant.commands.ask import check_text
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
    epilog=example(
        "assistant chat",
        "assistant chat --persona child",
        "printf 'Hello\\n/trace\\n' | assistant chat --trace",
    )
)
@click.option("--trace", "traced", is_flag=True, help="Show state changes and timings.")
@click.option("--speak", is_flag=True, help="Speak the answers too, by the loudspeaker.")
@persona_option
def command(traced: bool, speak: bool, persona: str | None) -> None:
    """Talk with it by keyboard; also reads lines from a pipe. /help lists what it knows."""
    config = settings(persona)
    if speak:
        quieten()
    asyncio.run(Chat(config, traced, speak).run())


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
        self._main: asyncio.Task[Any] | None = None
        self._interrupted = False

    async def run(self) -> None:
        """Read lines until the end of the input. Raises `AssistantError` when it cannot start."""
        loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        with _terminal_as_it_was() as restore:
            self._restore = restore
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
            try:
                async with self._daemon:
                    await self._talk()
            except asyncio.CancelledError:
                if self._interrupted:
                    raise KeyboardInterrupt from None

    async def _talk(self) -> None:
        if sys.stdin.isatty():
            tell("Type a question; /help lists the commands.")
        who, language = self._daemon.config.who, self._daemon.language
        if greeting := who.greeting(language, "start"):
            await self._run(SayRequested(greeting))
        while (line := await _in_thread(_read_line)) is not None:
            check_text(line)
            if line.strip() in ("/quit", "/exit"):
                break
            try:
                await self._take(line.strip())
            except AssistantError as error:
                self._line(f"! {error}")

    async def _take(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        match name:
            case "":
                return
            case "/help":
                click.echo(HELP)
            case "/state":
                state = self._daemon.state
                tell("{phase}, turn {turn}", phase=state.phase, turn=state.turn)
            case "/trace":
                self._show_trace()
            case "/reset":
                self._daemon.forget()
                tell("A new conversation.")
            case "/say":
                await self._run(SayRequested(_need(rest, "/say TEXT")))
            case "/wake":
                self._daemon.post(WakeDetected("chat"))
            case "/wav":
                await self._hear(_path(rest, "/wav FILE"))
            case "/stop":
                self._daemon.post(StopRequested())
            case "/save":
                await self._save(_path(rest, "/save FILE"))
            case _ if name.startswith("/"):
                raise BadInput("unknown command {name}; /help lists them.", name=name)
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
            microphone = FileMicrophone([])
            await self._daemon.hear_with(microphone)
            self._microphone = microphone
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
        write_whole(file, json.dumps(turns, ensure_ascii=False, indent=1))
        click.echo(file)

    def _note(self, name: str, data: dict[str, Any]) -> None:
        try:
            self._show(name, data)
        except OSError:  # the reader has enough (`| head -1`), or the disk is full
            if self._main:
                self._main.cancel()

    def _show(self, name: str, data: dict[str, Any]) -> None:
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
            tell("  nothing has happened yet")

    def _interrupt(self) -> None:
        if self._daemon.ready.is_set() and self._daemon.state.phase is not Phase.ASLEEP:
            self._daemon.post(StopRequested())
        elif self._interrupted:  # asked twice: whatever hangs is left behind
            self._restore()
            os._exit(130)
        elif self._main:
            self._interrupted = True
            self._main.cancel()


def _read_line() -> str | None:
    """Read a line; None at the end. On a terminal with history and editing."""
    if not sys.stdin.isatty():
        return sys.stdin.readline() or None
    import readline  # noqa: F401  importing it is what gives `input` its editing

    try:
        return input("> ")
    except EOFError:
        return None


async def _in_thread(read: Callable[[], str | None]) -> str | None:
    """Return ``read()``, called on a thread that may be left behind: reading waits for ever."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str | None] = loop.create_future()

    def settle(line: str | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(line)

    def run() -> None:
        line, failure = None, None
        try:
            line = read()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, line, failure)

    threading.Thread(target=run, name="keyboard", daemon=True).start()
    return await answer


@contextlib.contextmanager
def _terminal_as_it_was() -> Iterator[Callable[[], None]]:
    """Yield a function that undoes what a line editor did to the terminal; call it at the end."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # bytes that are no text are told of
    if not sys.stdin.isatty():
        yield lambda: None
        return
    import termios

    before = termios.tcgetattr(sys.stdin)

    def restore() -> None:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)

    try:
        yield restore
    finally:
        restore()


def _path(text: str, form: str) -> Path:
    return Path(os.path.expanduser(_need(text, form)))  # noqa: PTH111  never raises for ~nobody


def _need(text: str, form: str) -> str:
    if not text.strip():
        raise BadInput("{form} needs its argument.", form=form)
    return text.strip()
