"""`assistant run`: the daemon in the foreground."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant import __version__, logs
from assistant.commands import example, persona_option, quieten, rereader, settings, tell
from assistant.commands.foreground.keys import keys
from assistant.commands.foreground.view import Status, print_event
from assistant.config import Config
from assistant.conversation import State
from assistant.daemon import Daemon, Note, visible
from assistant.errors import AssistantError
from assistant.events import Asked, SayRequested, StopRequested, WakeDetected
from assistant.language import leading
from assistant.serve import peers, prometheus, protocol, reloading
from assistant.serve import settings as changes
from assistant.serve.crowd import MOST
from assistant.store import FILE as STORE
from assistant.trail import Trail, pause

if TYPE_CHECKING:
    from assistant.serve.child import WebChild
    from assistant.serve.figures import Outcome
    from assistant.serve.lending import Lending
    from assistant.serve.mqtt.bridge import Bridge
    from assistant.serve.textfile import TextFile
    from assistant.serve.wyoming.door import Door
    from assistant.trace import Timeline

log = logging.getLogger(__name__)

EARLY = ("hello", "state", "figures", "metrics", "mqtt", "log", "log_level")
"""What is answered while everything loads, too."""
FREE_S = 0.1
"""How often it looks whether the talk is over, in s."""

RESTARTING = "the assistant starts again, with another voice, language or persona; a moment."


@click.command(
    epilog=example("assistant run", "assistant run --json", "assistant --set wake.always=true run")
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for every event.")
@click.option("--or-demo", is_flag=True, help="Without a microphone, run the demo instead.")
@persona_option
def command(as_json: bool, or_demo: bool, persona: str | None) -> None:
    """Be the assistant: listen, think and speak, in the foreground."""
    config = settings(persona)
    quieten()
    if or_demo and (reason := no_microphone(config)):
        from assistant.commands import demo

        tell("{reason}\nSo here is a recorded question instead:\n", reason=reason, err=True)
        demo.perform(config, [], Path("out"), as_json)
        return
    read_again = rereader(persona)
    asyncio.run(Foreground(config, as_json, named=persona is not None, reread=read_again).run())


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

    def __init__(
        self,
        config: Config,
        as_json: bool,
        named: bool = False,
        reread: Callable[[], Config] | None = None,
    ) -> None:
        """With `named` the persona is that of the settings, whatever was chosen on the page.

        `reread` reads the settings anew, from any thread; None: they cannot change.
        """
        from assistant.lamps import making
        from assistant.serve import keeping
        from assistant.serve.attendant import Attendant
        from assistant.serve.control import ControlServer
        from assistant.serve.figures import Figures
        from assistant.serve.turn_log import TurnLog

        self._written, self._reread = config, reread or (lambda: config)
        self._base, self._kept = config, config.state_dir / changes.FILE
        self._chosen = changes.read(self._kept, config)
        if named:
            self._chosen.pop("persona", None)
        self._config = changes.over(config, self._chosen)
        self._changing = asyncio.Lock()
        self._failed: asyncio.Future[None]
        self._tasks: set[asyncio.Task[Any]] = set()
        self._figures = Figures(self._timeline, on_turn=self._turned)
        self._turn_log = TurnLog(self._timeline, lambda: self._config.log.transcripts)
        self._notes: list[Note] = [self._show, self._figures, self._turn_log]
        if lamps := making.make(config):
            self._notes.append(lamps)
        self._lamps = lamps
        self._history = keeping.make(config)
        if self._history:
            self._notes.append(self._history)
        self._door = self._make_door()
        self._daemon = self._build(self._config)
        self._control = ControlServer(
            config.socket_path,
            self._handle,
            {
                "chat": self._chat,
                "watch": self._watch,
                "set": self._set,
                "settings": self._settings,
                "speak": self._speak,
                "adapter": self._adapter,
                "reload": self._reload,
                "mute": self._mute,
                "unmute": self._mute,
                "record": self._record,
            },
            {"talk": self._talk, "transcribe": self._transcribe},
            check=protocol.check,
            group=peers.number(config.control.group),
            most=MOST + config.web.connections,
        )
        self._lending: Lending | None = None
        self._web = self._make_web()
        self._mqtt = self._bridge() if config.mqtt.host else None
        self._systemd = Attendant(lambda: self._daemon, config)
        self._notes.append(self._systemd.note)
        self._trail = Trail(config.socket_path, self._seen)
        self._ended = asyncio.Event()
        self._interrupted = False
        self._restore: Callable[[], None] = lambda: None
        self._status = None if as_json else Status(sys.stdout.isatty(), config)
        self._view = self._status.note if self._status else print_event

    async def run(self) -> None:
        """Run until it is told to end; after Ctrl-C, raise `KeyboardInterrupt`.

        Raises `AssistantError` when it cannot go on.
        """
        self._loop = loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._end)
        if not sys.stdin.isatty():  # from a terminal it says that this one is gone
            loop.add_signal_handler(signal.SIGHUP, lambda: self._task(self._reload_quietly()))
        try:
            await self._control.start()
            self._daemon.left = self._trail.begin()
            self._daemon.crew.crashed(self._trail.blamed)
            self._notes.append(self._trail.note)
            await self._work()
            self._trail.end()
        except AssistantError:
            self._trail.end(failed=True)
            raise
        finally:
            if self._status:
                self._status.end()
        if self._interrupted:
            raise KeyboardInterrupt

    async def _work(self) -> None:
        self._failed = asyncio.get_running_loop().create_future()
        try:
            ended = asyncio.create_task(self._ended.wait())
            if wait := self._systemd.present and pause(self._trail.ends):
                log.warning("it ended %d times in a row; it waits %g s.", self._trail.ends, wait)
                self._systemd.starts_later(wait)
                await asyncio.wait([ended], timeout=wait)
            with keys(self._key) as self._restore:
                await self._serve(ended)
        finally:
            self._systemd.stopping()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._web.stop()
            if self._door:
                await self._door.stop()
            if self._mqtt:
                await self._mqtt.stop()
            await self._control.stop()
            await self._daemon.stop()
            if self._history:
                await asyncio.to_thread(self._history.stop)
            if self._lamps:
                await asyncio.to_thread(self._lamps.end)

    async def _serve(self, ended: asyncio.Task[bool]) -> None:
        """Load, then do what the daemon is for until it is told to end."""
        starting = asyncio.create_task(self._daemon.start())
        await asyncio.wait([starting, ended], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        starting.result()
        self._begun()
        if self._history:
            self._task(self._history.watch())
        if self._base.web.enabled:
            self._web.start()
        if self._base.metrics.file:
            self._task(self._metrics_file().run())
        if self._door:
            await self._door.start()
        if self._mqtt:
            await self._mqtt.start()
            self._notes.append(self._mqtt)
        alive = asyncio.create_task(self._systemd.attend())
        either: set[asyncio.Future[Any]] = {self._failed, ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        alive.cancel()
        if self._failed.done():
            self._failed.result()

    def _end(self) -> None:
        if self._ended.is_set():  # asked twice: whatever hangs is left behind
            self._restore()
            self._trail.end()
            os._exit(130)
        self._ended.set()

    def _seen(self) -> tuple[State, str]:
        return self._daemon.state, self._daemon.language

    def _interrupt(self) -> None:
        self._interrupted = True
        self._end()

    def _show(self, name: str, data: dict[str, Any]) -> None:
        try:
            self._view(name, data)
        except BrokenPipeError:  # `| head -1`: the reader has enough
            self._ended.set()
        except OSError as error:  # a full disk under the log is no reason to fall silent
            log.warning("standard output: %s", error.strerror)

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        for note in tuple(self._notes):
            note(name, data)

    def _key(self, key: str) -> None:
        if key in ("q", "\x04"):
            self._ended.set()
        elif not self._daemon.ready.is_set():
            return
        elif key == " " and self._config.wake.key:
            self._daemon.post(WakeDetected("key"))
        elif key == "s":
            self._daemon.post(StopRequested())

    def _handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of the control socket."""
        text = request.get("text")
        if request["command"] not in EARLY:
            self._need_ready()
        match request["command"]:
            case "hello":
                return protocol.hello()
            case "wake":
                self._daemon.post(WakeDetected("command"))
            case "stop":
                self._daemon.post(StopRequested())
            case "ask" if isinstance(text, str) and text.strip():
                self._daemon.post(Asked(text))
            case "say" if isinstance(text, str) and text.strip():
                self._daemon.post(SayRequested(text))
            case "info":
                name = self._daemon.model_name
                return {
                    "model": name,
                    "language": self._config.language,
                    "spoken": self._daemon.language,
                    "calls": self._daemon.config.wake.calls,
                    "echo": self._daemon.echo,
                    "version": __version__,
                    "hearing": self._hearing(),
                    "missing": dict(self._daemon.comeback.missing),
                    "remembers": self._remembers(),
                    "troubles": self._systemd.troubles,
                    "poor": self._daemon.crew.told(),
                    "hung": self._daemon.crew.hung,
                }
            case "state":
                return visible(self._daemon.state)
            case "figures":
                return self._counted()
            case "metrics":
                return {"text": prometheus.page(self._counted())}
            case "log":
                return {"records": logs.recent.told()}
            case "log_level":
                return logs.asked(request)
            case "mqtt":
                return self._mqtt.status() if self._mqtt else {}
            case "trace":
                return {"turns": self._turns(str(request.get("turn", "last")))}
            case unknown:
                raise protocol.unknown(str(unknown))
        return {}

    def _counted(self) -> dict[str, Any]:
        return self._figures.told() | {"latencies": self._figures.histogram()}

    def _timeline(self, turn: int) -> "Timeline":
        return self._daemon.trace.turn(turn)

    def _turned(self, turn: int, outcome: "Outcome", heard: str) -> None:
        """A turn that sounded has ended."""
        self._turn_log.turn(turn, outcome, heard)
        if self._mqtt:
            self._mqtt.turn(turn, outcome, heard)

    def _hearing(self) -> dict[str, Any] | None:
        """Return how well it hears; None without a microphone."""
        report = self._daemon.hearing
        return asdict(report) if report else None

    def _remembers(self) -> bool:
        """Whether all that was promised, and what is to be kept, would survive a power cut."""
        alarms, history = self._daemon.alarms, self._history
        return (not alarms or alarms.remembers) and (not history or history.remembers)

    def _make_door(self) -> "Door | None":
        """Return what other machines may use, and who may answer for this one; None: nothing.

        Raises `BadInput` for settings that cannot be used, `EngineMissing` without the packages.
        """
        from assistant.serve import wyoming

        wanted = self._config.wyoming
        if not wanted.enabled and not wanted.satellite:
            return None
        wyoming.need("wyoming.satellite" if wanted.satellite else "wyoming.enabled")
        from assistant.serve.wyoming.door import Door

        door = Door(self._config, lambda: self._daemon, self._lend, self._tell)
        if door.satellite:
            self._notes.append(door.satellite.note)
        return door

    def _metrics_file(self) -> "TextFile":
        from assistant.serve.textfile import TextFile

        wanted = self._base.metrics
        path = Path(wanted.file).expanduser()
        return TextFile(path, wanted.interval, lambda: prometheus.page(self._counted()))

    def _make_web(self) -> "WebChild":
        from assistant.serve.child import WebChild

        return WebChild(self._base, lambda url: self._show("web", {"url": url}))

    def _bridge(self) -> "Bridge":
        """Return the bridge to the broker that the settings name.

        Raises `BadInput` for settings that cannot be used, `EngineMissing` without the package.
        """
        from assistant.serve.mqtt.bridge import Bridge, House

        house = House(
            ask=self._handle,
            change=lambda change: asyncio.shield(self._task(self._change(change))),
            settings=self._in_force,
            figures=self._figures.told,
            timeline=self._timeline,
            tell=self._tell,
        )
        return Bridge(self._config, house)

    def _chat(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        from assistant.serve import questions

        self._need_ready()
        question = questions.read(request)
        daemon = self._daemon
        return questions.answer(
            self._config, daemon.guests, question, daemon.hybrid, daemon.written, daemon.guard
        )

    def _watch(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        from assistant.serve.watching import watch

        return watch(self._daemon, levels=request.get("levels") is True)

    def _talk(
        self, request: dict[str, Any], said: AsyncIterator[dict[str, Any]]
    ) -> AsyncGenerator[dict[str, Any], None]:
        from assistant.serve.talk import talk

        self._need_ready()
        return talk(self._daemon, said)

    def _transcribe(
        self, request: dict[str, Any], said: AsyncIterator[dict[str, Any]]
    ) -> AsyncGenerator[dict[str, Any], None]:
        return self._lend().transcribe(request, said)

    def _speak(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        return self._lend().speak(request)

    def _lend(self) -> "Lending":
        from assistant.serve.lending import Lending

        self._need_ready()
        self._lending = self._lending or Lending(lambda: self._daemon)
        return self._lending

    async def _settings(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        yield {"event": "end", **await self._in_force()}

    async def _in_force(self) -> dict[str, Any]:
        return await asyncio.to_thread(changes.told, self._base, self._chosen)

    async def _set(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Change settings; what was begun is done, though who asked may leave."""
        self._need_ready()
        change = changes.checked({key: request[key] for key in request if key != "command"})
        yield {"event": "end", **await asyncio.shield(self._task(self._change(change)))}

    async def _mute(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Be deaf, or no longer: at once, whatever else is being changed."""
        self._need_ready()
        muted = request["command"] == "mute"
        self._daemon.mute(muted)
        yield {"event": "end", **await asyncio.shield(self._task(self._change({"muted": muted})))}

    async def _adapter(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Answer with the adapter of that name until the end; without a name, tell which it is."""
        self._need_ready()
        if isinstance(name := request.get("name"), str):
            await asyncio.shield(self._task(self._use_adapter(name)))
        yield {"event": "end", "adapter": self._config.llm.adapter}

    async def _record(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Keep the last turn, or the `next` ones."""
        from assistant.record.keeping import asked

        self._need_ready()
        yield {"event": "end", **await asked(self._daemon.keeper, request)}

    async def _use_adapter(self, name: str) -> None:
        async with self._changing:
            await self._daemon.use_adapter(name)
            # A daemon that takes this one's place has it, too.
            self._base, self._config = (
                config.model_copy(update={"llm": config.llm.model_copy(update={"adapter": name})})
                for config in (self._base, self._config)
            )

    async def _change(self, change: dict[str, Any]) -> dict[str, Any]:
        """Change settings and keep them; return what is in force then."""
        async with self._changing:
            chosen = changes.merged(self._base, self._chosen, change)
            config = changes.over(self._base, chosen)
            if changes.other_engines(self._config, config):
                await asyncio.to_thread(changes.possible, self._base, chosen)
                await self._restart(config)
            self._config, self._chosen = config, chosen
            self._daemon.set_volume(config.speech.volume)
            self._daemon.set_rate(config.speech.rate)
            self._daemon.mute(chosen.get("muted", False))
            told = await asyncio.to_thread(changes.told, self._base, chosen)
            self._tell("settings", told)
            await asyncio.to_thread(changes.write, self._kept, chosen)
            return told

    async def _reload(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Take what has changed in the configuration; what was begun is done."""
        self._need_ready()
        plan = await asyncio.shield(self._task(self._take_up()))
        yield {"event": "end", **asdict(plan)}

    async def _reload_quietly(self) -> None:
        """Reload for a signal, which nobody waits for."""
        try:
            self._need_ready()
            reloading.tell(await self._take_up())
        except AssistantError as error:
            log.warning("the settings stay as they were: %s", error)

    async def _take_up(self) -> "reloading.Plan":
        """Read the settings anew and go by what can change now. Raises `BadInput`."""
        async with self._changing:
            wanted = await asyncio.to_thread(self._reread)
            plan = reloading.plan(self._written, wanted)
            self._written = reloading.adopted(self._written, wanted, plan.live)
            self._base = reloading.adopted(self._base, wanted, plan.live)
            self._config = config = changes.over(self._base, self._chosen)
            self._daemon.adopt(config)
            self._daemon.set_volume(config.speech.volume)
            self._daemon.set_rate(config.speech.rate)
            if "log.level" in plan.live:
                logs.set_level(config.log.level)
            if plan.web:
                await self._web.stop()
                self._web = self._make_web()
                if self._base.web.enabled:
                    self._web.start()
            self._tell("reloaded", asdict(plan))
            return plan

    def _wish(self, change: dict[str, Any]) -> None:
        """Change settings for a skill, as soon as nobody talks; from the mind's thread."""
        changes.possible(self._base, changes.merged(self._base, self._chosen, change))
        self._loop.call_soon_threadsafe(lambda: self._task(self._fulfil(change)))

    async def _fulfil(self, change: dict[str, Any]) -> None:
        while not self._daemon.free:
            await asyncio.sleep(FREE_S)
        try:
            await self._change(change)
        except AssistantError as error:
            log.warning("what was wished for aloud could not be done: %s", error)

    async def _restart(self, config: Config) -> None:
        """Let a daemon with other engines take the place of this one, or raise and keep this one.

        The old one ends first: there may not be memory for two.
        """
        self._need_ready()
        if not (old := self._daemon).free:
            raise AssistantError("the assistant is busy with a turn; try again when it is done.")
        self._tell("restarting", {"message": RESTARTING})
        self._daemon = self._build(config)
        await old.stop()
        try:
            await self._start_again()
        except AssistantError as error:
            self._daemon = self._build(self._config)
            try:
                await self._start_again()
            except AssistantError as worse:
                self._fail(worse)
                raise
            raise AssistantError("{error} So nothing was changed.", error=error) from error

    def _build(self, config: Config) -> Daemon:
        """Return a daemon that is not started; it has the devices, and the observers of all."""
        from assistant.audio import engines

        microphone, loudspeaker = engines.kept(config, lambda: daemon.comeback)
        daemon = Daemon(config, microphone, loudspeaker, self._notes)
        daemon.on_mute = microphone.mute
        daemon.store_path = config.state_dir / STORE
        daemon.mute(self._chosen.get("muted", False))
        daemon.wish = self._wish
        if self._door:
            daemon.outside = self._door.satellite
        return daemon

    async def _start_again(self) -> None:
        try:
            await self._daemon.start()
        except BaseException:
            await self._daemon.stop()
            raise
        self._begun()
        self._tell("state", visible(self._daemon.state))

    def _begun(self) -> None:
        """The present daemon works: say so, and end everything when a device of it is gone."""
        config = self._daemon.config
        if self._status:
            self._status.config = config
        self._tell("ready", {})
        if greeting := config.who.greeting(leading(config.language), "start"):
            self._daemon.post(SayRequested(greeting))
        self._task(self._mourn(self._daemon))

    async def _mourn(self, daemon: Daemon) -> None:
        try:
            await daemon.lost()
        except AssistantError as error:
            if daemon is self._daemon:
                self._fail(error)

    def _fail(self, error: AssistantError) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    def _task(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _need_ready(self) -> None:
        if not self._daemon.ready.is_set():
            raise AssistantError("the assistant is still loading; try again in a moment.")

    def _turns(self, which: str) -> list[dict[str, Any]]:
        """Return the timelines of the turns that were answered: `last`, `all`, or one by its id."""
        from assistant import waterfall

        trace = self._daemon.trace
        answered = [line for turn in trace.turns() if (line := trace.turn(turn)).take]
        if which == "last":
            answered = answered[-1:]
        elif which != "all":
            answered = [line for line in answered if str(line.turn) == which]
        return [waterfall.as_json(line) for line in answered]
