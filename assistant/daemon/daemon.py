"""The assistant as a whole: the loop between its rooms, from start to stop."""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, get_args

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
from assistant.daemon.levels import Levels
from assistant.daemon.observers import Note, Observers, visible
from assistant.daemon.settings import rules
from assistant.errors import AssistantError
from assistant.events import (
    LAST_TAKE,
    Acted,
    Cancel,
    CarryOn,
    ClauseStarted,
    Command,
    Drop,
    Duck,
    DuplexChanged,
    Earcon,
    Event,
    Failed,
    Fill,
    Finish,
    Halt,
    Heard,
    Ignore,
    Judged,
    Key,
    LeftAlone,
    Listen,
    Overhear,
    Pause,
    Play,
    PowerChanged,
    Prepare,
    Raise,
    Recall,
    Release,
    Remember,
    ReplyBegan,
    ReplyEnded,
    Rest,
    Say,
    SayRequested,
    Send,
    SentOut,
    Settle,
    SpeakingEnded,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    Watch,
)
from assistant.language import AUTO, leading, spoken
from assistant.mind.guests import Guests
from assistant.mind.thinker import Thinker
from assistant.mouth.mute import Mute
from assistant.trace import Trace
from assistant.vitals import Vitals

if TYPE_CHECKING:
    from assistant.audio.echo.path import EchoPath
    from assistant.audio.frames import Frame, Loudspeaker, Microphone, Pcm
    from assistant.audio.patch import Jack, Patch, Take
    from assistant.audio.standby import Standby
    from assistant.controls import Wish
    from assistant.ears.conditions import Report
    from assistant.ears.hearing import Hearing
    from assistant.ears.held import HeldVoice
    from assistant.ears.listener import Listener
    from assistant.mind.guard.guard import Guard
    from assistant.mind.known import Source
    from assistant.mind.remote.hybrid import Hybrid
    from assistant.mind.skills.alarms import Alarms
    from assistant.mind.skills.skills import Skills
    from assistant.mouth.playback import Player
    from assistant.mouth.speaker import Speaker
    from assistant.record.keeping import Keeper
    from assistant.worker import Hand

log = logging.getLogger(__name__)

POWER_S = 30.0
"""How often battery and temperature are looked at, in s."""

RING_VOLUME = 0.4
"""What is due rings no more softly than at this volume, whatever the volume is."""

ANSWERING = (Phase.THINKING, Phase.SPEAKING)


class Outside(Protocol):
    """A server that answers for this device, as the daemon sees it; quick, and never raises.

    It reports by events: `ServerChanged`, `Understood`, `Declined`, `SoundOffered`.
    """

    def hear(self, frame: "Frame") -> None:
        """Take what is heard, whether it is wanted or not; from the microphone's thread."""

    def send(self, turn: int, phrase: str) -> None:
        """What is heard from now on is a question; see `assistant.events.Send`."""

    def finish(self, turn: int) -> None:
        """The question of `turn` is over."""

    def leave(self, turn: int) -> None:
        """Nothing is to be done for `turn` any more, and nothing of it to be heard."""

    def play(self, key: Key) -> None:
        """Give the player what was offered for the turn, as the answer `key`."""


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
        self._microphone, self._loudspeaker = microphone, loudspeaker
        self._notes = [] if notes is None else notes
        self._observers = Observers(self._notes)
        self._levels = Levels(self._notes, self._soon, lambda: self.state.phase is Phase.LISTENING)
        self._stopped = self._muted = False
        self._duplex = False  # of the device's microphone and loudspeaker
        self._timer: asyncio.TimerHandle | None = None
        self._broken: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._power: asyncio.Task[None] | None = None
        self._player: Player | None = None
        self._tones: dict[str, Pcm] = {}
        self._standby: Standby | None = None
        self._cores = Cores()
        self._sounding: Key | None = None  # the take of which something was heard last
        self._begun: Key | None = None  # the take whose words come, on the mind's thread
        self.crew = Crew(self._hangs, self._give_up, lambda: self._soon(self._tell_crew))
        """How well everything works."""
        self._watch: asyncio.Task[None] | None = None
        self._thinker = self._make_thinker()
        self._speaker: Speaker | Mute = (
            self._make_speaker() if loudspeaker else Mute(self._mute_end)
        )
        self._listener: Listener | None = None
        self._patch: Patch | None = None  # where there are devices
        self._hearing: Hearing | None = None  # where there is a real microphone
        self._echo: EchoPath | None = None  # where the microphone can hear the loudspeaker
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
            self._device_again,
        )
        """Who is told of devices that go and come back."""
        self.on_mute: Callable[[bool], None] | None = None
        """Told when it is muted, or no longer; to be set before the start."""
        self.guard: Guard | None = None
        """What is refused; only after the start, and where it is enabled."""
        self.keeper = self._make_keeper()
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

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
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
        rooms = [self._loaded(self._thinker.load)]
        if self._microphone:
            rooms.append(self._loaded(self._load_listener, times=2))
        if self._loudspeaker:
            await asyncio.to_thread(self._open_loudspeaker)
            rooms.append(self._loaded(self._load_speaker))
        await self._all(rooms)
        if self._microphone:
            await self._open_microphone(self._microphone)
        if self._loudspeaker and self.config.audio.standby:
            self._standby = self._make_standby(self._loudspeaker)
        self.ready.set()
        self._dispatch(Started())
        for event in self.left:
            self._dispatch(event)
        if self.config.echo.mode == "on":
            self.duplex(True)
        if not isinstance(self._speaker, Mute):
            greeting = self.config.who.greeting(self._rules.languages[0], "wake")
            sentences = dataclasses.astuple(SENTENCES[self._rules.languages[0]])
            fillers = self._rules.fillers[0] if self._rules.filler_after else ()
            self._speaker.learn((*sentences, *filter(None, (greeting,)), *fillers))
        self._power = asyncio.create_task(self._watch_power())
        self._watch = asyncio.create_task(self.crew.watch(self._hands))
        if self.alarms:
            self._bell = asyncio.create_task(bell.watch(self.alarms, self._dispatch))

    async def hear_with(self, microphone: "Microphone") -> None:
        """Get ears after the start, for a `microphone` that came later. Raises as `start`."""
        self.ready.clear()
        try:
            await self._all([self._loaded(self._load_listener, times=2)])
            await self._open_microphone(microphone)
        except BaseException:
            if listener := self._listener:
                self._listener = None
                await asyncio.to_thread(listener.stop)
            self._broken = self._loop.create_future()  # it goes on without ears
            await asyncio.to_thread(microphone.stop)
            raise
        finally:
            self.ready.set()
        self._microphone = microphone

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
        self._dead(self.state.turn)
        ends: list[Callable[[], Any]] = [self._thinker.stop, self._speaker.stop]
        if self._microphone:
            ends.insert(0, self._microphone.stop)
        if self._listener:
            ends.append(self._listener.stop)
        if self._loudspeaker:
            ends.append(self._close_loudspeaker)
        if self._patch:
            ends.append(self._patch.stop)
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

    def _device_again(self, room: str) -> None:
        """A device has come back: what is known of its echo is void, and half a word unheard."""
        if self._echo:
            self._echo.renew()
        if room == "loudspeaker" and self._player:
            self._player.say_again()

    @property
    def last_said(self) -> str:
        """What was heard of the last answer; of an interrupted one its last sentence, whole."""
        return self._thinker.last_said

    @property
    def model_name(self) -> str:
        """The language model's name, as its file tells it; only after the start."""
        return self._thinker.model_name

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
        return self._player.volume if self._player else self.config.speech.volume

    @property
    def rate(self) -> float:
        """How fast it speaks, as `speech.rate`."""
        speed = 1.0 if isinstance(self._speaker, Mute) else self._speaker.speed
        return self.config.speech.rate * speed

    def set_rate(self, rate: float) -> None:
        """Speak so fast from the next clause on that has not begun; from any thread."""
        if not isinstance(self._speaker, Mute):
            self._speaker.speed = rate / self.config.speech.rate

    def set_volume(self, volume: float) -> None:
        """Speak, and sound tones, at `volume` (0 to 1) from the next buffer on."""
        if self._player:
            self._player.volume = volume

    def adopt(self, config: Config) -> None:
        """Decide by other settings from the next event on; what was made with the old ones stays.

        See `assistant.serve.reloading.LIVE`.
        """
        self._rules = rules(config)

    def mute(self, muted: bool) -> None:
        """Hear silence in place of the microphone, or hear again; from any thread."""
        self._muted = muted
        if self.on_mute:
            self.on_mute(muted)

    def plug(self, take: "Take") -> "Jack":
        """Let a browser be microphone and loudspeaker until `unplug`.

        Raises `AssistantError` while somebody talks to it.
        """
        if not self._patch or not self._listener or not self._player:
            raise AssistantError("this assistant has no ears or no voice; write to it.")
        between = self._rules.always and not self.occupied
        if self.state.phase is not Phase.ASLEEP and not between:
            raise AssistantError("somebody is talking to it; try again when it is asleep.")
        jack = self._patch.plug(self._player.rate, take)
        self.post(DuplexChanged(True))  # browsers cancel the echo themselves
        return jack

    def unplug(self, jack: "Jack") -> None:
        """Give the devices their place back; what was going on ends."""
        assert self._patch
        if self.state.phase is not Phase.ASLEEP:
            self.post(StopRequested())
        self._patch.unplug(jack)
        self.post(DuplexChanged(self._duplex))

    def duplex(self, usable: bool) -> None:
        """Tell whether the device's microphone is of use while it speaks; from any thread."""
        self._duplex = usable
        if not (self._patch and self._patch.plugged):
            self.post(DuplexChanged(usable))

    @property
    def echo(self) -> Literal["off", "ignored", "unknown", "gone", "heard"]:
        """How it stands with its own voice in the device's microphone.

        `off`: it is left there; `ignored`: it is said not to matter; `unknown`: nothing has sounded
        yet; `gone`: it is taken out; `heard`: it cannot be taken out.
        """
        if self._echo is None:
            return "off"
        if self.config.echo.mode == "on":
            return "ignored"
        if self._echo.usable is None:
            return "unknown"
        return "gone" if self._echo.usable else "heard"

    @property
    def occupied(self) -> bool:
        """Whether somebody speaks to it, or waits for its answer, or hears it."""
        heard = self.state.phase is Phase.LISTENING and self.state.began is not None
        return heard or self.state.phase in ANSWERING

    @property
    def stopped(self) -> bool:
        """Whether it has ended."""
        return self._stopped

    @property
    def hears(self) -> bool:
        """Whether it has ears."""
        return self._listener is not None

    @property
    def hearing(self) -> "Report | None":
        """How well it hears; None where there is no microphone."""
        return self._hearing.report() if self._hearing else None

    @property
    def speaks(self) -> bool:
        """Whether it has a voice."""
        return not isinstance(self._speaker, Mute)

    @property
    def listener(self) -> "Listener":
        """The ears; only after the start. Raises `AssistantError` where there are none."""
        if self._listener:
            return self._listener
        raise AssistantError("this assistant has no ears; write to it.")

    @property
    def speaker(self) -> "Speaker":
        """The mouth; only after the start. Raises `AssistantError` where there is none."""
        if isinstance(self._speaker, Mute):
            raise AssistantError("this assistant has no voice; write to it.")
        return self._speaker

    @property
    def player(self) -> "Player":
        """What plays; only after the start. Raises `AssistantError` where there is none."""
        if self._player:
            return self._player
        raise AssistantError("this assistant has no voice; write to it.")

    @property
    def guests(self) -> Guests:
        """Those who write instead of speaking."""
        return self._thinker.guests

    @property
    def hybrid(self) -> "Hybrid | None":
        """The help of a larger model, where the settings name one; only after the start."""
        return self._thinker.hybrid

    async def written(self, text: str, talk: str) -> str | None:
        """Return what skills and documents say to one who writes `text`, and do it; None: nothing.

        What is asked back is open in `talk` alone. Nothing is known before the model is loaded.
        """
        answer: asyncio.Future[str | None] = self._loop.create_future()
        self._thinker.written(text, talk, lambda said: self._soon(answer.set_result, said))
        return await answer

    def forget(self) -> None:
        """Begin a new conversation."""
        self._thinker.forget()

    async def history(self) -> list[tuple[str, str]]:
        """Return the conversation that the model knows, as (role, text)."""
        answer: asyncio.Future[list[tuple[str, str]]] = self._loop.create_future()

        def done(turns: list[tuple[str, str]]) -> None:
            self._soon(answer.set_result, turns)

        self._thinker.transcript(done)
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

        self._thinker.use_adapter(name, done)
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
            self._thinker.stop_actions()
        elif isinstance(event, Heard) and farewell(event.text):
            self._thinker.leave()
        self._observers.tell_of(event, self.state)
        if visible(before) != (seen := visible(self.state)):
            self._observers.note("state", seen)
        if before.phase in ANSWERING and self.state.phase not in ANSWERING:
            self._loop.run_in_executor(None, memory.give_back)
        heard = self.state.phase is Phase.LISTENING and self.state.began is not None
        self._thinker.voice(heard or self.state.phase is Phase.THINKING)
        if self._standby:
            (self._standby.sleeps if self.state.phase is Phase.ASLEEP else self._standby.awake)()
        for command in commands:
            self._execute(command)
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

    def _execute(self, command: Command) -> None:
        match command:
            case Rest():
                self._ears(lambda ears: ears.rest())
            case Listen(turn):
                self.trace.mark(turn, "wake", time.monotonic())
                self._ears(lambda ears: ears.listen(turn))
            case Finish(turn):
                self.trace.mark(turn, "turn_end", time.monotonic())
                self._ears(lambda ears: ears.finish(turn))
                self._server(lambda server: server.finish(turn))
            case Watch(turn):
                self._ears(lambda ears: ears.watch(turn))
            case Overhear(turn):
                self._ears(lambda ears: ears.overhear(turn))
            case CarryOn(turn, before):
                self.trace.mark(before, "interrupted", time.monotonic())
                self._ears(lambda ears: ears.carry_on(turn, before))
            case Halt(text):
                self._thinker.stop_actions()
                self._observers.note("stop_heard", {"text": text})
            case Duck(turn) | Pause(turn) | Raise(turn):
                self._give_way(command)
            case Settle(turn):
                self._ears(lambda ears: ears.settle(turn))
            case Prepare(turn, text):
                self._thinker.prepare(turn, text)
            case Think(turn, take, text, secret):
                self._think(Key(turn, take), text, secret)
            case Release(turn, take):
                self._release(Key(turn, take))
            case Drop(turn, take, why):
                self._drop(Key(turn, take), why)
            case Say(turn, take, text):
                self.trace.keep(turn, take)
                self._observers.note("say", {"turn": turn, "text": text})
                self._speaker.say(Key(turn, take), text)
            case Fill(turn, take, text):
                self._observers.note("filler", {"turn": turn, "text": text})
                self._thinker.filled(Key(turn, take))
                self._speaker.fill(Key(turn, take), text)
            case Send(turn, phrase):
                self.trace.mark(turn, "sent_out", time.monotonic())
                self._server(lambda server: server.send(turn, phrase))
            case Recall(turn):
                self._server(lambda server: server.leave(turn))
            case Play(turn, take):
                self.trace.keep(turn, take)
                self._server(lambda server: server.play(Key(turn, take)))
            case Remember(turn, heard):
                if asked := self._thinker.remember(turn, heard):
                    told = {"turn": turn, "language": self.language, "asked": asked, "heard": heard}
                    self._observers.note("remembered", told)
            case Cancel(turn):
                self._dead(turn)
                self._server(lambda server: server.leave(turn))
                if self._patch:
                    self._patch.flush()
            case Ignore(turn, text):
                self._observers.note("ignored", {"turn": turn, "text": text})
            case Earcon(name):
                self._observers.note("earcon", {"name": name})
                if self._player and name in self._tones:
                    least = RING_VOLUME if name == "ring" else 0.0
                    error = name == "error"  # a sentence follows
                    self._player.tone(self._tones[name], least, before_words=error)

    def _give_way(self, command: Duck | Pause | Raise) -> None:
        if self._player is None:
            return
        key = Key(command.turn, LAST_TAKE)
        stage, act = {
            Duck: ("ducked", self._player.duck),
            Pause: ("paused", self._player.pause),
            Raise: ("raised", self._player.go_on),
        }[type(command)]
        self.trace.mark(command.turn, stage, time.monotonic())
        act(key)

    def _think(self, key: Key, text: str, secret: bool) -> None:
        if self.config.language == AUTO and not isinstance(self._speaker, Mute):
            self._speaker.speak(key, answered_in(self._rules, self.state, text))
        if secret:
            self._observers.secret = key
            self._speaker.hold(key)
        else:
            self.trace.keep(key.turn, key.take)
            self._observers.note("think", {"turn": key.turn, "text": text})
        self._thinker.think(key, text, secret=secret)

    def _release(self, key: Key) -> None:
        """The secret take is the answer: mouth first, for somebody waits for it."""
        now = time.monotonic()  # the first sample may be on its way before the next line is reached
        self._speaker.release(key)
        self._thinker.release(key)
        self.trace.keep(key.turn, key.take)
        self.trace.mark(key.turn, "released", now, take=key.take)
        self.crew.fitness[AHEAD].worked()
        self._observers.release()

    def _drop(self, key: Key, why: str) -> None:
        self._thinker.cancel(key)
        self._speaker.cancel(key)
        self.trace.mark(key.turn, "dropped", time.monotonic(), why=why)
        self._observers.note("dropped", {"turn": key.turn, "why": why})
        self._observers.forget()

    def _dead(self, turn: int) -> None:
        key = Key(turn, LAST_TAKE)
        self._thinker.cancel(key)
        self._speaker.cancel(key)
        self._ears(lambda ears: ears.cancel(turn))
        self._observers.forget()

    def _ears(self, act: "Callable[[Listener], None]") -> None:
        if self._listener:
            act(self._listener)

    def _server(self, act: Callable[[Outside], None]) -> None:
        if self.outside:
            act(self.outside)

    # --- rooms --------------------------------------------------------------------------------

    def _make_keeper(self) -> "Keeper | None":
        if self.config.record.keep == "never":
            return None
        from assistant.record.keeping import Keeper

        return Keeper(self.config)

    def _make_thinker(self) -> Thinker:
        from assistant.mind import engines, prompt
        from assistant.mind.thin import NoModel

        def hybrid() -> "Hybrid | None":
            from assistant.mind.remote.hybrid import make

            return make(self.config)

        return Thinker(
            lambda: engines.make(self.config),
            system=prompt.own_prompt(self.config, self.config.language, "spoken"),
            history_tokens=self.config.llm.history_tokens,
            secret_tokens=self.config.ahead.tokens,
            guests=self.config.llm.guests,
            cores=self._cores,
            trace=self.trace,
            on_text=self._on_text,
            on_judged=self._on_judged,
            on_end=self._on_reply_end,
            on_failed=lambda key, error: self._failed(key.turn, "mind", error, key.take),
            on_out=lambda key: self.post(SentOut(key.turn, key.take)),
            on_acted=lambda key: self.post(Acted(key.turn, key.take)),
            on_alone=lambda key: self.post(LeftAlone(key.turn, key.take)),
            held=lambda: self.state.held,
            held_system=lambda language: prompt.own_prompt(self.config, language, "spoken"),
            both=self.config.language == AUTO,
            make_hybrid=hybrid if self.config.remote.endpoint else lambda: None,
            make_sources=self._make_sources,
            sieve=lambda text: self.guard.sieve(text) if self.guard else None,
            stand_in=NoModel(self.config.language),
            fitness=self.crew.fitness["mind"],
        )

    def _make_sources(self) -> "list[Source]":
        """Return who answers before the language model, in the order in which they are asked."""
        sources: list[Source] = []
        made: Skills | None = None
        if self.config.skills.enabled:
            from assistant.controls import Controls
            from assistant.mind.skills import skills

            assert self.alarms
            own, say = Controls(self), lambda text: self.post(SayRequested(text))
            made = skills.make(
                self.config,
                own,
                self.alarms,
                say,
                last=lambda: self.language,
                held=lambda: self.state.held,
            )
            sources.append(made)
        if self.config.who.name(leading(self.config.language)):
            from assistant.persona.naming import Naming

            languages = spoken(self.config.language)
            sources.append(Naming(self.config.who, languages, lambda: self.state.held))
        if self.config.knowledge.enabled:
            from assistant.mind.knowledge.knowledge import Documents

            sources.append(Documents(self.config.state_dir, lambda: self.state.held))
        if self.config.tools.enabled and made:
            from assistant.mind.tools import tools

            sources.append(tools.make(self.config, made, lambda: self.language))
        if self.guard:
            from assistant.mind.guard.guard import Guarded

            sources.insert(0, Guarded(self.guard, made.intent if made else None))
        return sources

    def _make_speaker(self) -> "Speaker":
        from assistant.mouth import engines
        from assistant.mouth.speaker import Speaker

        return Speaker(
            lambda: engines.make(self.config),
            language=leading(self.config.language),
            first_clause=self.config.speech.first_clause,
            clause=self.config.speech.clause,
            cores=self._cores,
            trace=self.trace,
            on_failed=lambda key, error: self._failed(key.turn, "mouth", error, key.take),
            make_plain=engines.plain(self.config),
            fitness=self.crew.fitness["mouth"],
        )

    def _make_listener(self) -> "Listener":
        from assistant.ears import engines, wake
        from assistant.ears.listener import Listener
        from assistant.ears.vad import Vad

        vad = self.config.vad
        return Listener(
            lambda: (Vad(vad.threshold, vad.min_speech, vad.min_silence), wake.make(self.config)),
            lambda: engines.make(self.config),
            stops=lambda text: stops(self._rules, text),
            stop_words=lambda: self._rules.stop_words,
            trace=self.trace,
            emit=self.post,
            on_failed=lambda turn, error: self._failed(turn, "ears", error),
            held=self._make_held(),
            make_other=lambda: engines.other(self.config),
            fitness=self.crew.fitness["ears"],
        )

    def _make_held(self) -> "HeldVoice | None":
        """Return what hears whether a voice is held, where its model is installed."""
        from assistant.models import Shelf

        shelf = Shelf(self.config.models_dir)
        if not self.config.turn.smart_turn or not shelf.best("turn"):
            return None
        from assistant.ears.held import HeldVoice
        from assistant.ears.smart_turn import SmartTurn

        path = shelf.locate("", "turn")
        return HeldVoice(
            lambda: SmartTurn(path).complete,
            trace=self.trace,
            emit=self.post,
            on_failed=lambda turn, error: self._failed(turn, "ears", error),
        )

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

    async def _open_microphone(self, microphone: "Microphone") -> None:
        assert self._listener is not None
        patch = self._devices()
        ears, hear, echo = self._listener.hear, patch.hear, self._echo

        keeper = self.keeper

        def forward(frame: "Frame") -> None:
            ears(frame)
            if keeper:
                keeper.hear(frame)
            if self.outside:
                self.outside.hear(frame)
            if self._levels.wanted:
                self._levels.hear(frame)

        patch.ears = forward

        hearing = self._make_hearing() if microphone.live else None
        self._hearing = hearing

        def listen(frame: "Frame") -> None:
            self.vitals.frame()
            if self._muted:  # silence, for what was begun must find its end
                hear(dataclasses.replace(frame, pcm=frame.pcm * 0))
                return
            if echo:  # before the gain: what it learns would be wrong after each change
                frame = echo.clean(frame)
            if hearing and (pcm := hearing.take(frame.pcm)) is not frame.pcm:
                frame = dataclasses.replace(frame, pcm=pcm)
            hear(frame)

        self.vitals.expect_frames(microphone.live)
        await asyncio.to_thread(microphone.start, listen)

    def _make_hearing(self) -> "Hearing":
        from assistant.ears.conditions import advice
        from assistant.ears.hearing import Hearing

        def talking() -> bool | None:
            state = self.state
            if state.phase in ANSWERING:
                return None
            return state.phase is Phase.LISTENING and state.began is not None

        return Hearing(
            talking=talking,
            found=lambda problem: self._soon(log.warning, "hearing: %s", advice(problem)),
            automatic_gain=self.config.audio.automatic_gain,
        )

    def _load_listener(self, done: Callable[[], None]) -> None:
        self._listener = self._make_listener()
        self._listener.load(done)

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

    def _open_loudspeaker(self) -> None:
        from assistant.audio.tones import Name, bell, earcon
        from assistant.mouth.playback import Player

        assert self._loudspeaker is not None
        patch = self._devices()
        self._echo = echo = self._make_echo()
        self._loudspeaker.start(echo.tapped(patch.source) if echo else patch.source)
        rate = self._loudspeaker.rate
        if echo:
            echo.play_at(rate)
        level = self.config.speech.loudness + self.config.speech.tones
        self._tones = {name: earcon(name, rate, level) for name in get_args(Name)}
        self._tones["ring"] = bell(rate, level)
        for name in self.config.speech.silent_tones:
            del self._tones[name]
        volume, duck = self.config.speech.volume, self.config.barge_in.duck
        self._player = Player(rate, self._on_clause, self._on_end, volume, duck)
        self._levels.look_at(self._player)
        patch.player = self._player.fill

    def _devices(self) -> "Patch":
        """Return what lies between the devices and the rooms."""
        if self._patch is None:
            from assistant.audio.patch import Patch

            self._patch = Patch()
        return self._patch

    def _make_echo(self) -> "EchoPath | None":
        from assistant.audio.echo.kalman import KalmanCanceller
        from assistant.audio.echo.path import EchoPath

        mode, tail = self.config.echo.mode, self.config.echo.tail
        if mode == "off":
            return None
        return EchoPath(KalmanCanceller(tail), tail, self._on_usable)

    def _make_standby(self, loudspeaker: "Loudspeaker") -> "Standby":
        from assistant.audio.standby import Standby

        return Standby(
            loudspeaker,
            self._loop.call_later,
            lambda error: self.device_lost("loudspeaker", str(error)),
        )

    def _close_loudspeaker(self) -> None:
        assert self._loudspeaker is not None
        if self._standby:
            self._standby.stop()
        self._loudspeaker.stop()

    def _load_speaker(self, done: Callable[[], None]) -> None:
        assert self._player is not None
        assert not isinstance(self._speaker, Mute)
        self._speaker.load(self._player, done)

    def _hands(self) -> "list[Hand]":
        if not self.ready.is_set():
            return []
        mouth = [] if isinstance(self._speaker, Mute) else self._speaker.hands()
        ears = self._listener.hands() if self._listener else []
        return [*self._thinker.hands(), *mouth, *ears]

    def _hangs(self, room: str, error: AssistantError) -> None:
        self._failed(self.state.turn, room, error)

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

    def _on_text(self, key: Key, piece: str) -> None:
        if key != self._begun:
            self._begun = key
            self.post(ReplyBegan(key.turn, key.take))
        self._speaker.text(key, piece)
        self._soon(
            self._observers.show, "text", {"turn": key.turn, "take": key.take, "piece": piece}
        )

    def _on_judged(self, turn: int, text: str, complete: float) -> None:
        self.trace.mark(turn, "judged", time.monotonic(), text=text, complete=round(complete, 4))
        self.post(Judged(turn, text, complete))

    def _on_reply_end(self, key: Key, text: str) -> None:
        self.post(ReplyEnded(key.turn, key.take, text))
        self._speaker.end(key)

    def _on_clause(self, key: Key, text: str, at: float) -> None:
        if not text:  # a filler, which is nothing of the answer
            return
        if key != self._sounding:  # the other clauses' samples are not the first
            self._sounding = key
            self.trace.mark(key.turn, "first_sample", at, take=key.take)
        self.post(ClauseStarted(key.turn, key.take, text))

    def _on_end(self, key: Key, heard: str, at: float) -> None:
        """The last sample was handed over; the turn ends when it has left the loudspeaker.

        What was heard of a turn that is dead is wanted at once: the next answer depends on it.
        """
        self.trace.mark(key.turn, "speaking_end", at, take=key.take)
        event = SpeakingEnded(key.turn, key.take, heard)
        if key.turn < self.state.turn:
            self.post(event)
        else:
            self._soon(self._loop.call_at, at, self._dispatch, event)

    def _on_usable(self, usable: bool) -> None:
        """The echo canceller has learned, or lost what it knew."""
        if self.config.echo.mode == "auto":
            self.duplex(usable)

    def _mute_end(self, key: Key, heard: str) -> None:
        self.post(SpeakingEnded(key.turn, key.take, heard))

    def _failed(self, turn: int, room: str, error: AssistantError, take: int = 0) -> None:
        def tell() -> None:
            if self.ready.is_set():
                log.info("%s: %s", room, error)
                if self._observers.secret == Key(turn, take):
                    self.crew.fitness[AHEAD].failed(str(error))
                self._dispatch(Failed(turn, room, str(error), take))
            elif self._broken and not self._broken.done():  # it is loading: `start` raises it
                self._broken.set_exception(error)

        self._soon(tell)

    def _soon(self, act: Callable[..., object], *arguments: Any) -> None:
        """Call `act` on the loop, from any thread; not at all once the loop is closed.

        A thread that hung while everything stopped may come back later than that.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, *arguments)
