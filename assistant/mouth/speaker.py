"""Turns the reply's text into clauses and sound, one clause ahead of what is being played."""

import time
from collections.abc import Callable

from assistant.audio.frames import Pcm
from assistant.errors import AssistantError
from assistant.mouth.chunker import Chunker, Clause
from assistant.mouth.playback import Player
from assistant.mouth.spoken import speakable
from assistant.mouth.synthesiser import Synthesiser
from assistant.trace import Trace
from assistant.worker import Worker

Resample = Callable[[Pcm, int, int], Pcm]
"""(samples,) int16 from one rate to another, in Hz."""


class Speaker:
    """The mouth as the daemon sees it; the synthesiser lives on its one thread.

    `on_failed(turn, error)` is told of a synthesiser that fails.
    """

    def __init__(
        self,
        make_synthesiser: Callable[[], Synthesiser],
        *,
        language: str,
        first_clause: int,
        clause: int,
        resample: Resample,
        trace: Trace,
        on_failed: Callable[[int, AssistantError], None],
    ) -> None:
        self._make = make_synthesiser
        self._language = language
        self._limits = (first_clause, clause)
        self._resample = resample
        self._trace = trace
        self._worker = Worker("mouth", on_failed)
        self._dead = -1
        self._turn = -1
        self._chunker = Chunker(*self._limits)
        self._player: Player
        self._synthesiser: Synthesiser

    def load(self, player: Player, done: Callable[[], None]) -> None:
        """Make the synthesiser, then call `done`, both on its thread."""
        self._player = player

        def job() -> None:
            self._synthesiser = self._make()
            done()

        self._worker.post(job, 0)

    def text(self, turn: int, piece: str) -> None:
        """A piece of the reply, as it comes."""
        self._worker.post(lambda: self._feed(turn, piece), turn)

    def end(self, turn: int) -> None:
        """The reply is complete."""
        self._worker.post(lambda: self._end(turn), turn)

    def say(self, turn: int, text: str) -> None:
        """Speak a whole text."""
        self.text(turn, text)
        self.end(turn)

    def cancel(self, turn: int) -> None:
        """Stop making sound for `turn` and all before it, and silence what plays."""
        self._dead = max(self._dead, turn)
        if hasattr(self, "_player"):
            self._player.stop(turn)

    def stop(self) -> bool:
        """End; return whether the thread ended in time."""
        self._dead = 1 << 62
        self._worker.post(
            lambda: self._synthesiser.close() if hasattr(self, "_synthesiser") else None
        )
        return self._worker.stop()

    def _feed(self, turn: int, piece: str) -> None:
        if turn <= self._dead:
            return
        if turn != self._turn:
            self._turn, self._chunker = turn, Chunker(*self._limits)
        for clause in self._chunker.feed(piece):
            self._speak(turn, clause)

    def _end(self, turn: int) -> None:
        if turn <= self._dead:
            return
        if turn == self._turn:
            for clause in self._chunker.finish():
                self._speak(turn, clause)
        if turn > self._dead:
            self._player.end(turn)

    def _speak(self, turn: int, clause: Clause) -> None:
        def cancelled() -> bool:
            return turn <= self._dead

        if cancelled():
            return
        if clause.index == 0:
            self._trace.mark(turn, "first_clause", time.monotonic(), characters=len(clause.text))
        spoken = speakable(clause.text, self._language)
        indent = len(clause.text) - len(clause.text.lstrip())
        self._player.begin(turn, clause.text)
        rate = self._synthesiser.rate
        first = clause.index == 0
        for sound in self._synthesiser.synthesise(spoken, cancelled) if spoken else ():
            if cancelled():
                return
            # Word marks count characters of the spoken text; only where it equals the reply's
            # own text do they say anything about the latter.
            words = sound.words if spoken == clause.text.strip() else ()
            scaled = tuple((indent + chars, at * self._player.rate // rate) for chars, at in words)
            self._player.add(turn, self._resample(sound.pcm, rate, self._player.rate), scaled)
            if first:
                self._trace.mark(turn, "first_sound_made", time.monotonic())
                first = False
        self._player.complete(turn)
