"""The assistant as a whole: the loop between its rooms and its devices, from start to stop."""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant import memory, power, threads
from assistant.comeback import Comeback
from assistant.config import Config
from assistant.conversation import (
    SENTENCES,
    Phase,
    State,
    answered_in,
    decide,
    stops,
)
from assistant.conversation.farewell import Farewell, farewell
from assistant.cores import Cores
from assistant.crew import AHEAD, Crew
from assistant.daemon import answering, making
from assistant.daemon.devices import Devices, Echo
from assistant.daemon.executing import Executor
from assistant.daemon.levels import Levels
from assistant.daemon.observers import Note, Observers, visible
from assistant.daemon.outside import Outside
from assistant.daemon.reports import Reports
from assistant.daemon.rooms import Rooms
from assistant.daemon.settings import rules
from assistant.errors import AssistantError
from assistant.events import (
    Event,
    Failed,
    Heard,
    Key,
    PowerChanged,
    Started,
    StopHeard,
    StopRequested,
    Tick,
)
from assistant.language import AUTO
from assistant.mind.guests import Guests
from assistant.trace import Trace
from assistant.vitals import Vitals

if TYPE_CHECKING:
    from assistant.audio.frames import Frame, Loudspeaker, Microphone
    from assistant.audio.patch import Jack, Take
    from assistant.controls import Wish
    from assistant.ears.conditions import Report
    from assistant.ears.listener import Listener
    from assistant.mind.guard.guard import Guard
    from assistant.mind.remote.hybrid import Hybrid
    from assistant.mind.skills.alarms import Alarms
    from assistant.mouth.playback import Player
    from assistant.mouth.speaker import Speaker
    from assistant.worker import Hand

log = logging.getLogger(__name__)

POWER_S = 30.0
"""How often battery and temperature are looked at, in s."""

ANSWERING = (Phase.THINKING, Phase.SPEAKING)


class Daemon:
    """The whole assistant. `start` it in a running loop, `post` events, `stop` it.

    As an async context manager it starts and stops by itself.

    Without a `microphone` it hears nothing; without a `loudspeaker` what it says is text.
    """

    def __init__(
        self,
        config: Config,
        microphone: "Microphone | None" = None,
        loudspeaker: "Loudspeaker | None" = None,
        notes: list[Note] | None = None,
    ) -> None:
        """`notes` are observers that stay when this daemon takes the place of another one."""
        self.config = config = threads.fitted(config)
        self.trace = Trace()
        self.state = State()
        self.ready = asyncio.Event()
        self.vitals = Vitals()
        self._rules = rules(config)
        self._notes = [] if notes is None else notes
        self._observers = Observers(self._notes)
        self._levels = Levels(self._notes, self._soon, lambda: self.state.phase is Phase.LISTENING)
        self._stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._broken: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._power: asyncio.Task[None] | None = None
        self.crew = Crew(self._hangs, self._give_up, lambda: self._soon(self._tell_crew))
        """How well everything works."""
        self._watch: asyncio.Task[None] | None = None
        self._devices = Devices(
            config,
            microphone,
            loudspeaker,
            vitals=self.vitals,
            post=self.post,
            soon=self._soon,
        )
        self._common = self._in_common()
        self._rooms = self._make_rooms(voice=loudspeaker is not None)
        self._executor = Executor(
            self._rooms,
            self._devices,
            self._observers,
            self.trace,
            ahead=self.crew.fitness[AHEAD],
            outside=lambda: self.outside,
            both=config.language == AUTO,
            language=lambda text: answered_in(self._rules, self.state, text),
        )
        self.outside: Outside | None = None
        """The server that answers for this device; to be set before the start."""
        self.wish: Wish | None = None
        """Where one who runs this changes settings for the skills; to be set before the start."""
        self.store_path: Path | None = None
        """The file of what rings, of which there is one owner; to be set before the start."""
        self.left: tuple[Event, ...] = ()
        """What a process before this one has left to be done; to be set before the start."""
        self.alarms: Alarms | None = None
        """What rings; only after the start, and where skills are enabled."""
        self._bell: asyncio.Task[None] | None = None
        self.comeback = Comeback(
            self._soon,
            lambda room, reason: self._dispatch(Failed(self.state.turn, room, reason)),
            self._observers.note,
            self._devices.again,
        )
        """Who is told of devices that go and come back."""
        self.on_mute: Callable[[bool], None] | None = None
        """Told when it is muted, or no longer; to be set before the start."""
        self.guard: Guard | None = None
        """What is refused; only after the start, and where it is enabled."""
        self.keeper = making.keeper(config)
        """Keeps turns whole, where the settings want that."""

    def observe(self, note: Note) -> None:
        """Call `note` on the loop for every event, command and piece of text from now on.

        One with an attribute `levels` that is true is also told, as `level`, how loud it is: what
        is about to sound, `source` "mouth", see `assistant.mouth.lips`, and what was heard while
        it listens, "ears". `at` is when the first of the `levels` sounds or was captured and `now`
        is now, in monotonic s; each takes `step` s.
        """
        self._notes.append(note)
        self._levels.attend()

    def unobserve(self, note: Note) -> None:
        """Call `note` no more."""
        self._notes.remove(note)
        self._levels.attend()

    # --- life ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """`start`, and `stop` if that fails."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Load all engines side by side, open the devices, and begin.

        Raises the first `AssistantError` of a room that cannot work.
        """
        self._loop = asyncio.get_running_loop()
        self._broken = self._loop.create_future()
        if self.config.guard.enabled:
            from assistant.mind.guard import guard

            self.guard = await asyncio.to_thread(guard.make, self.config)
        if self.config.skills.enabled:
            from assistant import bell
            from assistant.mind.skills import skills

            await asyncio.to_thread(skills.check, self.config)
            self.alarms = await asyncio.to_thread(bell.alarms, self.store_path)
        await self._load()
        self.ready.set()
        self._dispatch(Started())
        for event in self.left:
            self._dispatch(event)
        if self.config.echo.mode == "on":
            self._devices.duplex(True)
        if self._rooms.voice:
            self._rooms.voice.learn(self._fixed_sentences())
        self._power = asyncio.create_task(self._watch_power())
        self._watch = asyncio.create_task(self.crew.watch(self._hands))
        if self.alarms:
            self._bell = asyncio.create_task(bell.watch(self.alarms, self._dispatch))

    async def hear_with(self, microphone: "Microphone") -> None:
        """Get ears after the start, for a `microphone` that came later. Raises as `start`."""
        self.ready.clear()
        try:
            await self._all([self._loaded(self._load_listener, times=2)])
            await self._open_ears(microphone)
        except BaseException:
            if listener := self._rooms.listener:
                self._rooms.listener = None
                await asyncio.to_thread(listener.stop)
            self._broken = self._loop.create_future()  # it goes on without ears
            await asyncio.to_thread(microphone.stop)
            raise
        finally:
            self.ready.set()
        self._devices.microphone = microphone

    async def lost(self) -> None:
        """Return never, unless a device is gone for good: then raise its `AssistantError`."""
        assert self._broken is not None
        await asyncio.shield(self._broken)

    async def stop(self) -> None:
        """Silence everything, end all threads and close the devices; may be called at any time."""
        self._stopped = True
        if self._timer:
            self._timer.cancel()
        for task in (self._power, self._bell, self._watch):
            if task:
                task.cancel()
        self._executor.cancel(self.state.turn)
        ends = (*self._devices.ends(), *self._rooms.ends())
        await asyncio.gather(*(asyncio.to_thread(end) for end in ends))
        if self.alarms:
            await asyncio.to_thread(self.alarms.close)

    def post(self, event: Event) -> None:
        """Tell the conversation what has happened; from any thread."""
        self._soon(self._dispatch, event)

    def device_lost(self, room: str, reason: str) -> None:
        """Tell that `microphone` or `loudspeaker` is gone; from any thread."""

        def end() -> None:
            self._dispatch(Failed(self.state.turn, room, reason))
            if self._broken and not self._broken.done():
                self._broken.set_exception(AssistantError(reason))

        self._soon(end)

    @property
    def last_said(self) -> str:
        """What was heard of the last answer; of an interrupted one its last sentence, whole."""
        return self._rooms.thinker.last_said

    @property
    def model_name(self) -> str:
        """The language model's name, as its file tells it; only after the start."""
        return self._rooms.thinker.model_name

    @property
    def language(self) -> str:
        """The language that is spoken: of several the one in which it has answered last."""
        return answered_in(self._rules, self.state)

    @property
    def free(self) -> bool:
        """Whether nobody is listened to, answered or spoken to, by voice or in writing."""
        state = self.state
        idle = self._rules.always and state.phase is Phase.LISTENING and state.began is None
        return (idle or state.phase is Phase.ASLEEP) and not self.guests.busy

    @property
    def volume(self) -> float:
        """How loud it speaks, 0 to 1."""
        player = self._devices.player
        return player.volume if player else self.config.speech.volume

    @property
    def rate(self) -> float:
        """How fast it speaks, as `speech.rate`."""
        speed = self._rooms.voice.speed if self._rooms.voice else 1.0
        return self.config.speech.rate * speed

    def set_rate(self, rate: float) -> None:
        """Speak so fast from the next clause on that has not begun; from any thread."""
        if self._rooms.voice:
            self._rooms.voice.speed = rate / self.config.speech.rate

    def set_volume(self, volume: float) -> None:
        """Speak, and sound tones, at `volume` (0 to 1) from the next buffer on."""
        if self._devices.player:
            self._devices.player.volume = volume

    def adopt(self, config: Config) -> None:
        """Decide by other settings from the next event on; what was made with the old ones stays.

        See `assistant.serve.reloading.LIVE`.
        """
        self._rules = rules(config)

    def mute(self, muted: bool) -> None:
        """Hear silence in place of the microphone, or hear again; from any thread."""
        self._devices.muted = muted
        if self.on_mute:
            self.on_mute(muted)

    def plug(self, take: "Take") -> "Jack":
        """Let a browser be microphone and loudspeaker until `unplug`.

        Raises `AssistantError` while somebody talks to it.
        """
        if not self._rooms.listener or not self._devices.player:
            raise AssistantError("this assistant has no ears or no voice; write to it.")
        between = self._rules.always and not self.occupied
        if self.state.phase is not Phase.ASLEEP and not between:
            raise AssistantError("somebody is talking to it; try again when it is asleep.")
        return self._devices.plug(take)

    def unplug(self, jack: "Jack") -> None:
        """Give the devices their place back; what was going on ends."""
        if self.state.phase is not Phase.ASLEEP:
            self.post(StopRequested())
        self._devices.unplug(jack)

    @property
    def echo(self) -> Echo:
        """How it stands with its own voice in the device's microphone."""
        return self._devices.echo

    @property
    def occupied(self) -> bool:
        """Whether somebody speaks to it, or waits for its answer, or hears it."""
        return self._spoken_to or self.state.phase in ANSWERING

    @property
    def _spoken_to(self) -> bool:
        return self.state.phase is Phase.LISTENING and self.state.began is not None

    @property
    def stopped(self) -> bool:
        """Whether it has ended."""
        return self._stopped

    @property
    def hears(self) -> bool:
        """Whether it has ears."""
        return self._rooms.listener is not None

    @property
    def hearing(self) -> "Report | None":
        """How well it hears; None where there is no microphone."""
        hearing = self._devices.hearing
        return hearing.report() if hearing else None

    @property
    def speaks(self) -> bool:
        """Whether it has a voice."""
        return self._rooms.voice is not None

    @property
    def listener(self) -> "Listener":
        """The ears; only after the start. Raises `AssistantError` where there are none."""
        if self._rooms.listener:
            return self._rooms.listener
        raise AssistantError("this assistant has no ears; write to it.")

    @property
    def speaker(self) -> "Speaker":
        """The mouth; only after the start. Raises `AssistantError` where there is none."""
        if self._rooms.voice:
            return self._rooms.voice
        raise AssistantError("this assistant has no voice; write to it.")

    @property
    def player(self) -> "Player":
        """What plays; only after the start. Raises `AssistantError` where there is none."""
        if self._devices.player:
            return self._devices.player
        raise AssistantError("this assistant has no voice; write to it.")

    @property
    def guests(self) -> Guests:
        """Those who write instead of speaking."""
        return self._rooms.thinker.guests

    @property
    def hybrid(self) -> "Hybrid | None":
        """The help of a larger model, where the settings name one; only after the start."""
        return self._rooms.thinker.hybrid

    async def written(self, text: str, talk: str) -> str | None:
        """Return what skills and documents say to one who writes `text`, and do it; None: nothing.

        What is asked back is open in `talk` alone. Nothing is known before the model is loaded.
        """
        answer: asyncio.Future[str | None] = self._loop.create_future()
        self._rooms.thinker.written(text, talk, lambda said: self._soon(answer.set_result, said))
        return await answer

    def forget(self) -> None:
        """Begin a new conversation."""
        self._rooms.thinker.forget()

    async def history(self) -> list[tuple[str, str]]:
        """Return the conversation that the model knows, as (role, text)."""
        answer: asyncio.Future[list[tuple[str, str]]] = self._loop.create_future()

        def done(turns: list[tuple[str, str]]) -> None:
            self._soon(answer.set_result, turns)

        self._rooms.thinker.transcript(done)
        return await answer

    async def use_adapter(self, name: str) -> None:
        """Answer with the LoRA adapter `name` (`none`: without any) from the next question on.

        Raises `BadInput` for one that cannot be used; then the one before stays.
        """
        answer: asyncio.Future[None] = self._loop.create_future()

        def done(error: AssistantError | None) -> None:
            if error:
                self._soon(answer.set_exception, error)
            else:
                self._soon(answer.set_result, None)

        self._rooms.thinker.use_adapter(name, done)
        await answer

    async def asleep(self) -> None:
        """Return once nothing is being heard, thought or said."""
        while self.state.phase is not Phase.ASLEEP:
            await asyncio.sleep(0.02)

    # --- deciding -----------------------------------------------------------------------------

    def _dispatch(self, event: Event) -> None:
        if self._stopped:  # what the silenced rooms still report
            return
        before, now = self.state, time.monotonic()
        rules = self.crew.rules(self._rules)
        self.state, commands = decide(rules, before, event, now)
        if self.keeper:
            self.keeper.took(rules, before, event, now, commands, self.state)
        # Before all else: a robot may be moving.
        if self._is_stop(event):
            self._rooms.thinker.stop_actions()
        elif isinstance(event, Heard) and farewell(event.text):
            self._rooms.thinker.leave()
        self._observers.tell_of(event, self.state)
        if visible(before) != (seen := visible(self.state)):
            self._observers.note("state", seen)
        if before.phase in ANSWERING and self.state.phase not in ANSWERING:
            self._loop.run_in_executor(None, memory.give_back)
        self._rooms.thinker.voice(self._spoken_to or self.state.phase is Phase.THINKING)
        self._devices.rest(self.state.phase is Phase.ASLEEP)
        for command in commands:
            self._executor.execute(command)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.state.deadline is not None:
            self._timer = self._loop.call_at(self.state.deadline, self._dispatch, Tick())

    def _is_stop(self, event: Event) -> bool:
        """Whether it was told to stop, while it spoke or as all that was said."""
        if isinstance(event, Heard):
            leaves = farewell(event.text) is Farewell.CANCEL
            return leaves or stops(self._rules, event.text)
        return isinstance(event, StopHeard | StopRequested)

    # --- rooms --------------------------------------------------------------------------------

    def _in_common(self) -> making.Common:
        reports = Reports(
            self.trace,
            self._observers,
            post=self.post,
            post_at=lambda at, event: self._soon(self._loop.call_at, at, self._dispatch, event),
            soon=self._soon,
            failed=self._failed,
            turn=lambda: self.state.turn,
        )
        return making.Common(self.config, self.trace, Cores(), self.crew.fitness, reports)

    def _make_rooms(self, *, voice: bool) -> Rooms:
        speaker = (making.speaker if voice else making.mute)(self._common)
        thinker = making.thinker(
            self._common,
            speaker,
            held=lambda: self.state.held,
            make_sources=lambda: answering.sources(self),
            guard=lambda: self.guard,
        )
        return Rooms(thinker, speaker)

    async def _load(self) -> None:
        """Load the rooms side by side, and open the devices."""
        microphone = self._devices.microphone
        rooms = [self._loaded(self._rooms.thinker.load)]
        if microphone:
            rooms.append(self._loaded(self._load_listener, times=2))
        if voice := self._rooms.voice:
            reports = self._common.reports
            player = await asyncio.to_thread(
                self._devices.open_loudspeaker, reports.clause, reports.silent
            )
            self._levels.look_at(player)
            rooms.append(self._loaded(lambda done: voice.load(player, done)))
        await self._all(rooms)
        if microphone:
            await self._open_ears(microphone)
        self._devices.stand_by(lambda error: self.device_lost("loudspeaker", str(error)))

    async def _all(self, rooms: "list[asyncio.Future[None]]") -> None:
        """Wait for all rooms, or raise the first error of any."""
        assert self._broken is not None
        loading = set(rooms)
        while loading:
            either = {*loading, self._broken}
            done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._broken in done:
                self._broken.result()
            loading -= done

    async def _open_ears(self, microphone: "Microphone") -> None:
        assert self._rooms.listener is not None
        ears, keeper = self._rooms.listener.hear, self.keeper

        def hear(frame: "Frame") -> None:
            ears(frame)
            if keeper:
                keeper.hear(frame)
            if self.outside:
                self.outside.hear(frame)
            if self._levels.wanted:
                self._levels.hear(frame)

        await self._devices.open_microphone(microphone, hear, self._talking)

    def _talking(self) -> bool | None:
        """Whether somebody talks to it; None: it speaks itself, or is about to."""
        return None if self.state.phase in ANSWERING else self._spoken_to

    def _load_listener(self, done: Callable[[], None]) -> None:
        self._rooms.listener = making.listener(self._common, lambda: self._rules)
        self._rooms.listener.load(done)

    def _fixed_sentences(self) -> list[str]:
        """Return what it says without a model, to be made ahead of its use."""
        greeting = self.config.who.greeting(self._rules.languages[0], "wake")
        sentences = dataclasses.astuple(SENTENCES[self._rules.languages[0]])
        fillers = self._rules.fillers[0] if self._rules.filler_after else ()
        return [*sentences, *filter(None, (greeting,)), *fillers]

    def _loaded(
        self, load: Callable[[Callable[[], None]], None], times: int = 1
    ) -> "asyncio.Future[None]":
        """Call ``load(done)`` and return a future that is done after `times` calls of `done`."""
        future: asyncio.Future[None] = self._loop.create_future()
        left = [times]

        def one() -> None:
            left[0] -= 1
            if left[0] == 0 and not future.done():
                future.set_result(None)

        def done() -> None:
            self._soon(one)

        load(done)
        return future

    def _hands(self) -> "list[Hand]":
        return self._rooms.hands() if self.ready.is_set() else []

    def _hangs(self, room: str, error: AssistantError) -> None:
        self._failed(Key(self.state.turn, 0), room, error)

    def _give_up(self, error: AssistantError) -> None:
        if self._broken and not self._broken.done():
            self._broken.set_exception(error)

    def _tell_crew(self) -> None:
        self._observers.note("crew", {"poor": self.crew.told()})

    async def _watch_power(self) -> None:
        """Tell the decider when the machine must be spared, or no longer."""
        while True:
            spare = self._rules.ahead and await asyncio.to_thread(power.sparing)
            if spare != self.state.sparing:
                self._dispatch(PowerChanged(spare))
            await asyncio.sleep(POWER_S)

    # --- reports from other threads -----------------------------------------------------------

    def _failed(self, key: Key, room: str, error: AssistantError) -> None:
        def tell() -> None:
            if self.ready.is_set():
                log.info("%s: %s", room, error)
                if self._observers.secret == key:
                    self.crew.fitness[AHEAD].failed(str(error))
                self._dispatch(Failed(key.turn, room, str(error), key.take))
            elif self._broken and not self._broken.done():  # it is loading: `start` raises it
                self._broken.set_exception(error)

        self._soon(tell)

    def _soon(self, act: Callable[..., object], *arguments: Any) -> None:
        """Call `act` on the loop, from any thread; not at all once the loop is closed.

        A thread that hung while everything stopped may come back later than that.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, *arguments)
