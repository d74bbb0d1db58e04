"""The real assistant in the room: everything that a scenario can do, and what can be seen of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.audio.frames import RATE, Pcm
from assistant.bench.conversation.sound import GAP_S, falls_silent, sounding
from assistant.bench.room import Devices, Room, Setup
from assistant.bench.room.room import Where
from assistant.config import Config
from assistant.conversation import Phase
from assistant.daemon import Daemon
from assistant.errors import AssistantError
from assistant.events import Asked, SayRequested, StopRequested

LOOK_S = 0.05
"""The loudspeaker's samples are looked at so often."""
NOW_S = 0.1
"""What was audible so long ago is audible now."""
PATIENCE_S = 60.0
RATE_OUT = 24_000
"""Hz of the loudspeaker."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that the daemon has told."""

    at: float
    """`time.monotonic` s."""
    name: str
    data: dict[str, Any]


def prepared(config: Config) -> Config:
    """Return the settings for a measurement: woken by its word, nothing heard but its answers."""
    changes: dict[str, dict[str, Any]] = {
        "wake": {"always": False, "earcon": False},
        "speech": {"filler_after": 0.0},
    }
    return config.model_copy(
        update={part: getattr(config, part).model_copy(update=new) for part, new in changes.items()}
    )


class Stage:
    """A running assistant in a room; an async context manager. All times are monotonic s."""

    def __init__(self, config: Config, setup: Setup, seed: int, voice: Pcm) -> None:
        """`voice` (samples,) int16 at `RATE_OUT` is its own: as loud at the microphone as said."""
        self.setup = setup
        room = Room(setup, seed, rate=RATE_OUT)
        room.calibrate(voice)
        self.devices = Devices(room)
        self.daemon = Daemon(prepared(config), self.devices.microphone, self.devices.loudspeaker)
        self.seen: list[Seen] = []
        self.daemon.observe(lambda name, data: self.seen.append(Seen(time.monotonic(), name, data)))

    async def __aenter__(self) -> "Stage":
        await self.daemon.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.daemon.stop()

    # --- what can be done -----------------------------------------------------------------------

    def speak(
        self, pcm: Pcm, *, where: Where = "talker", louder: float = 0.0
    ) -> tuple[float, float]:
        """Let somebody say (samples,) int16 16 kHz; return when it begins and ends."""
        begin = self.devices.speak(pcm, where=where, louder=louder)
        return begin, begin + len(pcm) / RATE

    async def recite(self, text: str) -> float:
        """Let it say `text`; return when its first sample sounds. Raises `AssistantError`."""
        return await self._begin(lambda: self.daemon.post(SayRequested(text)))

    async def asked(self, question: str) -> float:
        """Ask in writing, in a new talk; return when the answer begins to sound."""

        def ask() -> None:
            self.daemon.forget()
            self.daemon.post(Asked(question))

        return await self._begin(ask)

    async def hush(self) -> None:
        """End whatever goes on."""
        self.daemon.post(StopRequested())
        until = time.monotonic() + PATIENCE_S
        while self.daemon.state.phase is not Phase.ASLEEP and time.monotonic() < until:
            await asyncio.sleep(LOOK_S)
        await asyncio.sleep(0.4)

    async def over(self, start: float) -> float | None:
        """Wait until what began at `start` is over; return when its last sample sounded.

        None: after `PATIENCE_S` it still talks, perhaps with itself.
        """
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            since = time.monotonic() - start
            end = falls_silent(self.played(start), RATE_OUT, since - LOOK_S)
            if end is not None and self.daemon.state.phase not in (Phase.THINKING, Phase.SPEAKING):
                return start + end
            await asyncio.sleep(LOOK_S)
        return None

    # --- what can be seen -----------------------------------------------------------------------

    def played(self, since: float) -> Pcm:
        """Return what left the loudspeaker since then, (samples,) int16 at `RATE_OUT`."""
        return self.devices.loudspeaker.played(since - self.setup.delay)

    async def sounds(self, at: float) -> bool:
        """Wait until `at`, and then until something is audible; False: it has said all."""
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        while self.daemon.state.phase in (Phase.THINKING, Phase.SPEAKING):
            if sounding(self.played(time.monotonic() - NOW_S), RATE_OUT).any():
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def silence(
        self, start: float, since: float, until: float, gap: float = GAP_S
    ) -> float | None:
        """Return when the speech that began at `start` fell silent, or None if not until `until`.

        Only a silence of `gap` s that begins after `since` counts.
        """
        while True:
            now = time.monotonic()
            if end := falls_silent(self.played(start), RATE_OUT, since - start, gap, begun=True):
                return start + end
            if now > until + gap:
                return None
            await asyncio.sleep(LOOK_S)

    async def audible(self, since: float, until: float) -> float | None:
        """Return when something is first audible after `since`, or None if not until `until`."""
        while True:
            now = time.monotonic()
            loud = sounding(self.played(since), RATE_OUT).nonzero()[0]
            if len(loud):
                return float(since + loud[0] * 0.01)
            if now > until:
                return None
            await asyncio.sleep(LOOK_S)

    def told(self, name: str, since: float) -> list[dict[str, Any]]:
        """Return what the daemon has told under this name since then."""
        return [each.data for each in self.seen if each.name == name and each.at >= since]

    def reply(self, since: float) -> str:
        """Return what the mind wrote as its first answer since then."""
        pieces = self.told("text", since)
        turn = pieces[0]["turn"] if pieces else None
        return "".join(each["piece"] for each in pieces if each["turn"] == turn)

    async def remembered(self, question: str) -> str | None:
        """Return the answer to `question` as the history has it."""
        history = await self.daemon.history()
        for (_, asked), (_, answered) in zip(history[::2], history[1::2], strict=False):
            if asked == question:
                return answered
        return None

    async def _begin(self, act: Callable[[], None]) -> float:
        since = time.monotonic()
        act()
        start = await self.audible(since, since + PATIENCE_S)
        if start is None:
            raise AssistantError("it said nothing within {seconds:.0f} s.", seconds=PATIENCE_S)
        return start
