"""Turns the reply's text into clauses and sound, one clause ahead of what is being played."""

import queue
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

from assistant.audio.resample import Resampler
from assistant.cores import Cores
from assistant.errors import AssistantError
from assistant.events import ALWAYS, NEVER, Key
from assistant.fitness import Fitness
from assistant.mouth.chunker import Chunker, Clause
from assistant.mouth.playback import Player
from assistant.mouth.remembering import Remembering
from assistant.mouth.spoken import speakable
from assistant.mouth.steady import SteadyVoice
from assistant.mouth.synthesiser import Synthesiser
from assistant.mouth.words import carried
from assistant.trace import Trace
from assistant.worker import Hand, Worker

HURRIED = 16
"""Letters of the first clause once somebody waits for it: about a second of sound."""

SLOWEST, FASTEST = 0.5, 2.0
"""Speaking rates beyond which nobody understands it, or wants to."""

STILL_S = 0.3
"""Seconds in which a loudspeaker asks for samples again, unless it stands still."""

HANGS_S = 20.0
"""A voice that gives no sign of life for so long hangs: it speaks a clause at a time."""

T = TypeVar("T")
"""(samples,) int16 from one rate to another, in Hz."""


class Speaker:
    """The mouth as the daemon sees it; the synthesiser lives on its one thread.

    Of an answer that is held, the first clause is made and the others wait. `on_failed(key, error)`
    is told of a synthesiser that fails.
    """

    def __init__(
        self,
        make_synthesiser: Callable[[], Synthesiser],
        *,
        language: str,
        first_clause: int,
        clause: int,
        cores: Cores,
        trace: Trace,
        on_failed: Callable[[Key, AssistantError], None],
        make_plain: Callable[[], Synthesiser] | None = None,
        fitness: Fitness | None = None,
    ) -> None:
        """`make_plain` makes the voice that stands in while `fitness` says that the other rests."""
        self._make, self._make_plain = make_synthesiser, make_plain
        self._fitness = fitness or Fitness()
        self._language = language
        self._spoken: tuple[Key, str] = (NEVER, language)
        self._limits = (first_clause, clause)
        self._cores = cores
        self._trace = trace
        self._worker = Worker("mouth", on_failed)
        self._dead = self._released = NEVER
        self._key = self._held = NEVER
        self._waiting: list[Clause] = []
        self._given: list[Clause] = []  # those of this answer that the player has got
        self._over = False
        self._speed = 1.0
        self._chunker = Chunker(*self._limits)
        self._player: Player
        self._steady: SteadyVoice
        self._synthesiser: Remembering

    def load(self, player: Player, done: Callable[[], None]) -> None:
        """Make the synthesiser, then call `done`, both on its thread."""
        self._player = player

        def job() -> None:
            self._steady = SteadyVoice(self._make, self._make_plain, self._fitness)
            self._synthesiser = Remembering(self._steady)
            done()

        self._worker.post(job, NEVER)

    def learn(self, texts: Iterable[str]) -> None:
        """Make the sound of fixed sentences, when there is nothing else to do."""
        for text in texts:
            self._worker.post(lambda text=text: self._learn(text), NEVER)  # type: ignore[misc]

    def _learn(self, text: str) -> None:
        if spoken := speakable(text, self._language):
            for _ in self._synthesiser.synthesise(spoken, lambda: self._worker.backlog() > 8):
                pass

    @property
    def speed(self) -> float:
        """How fast it speaks, 1 as the settings have it."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        """Speak so fast from the next clause on that has not begun to sound; from any thread."""
        self._speed = speed
        self._worker.post(self._keep_pace, self._key)

    def speak(self, key: Key, language: str) -> None:
        """What does not show its language in the answer `key`, such as a number, is in this one."""

        def job() -> None:
            self._spoken = key, language

        self._worker.post(job, key)

    def hold(self, key: Key) -> None:
        """What comes for `key` is secret until `release`."""
        self._held = key
        self._player.hold(key)

    def release(self, key: Key) -> None:
        """Let the answer `key` be heard, and make the rest of it."""
        self._player.release(key)
        self._worker.post(lambda: self._go_on(key), key)

    def text(self, key: Key, piece: str) -> None:
        """A piece of the reply, as it comes."""
        self._worker.post(lambda: self._feed(key, piece), key)

    def end(self, key: Key) -> None:
        """The reply is complete."""
        self._worker.post(lambda: self._end(key), key)

    def say(self, key: Key, text: str) -> None:
        """Speak a whole text."""
        self.text(key, text)
        self.end(key)

    def fill(self, key: Key, text: str) -> None:
        """Say `text` before the answer `key`, of which it is no part, if no word of it came yet."""
        self._worker.post(lambda: self._fill(key, text), key)

    def cancel(self, key: Key) -> None:
        """Stop making sound for `key` and all before it, and silence what plays."""
        self._dead = max(self._dead, key)
        if hasattr(self, "_player"):
            self._player.stop(key)

    def lend(self, job: Callable[[Synthesiser, Callable[[], bool]], T]) -> "Future[T]":
        """Return the outcome of ``job(voice, wanted)``, which is called on the voice's thread.

        The job ends soon after `wanted()`: the answer that is being spoken waits for the thread.
        """
        return self._worker.call(
            lambda: job(self._synthesiser.voice, lambda: self._worker.backlog() > 0), NEVER
        )

    def hands(self) -> list[Hand]:
        """Return the one worker of the mouth."""
        return [Hand("mouth", self._worker, HANGS_S, self._renew, NEVER)]

    def _renew(self) -> None:
        self._cores.reset()
        self._steady.renew()

    def stop(self) -> bool:
        """End; return whether the thread ended in time."""
        self._dead = ALWAYS
        self._worker.post(
            lambda: self._synthesiser.close() if hasattr(self, "_synthesiser") else None, NEVER
        )
        return self._worker.stop()

    def _feed(self, key: Key, piece: str) -> None:
        if key > self._dead:
            self._turn_to(key)
            self._take(key, self._chunker.feed(piece))

    def _fill(self, key: Key, text: str) -> None:
        if key <= self._dead or key == self._key:
            return
        self._player.begin(key, "")  # what is heard of it is nothing of the answer
        self._make_sound(key, Clause(text, 1, 0))
        self._player.complete(key)

    def _turn_to(self, key: Key) -> None:
        """Forget what another answer left."""
        if key != self._key:
            self._key, self._chunker = key, Chunker(*self._limits)
            self._waiting, self._given, self._over = [], [], False

    def _end(self, key: Key) -> None:
        if key <= self._dead:
            return
        self._turn_to(key)
        self._take(key, self._chunker.finish())
        self._over = True
        if not self._waiting and key > self._dead:
            self._player.end(key)

    def _take(self, key: Key, clauses: list[Clause]) -> None:
        for clause in clauses:
            if clause.index > 0 and key == self._held and key > self._released:
                self._waiting.append(clause)
            else:
                self._speak(key, clause)

    def _go_on(self, key: Key) -> None:
        """The answer was released: make what waited for that."""
        self._released = max(self._released, key)
        if key != self._key:
            return
        waiting, self._waiting = self._waiting, []
        for clause in [*waiting, *self._chunker.hurry(HURRIED)]:
            self._speak(key, clause)
        if waiting and self._over and key > self._dead:
            self._player.end(key)

    def _keep_pace(self) -> None:
        """Make with the new speed what was made with the old one and has not begun to sound."""
        voice = self._synthesiser.voice
        if voice.speed == self._speed:
            return
        voice.speed, key = self._speed, self._key
        again = self._take_back(key)
        for clause in again:
            self._speak(key, clause)
        if again and self._over and not self._waiting and key > self._dead:
            self._player.end(key)

    def _take_back(self, key: Key) -> list[Clause]:
        """Return the clauses that the player has got and not begun, and has no more."""
        secret = key == self._held and key > self._released
        if not self._given or key <= self._dead or secret:
            return []
        claim: queue.SimpleQueue[None] = queue.SimpleQueue()
        answer: queue.SimpleQueue[int] = queue.SimpleQueue()
        claim.put(None)
        self._player.take_back(key, lambda: _got(claim), answer.put)
        try:
            count = answer.get(timeout=STILL_S)
        except queue.Empty:
            # Nothing plays; unless it has begun to look just now, it will find the claim gone.
            count = 0 if _got(claim) else answer.get()
        kept = len(self._given) - count
        self._given, back = self._given[:kept], self._given[kept:]
        return back

    def _speak(self, key: Key, clause: Clause) -> None:
        if key <= self._dead:
            return
        self._keep_pace()
        self._given.append(clause)
        if clause.index == 0:
            self._mark(key, "first_clause", characters=len(clause.text))
        self._player.begin(key, clause.text)
        with self._cores.first():
            self._make_sound(key, clause)
        self._player.complete(key)

    def _make_sound(self, key: Key, clause: Clause) -> None:
        def cancelled() -> bool:
            return key <= self._dead

        whose, language = self._spoken
        spoken = speakable(clause.text, language if whose == key else self._language)
        indent = len(clause.text) - len(clause.text.lstrip())
        rate, first = self._synthesiser.rate, clause.index == 0
        # One for all pieces of the clause: converted apart they click where they join.
        resampler = Resampler(rate, self._player.rate)
        for sound in self._synthesiser.synthesise(spoken, cancelled) if spoken else ():
            if cancelled():
                return
            words = carried(sound.words, spoken, clause.text.strip())
            scaled = tuple((indent + chars, at * self._player.rate // rate) for chars, at in words)
            lips = tuple((at * self._player.rate // rate, shape) for at, shape in sound.lips)
            self._player.add(key, resampler.feed(sound.pcm), scaled, lips)
            if first:
                self._mark(key, "first_sound_made")
                first = False
        if len(rest := resampler.flush()):
            self._player.add(key, rest)

    def _mark(self, key: Key, stage: str, **data: object) -> None:
        self._trace.mark(key.turn, stage, time.monotonic(), take=key.take, **data)


def _got(claim: "queue.SimpleQueue[None]") -> bool:
    """Whether this is the first one who takes it."""
    try:
        claim.get_nowait()
    except queue.Empty:
        return False
    return True
