"""What the decider commands is done: each command goes to the room or the device that it is for."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.daemon.devices import Devices
from assistant.daemon.observers import Observers
from assistant.daemon.outside import Outside
from assistant.daemon.rooms import Rooms
from assistant.events import (
    LAST_TAKE,
    Cancel,
    CarryOn,
    Command,
    Drop,
    Duck,
    Earcon,
    Fill,
    Finish,
    Halt,
    Ignore,
    Key,
    Listen,
    Overhear,
    Pause,
    Play,
    Prepare,
    Raise,
    Recall,
    Release,
    Remember,
    Rest,
    Say,
    Send,
    Settle,
    Think,
    Watch,
)
from assistant.fitness import Fitness
from assistant.trace import Trace

if TYPE_CHECKING:
    from assistant.ears.listener import Listener


class Executor:
    """That of one daemon, on its loop: every command returns at once."""

    def __init__(
        self,
        rooms: Rooms,
        devices: Devices,
        observers: Observers,
        trace: Trace,
        *,
        ahead: Fitness,
        outside: Callable[[], Outside | None],
        both: bool,
        language: Callable[[str], str],
    ) -> None:
        """`ahead` is how well answering in secret works; `both` languages are spoken, or one.

        ``outside()`` is the server that answers for this device, if there is one.
        ``language(text)`` is the one in which `text` is answered now.
        """
        self._rooms, self._devices = rooms, devices
        self._observers, self._trace = observers, trace
        self._ahead, self._outside = ahead, outside
        self._both, self._language = both, language

    def execute(self, command: Command) -> None:
        """Do it."""
        match command:
            case Rest():
                self._ears(lambda ears: ears.rest())
            case Listen(turn):
                self._trace.mark(turn, "wake", time.monotonic())
                self._ears(lambda ears: ears.listen(turn))
            case Finish(turn):
                self._trace.mark(turn, "turn_end", time.monotonic())
                self._ears(lambda ears: ears.finish(turn))
                self._server(lambda server: server.finish(turn))
            case Watch(turn):
                self._ears(lambda ears: ears.watch(turn))
            case Overhear(turn):
                self._ears(lambda ears: ears.overhear(turn))
            case CarryOn(turn, before):
                self._trace.mark(before, "interrupted", time.monotonic())
                self._ears(lambda ears: ears.carry_on(turn, before))
            case Duck() | Pause() | Raise():
                self._give_way(command)
            case Settle(turn):
                self._ears(lambda ears: ears.settle(turn))
            case Halt(text):
                self._rooms.thinker.stop_actions()
                self._observers.note("stop_heard", {"text": text})
            case Prepare(turn, text):
                self._rooms.thinker.prepare(turn, text)
            case Think(turn, take, text, secret):
                self._think(Key(turn, take), text, secret)
            case Release(turn, take):
                self._release(Key(turn, take))
            case Drop(turn, take, why):
                self._drop(Key(turn, take), why)
            case Say(turn, take, text):
                self._trace.keep(turn, take)
                self._observers.note("say", {"turn": turn, "text": text})
                self._rooms.speaker.say(Key(turn, take), text)
            case Fill(turn, take, text):
                self._observers.note("filler", {"turn": turn, "text": text})
                self._rooms.thinker.filled(Key(turn, take))
                self._rooms.speaker.fill(Key(turn, take), text)
            case Send(turn, phrase):
                self._trace.mark(turn, "sent_out", time.monotonic())
                self._server(lambda server: server.send(turn, phrase))
            case Recall(turn):
                self._server(lambda server: server.leave(turn))
            case Play(turn, take):
                self._trace.keep(turn, take)
                self._server(lambda server: server.play(Key(turn, take)))
            case Remember(turn, heard):
                self._remember(turn, heard)
            case Cancel(turn):
                self.cancel(turn)
                self._server(lambda server: server.leave(turn))
                self._devices.flush()
            case Ignore(turn, text):
                self._observers.note("ignored", {"turn": turn, "text": text})
            case Earcon(name):
                self._observers.note("earcon", {"name": name})
                self._devices.tone(name)

    def cancel(self, turn: int) -> None:
        """End all work for `turn` and for those before it."""
        self._rooms.cancel(turn)
        self._observers.forget()

    def _ears(self, act: "Callable[[Listener], None]") -> None:
        if self._rooms.listener:
            act(self._rooms.listener)

    def _server(self, act: Callable[[Outside], None]) -> None:
        if server := self._outside():
            act(server)

    def _give_way(self, command: Duck | Pause | Raise) -> None:
        if (player := self._devices.player) is None:
            return
        key = Key(command.turn, LAST_TAKE)
        stage, act = {
            Duck: ("ducked", player.duck),
            Pause: ("paused", player.pause),
            Raise: ("raised", player.go_on),
        }[type(command)]
        self._trace.mark(command.turn, stage, time.monotonic())
        act(key)

    def _think(self, key: Key, text: str, secret: bool) -> None:
        if self._both and self._rooms.voice:
            self._rooms.voice.speak(key, self._language(text))
        if secret:
            self._observers.secret = key
            self._rooms.speaker.hold(key)
        else:
            self._trace.keep(key.turn, key.take)
            self._observers.note("think", {"turn": key.turn, "text": text})
        self._rooms.thinker.think(key, text, secret=secret)

    def _release(self, key: Key) -> None:
        """The secret take is the answer: mouth first, for somebody waits for it."""
        now = time.monotonic()  # the first sample may be on its way before the next line is reached
        self._rooms.speaker.release(key)
        self._rooms.thinker.release(key)
        self._trace.keep(key.turn, key.take)
        self._trace.mark(key.turn, "released", now, take=key.take)
        self._ahead.worked()
        self._observers.release()

    def _drop(self, key: Key, why: str) -> None:
        self._rooms.thinker.cancel(key)
        self._rooms.speaker.cancel(key)
        self._trace.mark(key.turn, "dropped", time.monotonic(), why=why)
        self._observers.note("dropped", {"turn": key.turn, "why": why})
        self._observers.forget()

    def _remember(self, turn: int, heard: str) -> None:
        if asked := self._rooms.thinker.remember(turn, heard):
            language = self._language("")
            told = {"turn": turn, "language": language, "asked": asked, "heard": heard}
            self._observers.note("remembered", told)
