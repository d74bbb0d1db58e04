"""The house: the real decider, the rooms that obey it, and what happens between them.

All that is decided comes from `assistant.conversation`; the rooms are simple models of the real
ones. Events come late and cross commands, as they do between threads.
"""

import random
from collections.abc import Callable

from assistant.conversation import Rules, State, decide
from assistant.events import (
    Cancel,
    CarryOn,
    Command,
    Drop,
    DuplexChanged,
    Event,
    Fill,
    Finish,
    Listen,
    Overhear,
    Pause,
    Play,
    Prepare,
    Raise,
    Recall,
    Release,
    Rest,
    Say,
    Send,
    Settle,
    Started,
    Think,
    Tick,
    Watch,
)
from assistant.record.recording import Entry, Recording
from simulated.clock import Clock
from simulated.ears import Ears
from simulated.mind import Mind
from simulated.mouth import Mouth
from simulated.promises import Promises
from simulated.server import Server

START = 1000.0


class House:
    """One conversation's world."""

    def __init__(self, rules: Rules, rng: random.Random, haste: float) -> None:
        """`haste` is how far events may be behind what happened, in s."""
        self.rules, self.rng, self.haste = rules, rng, haste
        self.clock = Clock(START)
        self.state = State()
        self.stalled = 0.0
        """Until when the decider's thread does not get to run."""
        self.entries: list[Entry] = []
        self._timer = 0
        self.mouth = Mouth(self)
        self.mind = Mind(self)
        self.ears = Ears(self)
        self.server = Server(self)
        self.promises = Promises(rules, self.mouth, self.ears)

    def begin(self, duplex: bool) -> None:
        """All rooms are ready."""
        self.dispatch(Started())
        self.dispatch(DuplexChanged(duplex))

    def post(self, event: Event) -> None:
        """Something has happened in a room; it is decided on a little later."""
        self.clock.after(self.rng.random() * self.haste, self.arrive, event)

    def arrive(self, event: Event) -> None:
        """It comes to the decider's thread, when that runs."""
        if self.clock.now < self.stalled:
            self.clock.after(self.stalled - self.clock.now, self.arrive, event)
        else:
            self.dispatch(event)

    def recording(self) -> Recording:
        """Return all that was decided, for `assistant replay`."""
        return Recording(self.rules, State(), tuple(self.entries))

    def dispatch(self, event: Event) -> None:
        """Decide, and let the rooms obey."""
        before, now = self.state, self.clock.now
        if self.rng.random() < 0.01:
            now -= self.rng.random() * 0.2  # read by another core
        self.state, commands = decide(self.rules, before, event, now)
        self.entries.append(Entry(now, event, commands, self.state.deadline))
        self.promises.before(before, event)
        for command in commands:
            self.promises.obeyed(self.state, command)
            self._obey(command)
        self.promises.after(before, event, commands, self.state)
        self._timer += 1
        if self.state.deadline is not None:
            self.clock.after(self.state.deadline - self.clock.now, self._tick, self._timer)

    def _tick(self, timer: int) -> None:
        if timer != self._timer:  # it was set anew
            return
        if self.clock.now < self.stalled:
            self.clock.after(self.stalled - self.clock.now, self._tick, timer)
        else:
            deadline = self.state.deadline
            self.dispatch(Tick())
            self.promises.ticked(deadline, self.state)

    def _obey(self, command: Command) -> None:
        act: Callable[[], None] | None = None
        match command:
            case Listen() | Rest() | Watch() | Overhear() | CarryOn() | Settle() | Finish():
                self.ears.obey(command)
                if isinstance(command, Finish):
                    self.server.finish(command.turn)
            case Prepare(turn, text):
                act = lambda: self.mind.prepare(turn, text)  # noqa: E731
            case Think(turn, take, text, secret):
                self.mouth.open((turn, take), held=secret)
                act = lambda: self.mind.think((turn, take), text)  # noqa: E731
            case Say(turn, take, text):
                self.mouth.open((turn, take), held=False)
                self.mouth.text((turn, take), text)
                self.mouth.end((turn, take))
            case Fill(turn, take, text):
                self.mouth.fill((turn, take), text)
            case Release(turn, take):
                self.mouth.release((turn, take))
                self.mind.release((turn, take))
            case Drop(turn, take):
                self.mind.cancel((turn, take))
                self.mouth.cancel((turn, take))
            case Cancel(turn):
                self.mind.cancel((turn, 1 << 30))
                self.mouth.cancel((turn, 1 << 30))
                self.ears.cancel(turn)
                self.server.leave(turn)
            case Pause(turn):
                self.mouth.waits = turn
            case Raise():
                self.mouth.waits = None
            case Send(turn, _):
                self.server.send(turn)
            case Recall(turn):
                self.server.leave(turn)
            case Play(turn, take):
                self.mouth.open((turn, take), held=False)
                self.server.play((turn, take))
        if act:
            act()
