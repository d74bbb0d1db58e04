"""Speaks recordings into the whole assistant over virtual devices, at real-time pace.

The demo, the benches and the tests all go through here, so that they measure the same chain.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from assistant.audio.edges import speech_span
from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.frames import RATE, Pcm
from assistant.config import Config
from assistant.conversation import Phase
from assistant.daemon import Daemon
from assistant.errors import AssistantError
from assistant.events import StopRequested, WakeDetected
from assistant.trace import Timeline

LEAD_S = 0.3
"""Silence between the wake and the first word, as a person leaves it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one spoken question."""

    heard: str
    reply: str
    speech: Pcm
    """The reply's sound, (samples,) int16 at `Rehearsal.rate`."""
    speech_s: float
    """Seconds of speech in the question, from its first voiced sample to its last."""
    voice_to_voice_s: float | None
    """From the question's last voiced sample to the reply's first audible one; None: no reply."""
    stages: dict[str, float]
    """Seconds from the question's last voiced sample to each stage of the answer's trace."""
    timeline: Timeline
    cut: bool
    """The turn was ended while the recording still spoke."""

    @property
    def kept(self) -> bool:
        """Whether the answer was begun in secret, before the turn had ended."""
        return self.timeline.last("released") is not None

    @property
    def dropped(self) -> int:
        """How many secret answers were begun, or wanted, for nothing."""
        return sum(mark.stage == "dropped" for mark in self.timeline.marks)

    @property
    def whole(self) -> float | None:
        """The mind's estimate that the question was whole; None: it was not asked."""
        return self.timeline.data("judged").get("complete")

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the prompt; 0: the model was not asked."""
        return int(self.timeline.data("first_token").get("prompt_tokens", 0))

    @property
    def cached_tokens(self) -> int:
        """How many of them had been read before the question was asked."""
        return int(self.timeline.data("first_token").get("cached_tokens", 0))


class Rehearsal:
    """A running assistant whose microphone plays recordings; an async context manager."""

    def __init__(self, config: Config) -> None:
        self._microphone = FileMicrophone([])
        self._loudspeaker = FileLoudspeaker()
        self.daemon = Daemon(config, self._microphone, self._loudspeaker)
        self._text: dict[int, str] = {}
        self._heard: dict[int, str] = {}
        self._changed = asyncio.Event()
        self._failure: str | None = None
        self.daemon.observe(self._note)

    @property
    def rate(self) -> int:
        """Sample rate of the reply's sound in Hz."""
        return self._loudspeaker.rate

    async def __aenter__(self) -> "Rehearsal":
        await self.daemon.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.daemon.stop()

    async def ask(self, pcm: Pcm, patience: float = 120.0) -> Outcome:
        """Wake it, speak `pcm` (samples,) int16 16 kHz, and wait until it has answered.

        Raises `AssistantError` when that takes longer than `patience` s or a room fails.
        """
        span = speech_span(pcm)
        first, last = span or (0, len(pcm))
        self.daemon.post(WakeDetected("rehearsal"))
        await asyncio.sleep(LEAD_S)
        turn = self.daemon.state.turn
        self._loudspeaker.take()
        speech_end = self._microphone.play(pcm) - (len(pcm) - last) / RATE
        try:
            async with asyncio.timeout(patience + len(pcm) / RATE):
                turn = await self._over(turn)
        except TimeoutError as error:
            raise AssistantError("no answer within {patience:.0f} s.", patience=patience) from error
        self.daemon.post(StopRequested())
        if self._failure:
            reason, self._failure = self._failure, None
            raise AssistantError(reason)
        await asyncio.sleep(max(0.0, speech_end - time.monotonic()))  # it was cut: let it speak out
        timeline = self.daemon.trace.turn(turn)
        audible, decided = timeline.first("first_sample"), timeline.last("turn_end")
        stages = {mark.stage: round(mark.at - speech_end, 3) for mark in timeline.heard()}
        return Outcome(
            heard=self._heard.get(turn, ""),
            reply=self._said(turn),
            speech=self._loudspeaker.take(),
            speech_s=round((last - first) / RATE, 3),
            voice_to_voice_s=None if audible is None else round(audible - speech_end, 3),
            stages=stages,
            timeline=timeline,
            cut=decided is not None and decided < speech_end,
        )

    async def _over(self, turn: int) -> int:
        """Wait until the turn has ended and the assistant listens or sleeps again.

        Returns the turn that was answered: the next one, where what was said went on in it.
        """
        while True:
            state = self.daemon.state
            if state.carried == turn:
                turn = state.turn
            if state.turn != turn and state.phase not in (Phase.THINKING, Phase.SPEAKING):
                return turn
            self._changed.clear()
            await self._changed.wait()

    def _said(self, turn: int) -> str:
        """Return the reply; an apology has a turn of its own, after the one that it is for."""
        turns = range(turn, self.daemon.state.turn)
        return " ".join(text for t in turns if (text := self._text.get(t, "")))

    def _note(self, name: str, data: dict[str, Any]) -> None:
        turn = data.get("turn", 0)
        match name:
            case "heard":
                self._heard[turn] = data["text"]
            case "text":
                self._text[turn] = self._text.get(turn, "") + data["piece"]
            case "say":
                self._text[turn] = data["text"]
            case "failed":
                self._failure = data["message"]
        self._changed.set()
