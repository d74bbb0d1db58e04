"""Gives the loudspeaker its samples; stops within one buffer and knows which words were heard.

All state belongs to the audio callback that calls `Player.fill`. Other threads only append to an
inbox (`deque.append` is atomic), so the callback never waits for a lock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.frames import Pcm

FADE_S = 0.005
"""Length of the fade-out at a stop: short enough to be at once, long enough not to click."""


@dataclass(slots=True)
class _Clause:
    turn: int
    text: str
    blocks: deque[Pcm] = field(default_factory=deque)
    words: list[tuple[int, int]] = field(default_factory=list)
    samples: int = 0
    """Samples made so far."""
    played: int = 0
    complete: bool = False

    def heard(self) -> str:
        """The part of the text that has sounded."""
        if self.complete and self.played >= self.samples:
            return self.text
        if self.words:
            count = max((chars for chars, sample in self.words if sample <= self.played), default=0)
        else:  # the engine does not tell: time is shared out by length
            count = round(len(self.text) * self.played / max(self.samples, 1))
        return _whole_words(self.text, count)


def _whole_words(text: str, count: int) -> str:
    """Cut `text` after `count` characters, without half a word of an alphabetic script."""
    if count >= len(text):
        return text
    cut = count
    while cut > 0 and text[cut - 1].isascii() and text[cut - 1].isalnum() and text[cut].isalnum():
        cut -= 1
    return text[:cut]


class Player:
    """Plays clauses turn by turn.

    Reports, called from the audio callback, so they must be quick and must not raise:
    `on_clause(turn, text, at)` when a clause begins to be audible, `on_end(turn, heard, at)` when
    the last sample of the turn becomes audible or the turn was stopped; `at` is monotonic s.
    """

    def __init__(
        self,
        rate: int,
        on_clause: Callable[[int, str, float], None],
        on_end: Callable[[int, str, float], None],
        volume: float = 1.0,
    ) -> None:
        """`rate` in Hz is the loudspeaker's; `volume` 0 to 1."""
        self.rate = rate
        self.volume = volume
        self._on_clause, self._on_end = on_clause, on_end
        self._inbox: deque[Callable[[], None]] = deque()
        self._clauses: deque[_Clause] = deque()
        self._heard: list[str] = []
        self._turn: int | None = None
        self._over = -1  # the newest turn that has ended or was stopped; no more of it is taken
        self._ended = False
        self._tones: deque[Pcm] = deque()
        self._fade = max(1, int(FADE_S * rate))
        self._stopping = False

    # --- from other threads -------------------------------------------------------------------

    def begin(self, turn: int, text: str) -> None:
        """A clause of `turn` follows; `text` is the piece of the reply that it says."""
        self._inbox.append(lambda: self._begin(turn, text))

    def add(self, turn: int, pcm: Pcm, words: tuple[tuple[int, int], ...] = ()) -> None:
        """More sound of the clause begun last, at `rate` (samples,), with word marks."""
        self._inbox.append(lambda: self._add(turn, pcm, words))

    def complete(self, turn: int) -> None:
        """All sound of the clause begun last has been added."""
        self._inbox.append(lambda: self._complete(turn))

    def end(self, turn: int) -> None:
        """No more clauses of `turn` follow."""
        self._inbox.append(lambda: self._end(turn))

    def stop(self, turn: int) -> None:
        """Be silent within one buffer if `turn` or an older one is sounding; take no more of it."""
        self._inbox.append(lambda: self._stop(turn))

    def tone(self, pcm: Pcm) -> None:
        """Play `pcm` (samples,) at `rate` over whatever else sounds."""
        self._inbox.append(lambda: self._tones.append(pcm))

    # --- in the audio callback ----------------------------------------------------------------

    def fill(self, out: Pcm, audible_at: float) -> None:
        """Write the next samples; see `assistant.audio.frames.Source`."""
        while self._inbox and not self._stopping:  # a turn is over before the next one begins
            self._inbox.popleft()()
        out[:] = 0
        # What is played for the fade-out is all that is heard after a stop, and all that counts.
        span = out[: self._fade] if self._stopping else out
        filled = self._speak(span, audible_at)
        if self._stopping:
            self._fade_out(span, audible_at)
        if self.volume != 1.0:
            out[:filled] = (out[:filled] * self.volume).astype(np.int16)
        self._add_tones(out)

    def _enter(self, turn: int, again: Callable[[], None]) -> bool:
        """Make `turn` the current one; return whether it is.

        An older one that sounds is stopped first, and `again` is called with the next buffer.
        """
        if turn <= self._over:
            return False  # the synthesiser did not know yet
        if self._turn is None:
            self._turn = turn
        elif turn > self._turn:
            self._stop(self._turn)
            self._inbox.appendleft(again)
        return turn == self._turn

    def _begin(self, turn: int, text: str) -> None:
        if self._enter(turn, lambda: self._begin(turn, text)) and not self._ended:
            self._clauses.append(_Clause(turn, text))

    def _current(self, turn: int) -> _Clause | None:
        return self._clauses[-1] if self._clauses and turn == self._turn else None

    def _add(self, turn: int, pcm: Pcm, words: tuple[tuple[int, int], ...]) -> None:
        if (clause := self._current(turn)) and len(pcm):
            clause.blocks.append(pcm)
            clause.samples += len(pcm)
            clause.words.extend(words)

    def _complete(self, turn: int) -> None:
        if clause := self._current(turn):
            clause.complete = True

    def _end(self, turn: int) -> None:
        if self._enter(turn, lambda: self._end(turn)):
            self._ended = True

    def _stop(self, turn: int) -> None:
        self._over = max(self._over, turn)
        if self._turn is not None and self._turn <= turn:
            self._stopping = True

    def _speak(self, out: Pcm, audible_at: float) -> int:
        """Copy the clauses into `out`; return how many samples are speech."""
        position = 0
        while self._clauses and position < len(out):
            clause = self._clauses[0]
            while clause.blocks and position < len(out):
                if clause.played == 0:
                    self._on_clause(clause.turn, clause.text, audible_at + position / self.rate)
                block = clause.blocks[0]
                count = min(len(block), len(out) - position)
                out[position : position + count] = block[:count]
                position += count
                clause.played += count
                if count == len(block):
                    clause.blocks.popleft()
                else:
                    clause.blocks[0] = block[count:]
            if clause.blocks or not clause.complete:
                break  # the buffer is full, or the synthesiser is behind
            self._heard.append(clause.text)
            self._clauses.popleft()
        if self._ended and not self._clauses and not self._stopping:
            self._finish(audible_at + position / self.rate)
        return position

    def _fade_out(self, out: Pcm, audible_at: float) -> None:
        out[:] = (out * np.linspace(1.0, 0.0, len(out), dtype=np.float32)).astype(np.int16)
        if self._clauses:
            self._heard.append(self._clauses[0].heard())
        self._clauses.clear()
        self._finish(audible_at + len(out) / self.rate)

    def _finish(self, at: float) -> None:
        turn, heard = self._turn, "".join(self._heard)
        self._turn, self._ended, self._stopping = None, False, False
        self._heard.clear()
        if turn is not None:
            self._over = max(self._over, turn)
            self._on_end(turn, heard, at)

    def _add_tones(self, out: Pcm) -> None:
        if not self._tones:
            return
        tone = self._tones[0]
        count = min(len(tone), len(out))
        mixed = out[:count].astype(np.int32) + tone[:count]
        out[:count] = np.clip(mixed, -32768, 32767).astype(np.int16)
        if count == len(tone):
            self._tones.popleft()
        else:
            self._tones[0] = tone[count:]
