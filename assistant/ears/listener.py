"""Turns frames into hearing events: wake words always, speech while a turn is listened to.

Two threads: one looks at every frame (wake word, voice activity; a few per cent of a core), the
other owns the recogniser, which may block for hundreds of milliseconds.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.ears.held import HeldVoice
from assistant.ears.level import FULL_SCALE, dbfs
from assistant.ears.phantoms import Phantoms
from assistant.ears.recogniser import Recogniser, Weighing
from assistant.ears.steady import SteadyRecogniser
from assistant.ears.vad import Vad
from assistant.ears.voiced import Voiced
from assistant.ears.wake import WakeDetector
from assistant.errors import AssistantError
from assistant.events import Event, Heard, Partial, Settled, SpeechEnded, SpeechStarted, StopHeard
from assistant.events import WakeDetected as Woken
from assistant.fitness import Fitness
from assistant.trace import Trace
from assistant.worker import Hand, Worker

PREROLL_S = 0.4
"""Sound before the detected start of speech that the recogniser gets too: the detector needs
about .1 s to be sure, and soft first consonants lie before its edge."""
TAIL_S = 0.2
"""Silence after speech that the recogniser gets; the rest would only cost time."""
STOP_WORD_S = 2.0
"""A stop word is a short utterance; longer speech during a reply is not looked at."""
LIKELY = -7.0
"""Log-probability from which a short sound over the reply is a stop word whatever was written: over
the rest of an echo "stop" becomes "star" or "so". By benchmarks/stop_words.py."""
ECHO_S = 0.5
"""Its own voice is looked back at for so long: its words are loud and soft in turn."""
LOOKS_S, HEARS_S = 10.0, 45.0
"""A detector, or a recogniser, that gives no sign of life for so long hangs."""
T = TypeVar("T")
FRAME_S = FRAME_SAMPLES / RATE
ASLEEP_FRAMES = 3
"""Frames that are looked at together while only a wake word counts: half of what each costs is to
wake the thread. The assistant wakes 20 ms later for it, on average."""


class Taken(Exception):
    """The recogniser is needed for what somebody says to the assistant."""


@dataclass(slots=True)
class _Utterance:
    """What is known of the utterance that is being heard."""

    turn: int
    watching: bool
    """Only stop words count: the assistant is thinking or speaking."""
    over: bool = False
    """It is said over the reply, and recognised all the same."""
    early: bool = False
    """It is listened to before the text of the question is known over whose answer it is said."""
    began: bool = False
    at: float = 0.0
    """When it began."""
    speech_s: float = 0.0
    level: float = -120.0
    settled: bool = False
    """The recogniser was asked for its text in this pause already."""

    def stage(self, name: str) -> str:
        """What a stage is called in the turn's timeline: a reply has a speech of its own there."""
        return f"over_{name}" if self.over else name


class Listener:
    """The ears as the daemon sees them.

    `emit` gets events from both threads; `on_failed(turn, error)` is told when an engine fails.
    """

    def __init__(
        self,
        make_detectors: Callable[[], tuple[Vad, list[WakeDetector]]],
        make_recogniser: Callable[[], Recogniser],
        *,
        stops: Callable[[str], bool],
        stop_words: Callable[[], Sequence[str]] = tuple,
        make_other: Callable[[], Recogniser | None] = lambda: None,
        fitness: Fitness | None = None,
        trace: Trace,
        emit: Callable[[Event], None],
        on_failed: Callable[[int, AssistantError], None],
        held: HeldVoice | None = None,
    ) -> None:
        """`stops(text)` tells whether a text is one of the `stop_words()`; `held` listens to each
        pause."""
        self._make_detectors, self._make_recogniser = make_detectors, make_recogniser
        self._make_other, self._fitness = make_other, fitness or Fitness()
        self._stops, self._stop_words, self._held_voice = stops, stop_words, held
        self._trace = trace
        self._emit = emit
        self._frames = Worker("ears", on_failed)
        self._words = Worker("recogniser", on_failed)
        self._dead = -1
        self._kept: int | None = None  # the dead turn whose utterance goes on in the next
        self._now: _Utterance | None = None
        self._arrived: list[Frame] = []  # on the thread that calls `hear`
        self._preroll: deque[Pcm] = deque(maxlen=round(PREROLL_S / FRAME_S))
        self._held: list[Pcm] = []
        self._echoes: deque[float | None] = deque(maxlen=round(ECHO_S / FRAME_S))
        self._vad: Vad
        self._wakes: list[WakeDetector] = []
        self._voiced = Voiced()
        self._recogniser: SteadyRecogniser
        self._phantoms: Phantoms
        self._text: str | None = None  # what was settled, while nothing was said since
        self._waiting: deque[Pcm] = deque()
        self._recognising = -1  # the turn whose words are being recognised
        self._uses = 0  # utterances that were begun

    def load(self, done: Callable[[], None]) -> None:
        """Make detectors and recogniser on their threads; `done` is called once for each."""

        def detectors() -> None:
            self._vad, self._wakes = self._make_detectors()
            done()

        def recogniser() -> None:
            self._recogniser = SteadyRecogniser(
                self._make_recogniser, self._make_other, self._fitness
            )
            self._phantoms = Phantoms(self._recogniser.name)
            done()

        self._frames.post(detectors, 0)
        self._words.post(recogniser, 0)

    # --- from other threads -------------------------------------------------------------------

    def hear(self, frame: Frame) -> None:
        """Take the next frame; never blocks."""
        self._arrived.append(frame)
        if self._now or len(self._arrived) >= ASLEEP_FRAMES:
            frames, self._arrived = self._arrived, []
            self._frames.post(lambda: self._look(frames), self._turn())

    def rest(self) -> None:
        """Hear wake words only."""
        self._frames.post(lambda: self._attend(None))

    def listen(self, turn: int) -> None:
        """What is said from now on belongs to `turn`."""
        self._frames.post(lambda: self._attend(_Utterance(turn, watching=False)), turn)

    def watch(self, turn: int) -> None:
        """Hear wake words and stop words only, while `turn` is being answered."""
        self._frames.post(lambda: self._attend(_Utterance(turn, watching=True)), turn)

    def overhear(self, turn: int) -> None:
        """Hear wake words, and tell what is said while `turn` is being answered."""
        self._frames.post(lambda: self._overhear(turn), turn)

    def carry_on(self, turn: int, before: int) -> None:
        """What is being said over the reply of `before` belongs to `turn`; call before `cancel`."""
        self._kept = before
        self._frames.post(lambda: self._carry_on(turn, before), turn)

    def settle(self, turn: int) -> None:
        """There is a pause: emit `Settled` with what was said until now."""
        self._frames.post(lambda: self._settle(turn), turn)

    def finish(self, turn: int) -> None:
        """The utterance of `turn` is over: emit `Heard`."""
        self._frames.post(lambda: self._finish(turn), turn)

    def cancel(self, turn: int) -> None:
        """Work for `turn` and all before it is dead."""
        if self._kept is not None and turn > self._kept:
            self._kept = None
        self._dead = max(self._dead, turn)

    def lend(self, job: Callable[[Recogniser, int], T]) -> "Future[T]":
        """Return the outcome of ``job(recogniser, uses)``, called on the recogniser's thread.

        With another number of `uses` than before, what the job before it began is lost. Raises
        `Taken` while something is recognised that was said to the assistant.
        """

        def run() -> T:
            if not self._gone(self._recognising):
                raise Taken
            return job(self._recogniser, self._uses)

        return self._words.call(run, 0)

    def hands(self) -> list[Hand]:
        """Return the workers of the ears."""
        held = [self._held_voice.hand()] if self._held_voice else []
        return [
            Hand("ears", self._frames, LOOKS_S, self._renew_detectors, 0),
            Hand("ears", self._words, HEARS_S, self._renew_recogniser, 0),
            *held,
        ]

    def _renew_detectors(self) -> None:
        self._vad, self._wakes = self._make_detectors()
        self._attend(None)

    def _renew_recogniser(self) -> None:
        self._recognising, self._text = -1, None
        self._uses += 1
        self._recogniser.renew()

    def stop(self) -> bool:
        """End; return whether both threads ended in time."""
        self._dead = 1 << 62
        self._words.post(lambda: self._recogniser.close() if hasattr(self, "_recogniser") else None)
        held = self._held_voice.stop() if self._held_voice else True
        return all([self._frames.stop(), self._words.stop(), held])

    def _gone(self, turn: int) -> bool:
        """Whether nobody wants to know what is said in `turn`; from any thread."""
        return turn <= self._dead and turn != self._kept

    # --- on the ears' thread ------------------------------------------------------------------

    def _turn(self) -> int:
        return self._now.turn if self._now else 0

    def _look(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._frame(frame)

    def _attend(self, utterance: _Utterance | None) -> None:
        if (before := self._now) and before.over and before.began:
            self._words.post(lambda: self._leave(before.turn), before.turn)
        self._now = utterance
        self._held.clear()
        self._waiting.clear()
        if utterance is not None:
            self._vad.reset()
            self._voiced.reset()
            self._preroll.clear()

    def _frame(self, frame: Frame) -> None:
        for detector in self._wakes:
            if phrase := detector.feed(frame):
                self._emit(Woken(phrase))
        if (now := self._now) is None:
            return
        self._voiced.feed(frame)
        self._echoes.append(frame.echo)
        for edge in self._vad.feed(frame):
            if edge.kind == "start":
                self._speech_started(now, edge.time)
            else:
                self._speech_ended(now, edge.time)
        if not now.began:
            self._preroll.append(frame.pcm)
            return
        if self._held_voice and not now.watching and not now.over:
            self._held_voice.feed(now.turn, frame.pcm, self._vad.pause)
        if self._vad.speaking:
            now.speech_s += FRAME_S
            now.level = max(now.level, dbfs(frame.pcm))
            self._feed(now, frame.pcm)
        else:
            self._held.append(frame.pcm)

    def _speech_started(self, now: _Utterance, at: float) -> None:
        if not now.watching:
            self._mark(now, "speech_start", at)
            level = max(map(dbfs, [*self._preroll, *self._held]), default=None)
            self._emit(SpeechStarted(now.turn, at, level, self._own_level()))
        if not now.began:
            now.began, now.at = True, at
            turn = now.turn
            self._words.post(lambda: self._recognise_from_here(turn), turn)
            self._held[:0] = self._preroll
            if self._held_voice:
                self._held_voice.begin(self._preroll)
        now.settled = False
        for pcm in self._held:
            self._feed(now, pcm)
        self._held.clear()

    def _own_level(self) -> float | None:
        """Return how loud the assistant's own voice was lately at the microphone, dBFS."""
        loudest = max((each for each in self._echoes if each is not None), default=0.0)
        return 20 * math.log10(loudest / FULL_SCALE) if loudest > 0 else None

    def _speech_ended(self, now: _Utterance, at: float) -> None:
        if not now.began:
            return
        if now.watching:
            self._stop_word(now)
        else:
            end = self._voiced.end or at
            self._mark(now, "speech_end", end)
            self._mark(now, "vad_end", time.monotonic(), edge_s=round(at - end, 3))
            self._emit(SpeechEnded(now.turn, at))

    def _mark(self, now: _Utterance, stage: str, at: float, **data: object) -> None:
        self._trace.mark(now.turn, now.stage(stage), at, **data)

    def _carry_on(self, turn: int, before: int) -> None:
        """Let what was said over a reply be a turn's utterance; nothing is recognised again."""
        now = self._now
        if now is None or now.turn != before or not now.over:
            self._attend(_Utterance(turn, watching=False))
            return
        now.turn, now.over = turn, False
        self._trace.mark(turn, "wake", now.at)
        self._mark(now, "speech_start", now.at)
        if not self._vad.speaking and (end := self._voiced.end):
            self._mark(now, "speech_end", end)
        self._words.post(lambda: self._take_over(turn, before), turn)

    def _feed(self, now: _Utterance, pcm: Pcm) -> None:
        if now.watching:
            self._waiting.append(pcm)  # recognised only if it turns out to be short
            return
        turn, stage = now.turn, now.stage("partial")
        self._words.post(lambda: self._recognise(turn, pcm, stage), turn)

    def _settle(self, turn: int) -> None:
        now = self._now
        if now is None or now.turn != turn or not now.began or self._vad.speaking:
            return
        now.settled, speech_s, stage = True, now.speech_s, now.stage("settled")
        short = now.over and speech_s <= STOP_WORD_S
        self._words.post(lambda: self._say_settled(turn, speech_s, stage, short), turn)

    def _finish(self, turn: int) -> None:
        now = self._now
        if now is None or now.turn != turn:
            return
        if not now.settled:  # else all that was said is recognised; silence only costs time
            for pcm in self._held[: round(TAIL_S / FRAME_S)]:
                self._feed(now, pcm)
        speech_s, level = now.speech_s, now.level
        self._words.post(lambda: self._conclude(turn, speech_s, level), turn)
        self._attend(_Utterance(turn, watching=False, over=True, early=True))

    def _overhear(self, turn: int) -> None:
        if (now := self._now) and now.turn == turn and now.early:
            now.early = False  # nothing is lost that was said since the end of the question
            return
        self._attend(_Utterance(turn, watching=False, over=True))

    def _stop_word(self, now: _Utterance) -> None:
        """Speech during a reply has ended: was it a stop word?"""
        sound = np.concatenate(self._waiting)
        turn, length = now.turn, now.speech_s
        self._attend(_Utterance(turn, watching=True))
        if length <= STOP_WORD_S:
            self._words.post(lambda: self._look_for_stop(turn, sound), turn)

    # --- on the recogniser's thread -----------------------------------------------------------

    def _recognise_from_here(self, turn: int) -> None:
        if not self._gone(turn):
            self._text = None
            self._recognising = turn
            self._uses += 1
            self._recogniser.start()

    def _take_over(self, turn: int, before: int) -> None:
        if self._recognising == before:
            self._recognising = turn

    def _leave(self, turn: int) -> None:
        """What was said over the reply of `turn` was nothing."""
        if self._recognising == turn:
            self._recognising = -1
            self._uses += 1

    def _recognise(self, turn: int, pcm: Pcm, stage: str) -> None:
        if self._gone(turn):
            return
        self._text = None
        text = self._recogniser.feed(pcm)
        if text is not None:
            self._trace.mark(turn, stage, time.monotonic(), text=text)
            self._emit(Partial(turn, text))

    def _say_settled(self, turn: int, speech_s: float, stage: str, short: bool) -> None:
        """Tell what was said until now; a `short` sound over the reply may be a stop word."""
        if self._gone(turn):
            return
        self._text = self._really_said(turn, self._recogniser.settle(), speech_s)
        if short:
            self._text = self._or_stop_word(turn, self._text)
        self._trace.mark(turn, stage, time.monotonic(), text=self._text)
        self._emit(Settled(turn, self._text))

    def _conclude(self, turn: int, speech_s: float, level: float) -> None:
        if self._gone(turn):
            return
        if (text := self._text) is None:
            text = self._really_said(turn, self._recogniser.finish().text, speech_s)
        self._recognising = -1
        self._uses += 1
        self._trace.mark(turn, "heard", time.monotonic(), text=text)
        self._emit(Heard(turn, text, speech_s, level))

    def _really_said(self, turn: int, text: str, speech_s: float) -> str:
        """Return `text`, or nothing where the recogniser has made it up."""
        if not text or not self._phantoms.unreal(text, speech_s):
            return text
        self._trace.mark(turn, "phantom", time.monotonic(), text=text)
        return ""

    def _or_stop_word(self, turn: int, text: str) -> str:
        """Return the stop word that was rather said, if there is one, or else `text`."""
        if self._stops(text) or not isinstance(self._recogniser, Weighing):
            return text
        found = self._recogniser.nearest(self._stop_words(), PREROLL_S / 2)
        if not found or found[1] < LIKELY:
            return text
        self._trace.mark(turn, "stop_word", time.monotonic(), text=text, nats=round(found[1], 1))
        return found[0]

    def _look_for_stop(self, turn: int, sound: Pcm) -> None:
        if self._gone(turn):
            return
        self._uses += 1
        self._recogniser.start()
        self._recogniser.feed(sound)
        text = self._or_stop_word(turn, self._recogniser.finish().text)
        if self._stops(text):
            self._emit(StopHeard(text))
