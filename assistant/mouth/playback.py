"""Gives the loudspeaker its samples; stops within one buffer and knows which words were heard.

All state belongs to the audio callback that calls `Player.fill`. Other threads only append to an
inbox (`deque.append` is atomic), so the callback never waits for a lock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.frames import Pcm
from assistant.events import NEVER, Key
from assistant.mouth.gain import RAMP_S, Gain, factor
from assistant.mouth.lips import AHEAD_STEPS, MARGIN_S, Ahead, step_samples

BACK_S = 0.6
"""A reply that has waited goes on from the beginning of the word that it was in, unless that is so
long ago; so nothing that was half heard is lost, and no more is said twice."""
UNMARKED_S = 0.2
"""And so much before where it was, where the engine does not tell its words: about a syllable."""
FADE_S = 0.005
"""Length of the fade-out at a stop: short enough to be at once, long enough not to click."""


@dataclass(slots=True)
class _Clause:
    key: Key
    text: str
    blocks: list[Pcm] = field(default_factory=list)
    """All of its sound, so that it can go back."""
    words: list[tuple[int, int]] = field(default_factory=list)
    lips: list[tuple[int, int]] = field(default_factory=list)
    samples: int = 0
    """Samples made so far."""
    played: int = 0
    """Samples before the next one to be played."""
    reached: int = 0
    """The most of them that there have been."""
    block: int = 0
    """The one that the next sample is in."""
    into: int = 0
    """Samples of it that come before."""
    told: int = 0
    """Samples of which faces know."""
    complete: bool = False

    def heard(self) -> str:
        """The part of the text that has sounded."""
        reached = max(self.played, self.reached)
        if self.complete and reached >= self.samples:
            return self.text
        if self.words:
            count = max((chars for chars, sample in self.words if sample <= reached), default=0)
        else:  # the engine does not tell: time is shared out by length
            count = round(len(self.text) * reached / max(self.samples, 1))
        return _whole_words(self.text, count)

    def waits(self) -> bool:
        """Whether it is a piece of the answer of which nothing has sounded yet."""
        return bool(self.text) and self.new()

    def new(self) -> bool:
        """Whether nothing of it has sounded yet."""
        return max(self.played, self.reached) == 0

    def take(self, out: Pcm) -> int:
        """Copy the next samples of one block into `out`; return how many."""
        block = self.blocks[self.block]
        count = min(len(block) - self.into, len(out))
        out[:count] = block[self.into : self.into + count]
        self.played += count
        self.into += count
        if self.into == len(block):
            self.block, self.into = self.block + 1, 0
        return count

    def back(self, most: int, unmarked: int) -> None:
        """Go back to the beginning of the word that sounds, at most so many samples."""
        self.reached = max(self.reached, self.played)
        begun = [sample for _, sample in self.words if sample <= self.played]
        to = max(begun) if begun else self.played - unmarked
        if to < self.played - most:
            return
        self.played = self.block = 0
        self.into = max(0, to)
        while self.block < len(self.blocks) and self.into >= len(self.blocks[self.block]):
            self.played += len(self.blocks[self.block])
            self.into -= len(self.blocks[self.block])
            self.block += 1
        self.played += self.into


def _whole_words(text: str, count: int) -> str:
    """Cut `text` after `count` characters, without half a word of an alphabetic script."""
    if count >= len(text):
        return text
    cut = count
    while cut > 0 and text[cut - 1].isascii() and text[cut - 1].isalnum() and text[cut].isalnum():
        cut -= 1
    return text[:cut]


def _fade_out(out: Pcm) -> None:
    out[:] = (out * np.linspace(1.0, 0.0, len(out), dtype=np.float32)).astype(np.int16)


class Player:
    """Plays the clauses of one answer after the other; a newer one silences the older.

    Reports, called from the audio callback, so they must be quick and must not raise:
    `on_clause(key, text, at)` when a clause begins to be audible, `on_end(key, heard, at)` when
    the last sample of the answer becomes audible or it was stopped; `at` is monotonic s.
    """

    def __init__(
        self,
        rate: int,
        on_clause: Callable[[Key, str, float], None],
        on_end: Callable[[Key, str, float], None],
        volume: float = 1.0,
        duck_db: float = 12.0,
    ) -> None:
        """`rate` in Hz is the loudspeaker's; `volume` 0 to 1, see `assistant.mouth.gain.factor`.

        While it is ducked it is `duck_db` softer.
        """
        self.rate = rate
        self._volume = volume
        self._gain = Gain(rate, factor(volume))
        self._flow = Gain(rate)  # 0 where the sound broke off, and up again as it goes on
        self._way = Gain(rate)  # less than 1 while it gives way to somebody who speaks
        self._soft = 10.0 ** (-duck_db / 20.0)
        self._yields = NEVER  # the newest answer that does
        self._waits = False  # it does not sound at all meanwhile
        self._on_clause, self._on_end = on_clause, on_end
        self._inbox: deque[Callable[[], None]] = deque()
        self._clauses: deque[_Clause] = deque()
        self._heard: list[str] = []
        self._key: Key | None = None
        self._held: Key | None = None
        self._over = NEVER  # the newest one that has ended or was stopped; no more of it is taken
        self._ended = False
        self._tones: deque[Pcm] = deque()
        self._before_words = 0  # so many of them sound before the next answer begins
        self._fade = max(1, int(FADE_S * rate))
        self._stopping = False
        self._step, self._margin = step_samples(rate), int(MARGIN_S * rate)
        self.on_ahead: Callable[[Ahead], None] | None = None
        """Told, some steps at a time, what is about to sound; a report as the others. Only what
        was made is told, so it is shorter where the synthesiser is behind. It is handed on as it
        is: to look at the samples is not the callback's work."""

    # --- from other threads -------------------------------------------------------------------

    @property
    def volume(self) -> float:
        """How loud speech is, 0 to 1; may be changed while it sounds."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = volume
        self._inbox.append(lambda: self._gain.to(factor(volume)))

    def hold(self, key: Key) -> None:
        """Keep what comes for `key` silent until `release`."""
        self._inbox.append(lambda: self._hold(key))

    def release(self, key: Key) -> None:
        """Let `key` sound, from the next buffer on."""
        self._inbox.append(lambda: self._release(key))

    def begin(self, key: Key, text: str) -> None:
        """A clause of the answer `key` follows; `text` is the piece of the reply that it says."""
        self._inbox.append(lambda: self._begin(key, text))

    def add(
        self,
        key: Key,
        pcm: Pcm,
        words: tuple[tuple[int, int], ...] = (),
        lips: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """More sound of the clause begun last, at `rate` (samples,).

        With marks as `assistant.mouth.synthesiser.Sound` has them.
        """
        self._inbox.append(lambda: self._add(key, pcm, words, lips))

    def complete(self, key: Key) -> None:
        """All sound of the clause begun last has been added."""
        self._inbox.append(lambda: self._complete(key))

    def end(self, key: Key) -> None:
        """No more clauses of `key` follow."""
        self._inbox.append(lambda: self._end(key))

    def stop(self, key: Key) -> None:
        """Be silent within one buffer if `key` or an older one sounds; take no more of it."""
        self._inbox.append(lambda: self._stop(key))

    def duck(self, key: Key) -> None:
        """Let `key` and all before it be soft until `go_on`."""
        self._inbox.append(lambda: self._give_way(key, waits=False))

    def pause(self, key: Key) -> None:
        """Let `key` and all before it be silent and wait until `go_on`; no sample is left out."""
        self._inbox.append(lambda: self._give_way(key, waits=True))

    def go_on(self, key: Key) -> None:
        """Let `key` be as loud as before, from the word on in which it waited."""
        self._inbox.append(lambda: self._go_on(key))

    def say_again(self) -> None:
        """The device has lost what it had: go on from the beginning of the word that sounded."""
        self._inbox.append(self._say_again)

    def take_back(self, key: Key, may: Callable[[], bool], told: Callable[[int], None]) -> None:
        """Drop the last clauses of the answer `key` that have not begun to sound.

        Asked `may()`, and if so ``told(count)``, both from the audio callback. After that more
        clauses may be begun, and `end` has to be said again.
        """
        self._inbox.append(lambda: self._take_back(key, may, told))

    def tone(self, pcm: Pcm, least: float = 0.0, *, before_words: bool = False) -> None:
        """Play `pcm` (samples,) at `rate` over whatever else sounds, as loud as the volume says.

        `least` is a volume, 0 to 1, below which it shall not go: what rings must be heard. Until a
        tone `before_words` is over no answer begins to sound, for its first word would be hidden.
        """
        part = factor(max(self._volume, least))
        scaled = pcm if part == 1.0 else np.rint(pcm * part).astype(np.int16)
        self._inbox.append(lambda: self._sound(scaled, before_words))

    # --- in the audio callback ----------------------------------------------------------------

    def fill(self, out: Pcm, audible_at: float) -> None:
        """Write the next samples; see `assistant.audio.frames.Source`."""
        while self._inbox and not self._stopping:  # an answer is over before the next one begins
            self._inbox.popleft()()
        out[:] = 0
        # What is played for the fade-out is all that is heard after a stop, and all that counts.
        span = out[: self._fade] if self._stopping else out
        if self._waits and self._key is not None:
            span = span[: self._way.left]  # after this it is silent, and loses nothing
        filled = self._speak(span, audible_at)
        if self._stopping:
            self._fall_silent(span, audible_at)
        self._flow.apply(out[:filled])
        self._way.apply(out[:filled])
        if self._clauses and self._clauses[0].played and filled < len(span) and not self._waits:
            self._break_off(out[:filled])
        self._gain.apply(out)
        self._add_tones(out)

    def _sound(self, pcm: Pcm, before_words: bool) -> None:
        self._tones.append(pcm)
        if before_words:
            self._before_words = len(self._tones)

    def _hold(self, key: Key) -> None:
        self._held = key

    def _release(self, key: Key) -> None:
        if self._held == key:
            self._held = None

    def _enter(self, key: Key, again: Callable[[], None]) -> bool:
        """Make `key` the current one; return whether it is.

        An older one that sounds is stopped first, and `again` is called with the next buffer.
        """
        if key <= self._over:
            return False  # the synthesiser did not know yet
        if self._key is None:
            self._key = key
            if key > self._yields:
                self._come_back()
        elif key > self._key:
            self._stop(self._key)
            self._inbox.appendleft(again)
        return key == self._key

    def _begin(self, key: Key, text: str) -> None:
        if self._enter(key, lambda: self._begin(key, text)) and not self._ended:
            self._clauses.append(_Clause(key, text))

    def _current(self, key: Key) -> _Clause | None:
        return self._clauses[-1] if self._clauses and key == self._key else None

    def _add(
        self,
        key: Key,
        pcm: Pcm,
        words: tuple[tuple[int, int], ...],
        lips: tuple[tuple[int, int], ...],
    ) -> None:
        if (clause := self._current(key)) and len(pcm):
            clause.blocks.append(pcm)
            clause.samples += len(pcm)
            clause.words.extend(words)
            clause.lips.extend(lips)

    def _complete(self, key: Key) -> None:
        if clause := self._current(key):
            clause.complete = True

    def _end(self, key: Key) -> None:
        if self._enter(key, lambda: self._end(key)):
            self._ended = True

    def _stop(self, key: Key) -> None:
        self._over = max(self._over, key)
        if self._key is not None and self._key <= key:
            self._stopping = True

    def _take_back(self, key: Key, may: Callable[[], bool], told: Callable[[int], None]) -> None:
        if not may():
            return
        count = 0
        while key == self._key and self._clauses and self._clauses[-1].waits():
            self._clauses.pop()
            count += 1
        if count:
            self._ended = False
        told(count)

    def _give_way(self, key: Key, *, waits: bool) -> None:
        if key <= self._over or (self._key is not None and self._key > key):
            return
        self._yields, self._waits = key, waits
        sounds = bool(self._clauses) and self._clauses[0].played > 0
        self._way.to(0.0 if waits else self._soft, RAMP_S if sounds else 0.0)

    def _go_on(self, key: Key) -> None:
        if key != self._yields:
            return
        waited, self._waits, self._yields = self._waits, False, NEVER
        if waited and self._clauses:
            self._clauses[0].back(int(BACK_S * self.rate), int(UNMARKED_S * self.rate))
        self._way.to(1.0)

    def _say_again(self) -> None:
        if self._clauses and self._clauses[0].played:
            self._clauses[0].back(int(BACK_S * self.rate), int(UNMARKED_S * self.rate))
            self._flow.to(0.0, 0.0)
            self._flow.to(1.0, FADE_S)

    def _come_back(self) -> None:
        """Whatever comes next does not give way to what is over."""
        self._yields, self._waits = NEVER, False
        self._way.to(1.0, 0.0)

    def _speak(self, out: Pcm, audible_at: float) -> int:
        """Copy the clauses into `out`; return how many samples are speech."""
        if self._key is not None and self._key == self._held:
            return 0
        if self._before_words and self._clauses and self._clauses[0].new():
            return 0
        position = 0
        while self._clauses and position < len(out):
            clause = self._clauses[0]
            while clause.block < len(clause.blocks) and position < len(out):
                if clause.new():
                    self._on_clause(clause.key, clause.text, audible_at + position / self.rate)
                if self.on_ahead and clause.told - clause.played <= self._margin:
                    self._look_ahead(clause, audible_at + position / self.rate)
                position += clause.take(out[position:])
            if clause.block < len(clause.blocks) or not clause.complete:
                break  # the buffer is full, or the synthesiser is behind
            self._heard.append(clause.text)
            self._clauses.popleft()
        if self._ended and not self._clauses and not self._stopping:
            self._finish(audible_at + position / self.rate)
        return position

    def _break_off(self, out: Pcm) -> None:
        """The synthesiser is behind: fade out what there is of it, and in what will come."""
        _fade_out(out[-self._fade :])
        self._flow.to(0.0, 0.0)
        self._flow.to(1.0, FADE_S)

    def _look_ahead(self, clause: _Clause, at: float) -> None:
        """Tell what follows, whole steps of it; the next sample to be played sounds at `at`."""
        begin = max(clause.told, clause.played)
        steps = min((clause.samples - begin) // self._step, AHEAD_STEPS)
        if steps > 0 and self.on_ahead and not self._stopping:
            skip = begin - clause.played
            at += skip / self.rate
            blocks, skip = tuple(clause.blocks[clause.block :]), skip + clause.into
            self.on_ahead(Ahead(clause.key, at, blocks, skip, steps, clause.lips, begin))
            clause.told = begin + steps * self._step

    def _fall_silent(self, out: Pcm, audible_at: float) -> None:
        _fade_out(out)
        if self._clauses and self._key != self._held:
            self._heard.append(self._clauses[0].heard())
        self._clauses.clear()
        self._finish(audible_at + len(out) / self.rate)

    def _finish(self, at: float) -> None:
        key, heard = self._key, "".join(self._heard)
        self._key, self._ended, self._stopping = None, False, False
        self._heard.clear()
        self._come_back()
        if key is not None:
            self._over = max(self._over, key)
            self._on_end(key, heard, at)

    def _add_tones(self, out: Pcm) -> None:
        if not self._tones:
            return
        tone = self._tones[0]
        count = min(len(tone), len(out))
        mixed = out[:count].astype(np.int32) + tone[:count]
        out[:count] = np.clip(mixed, -32768, 32767).astype(np.int16)
        if count == len(tone):
            self._tones.popleft()
            self._before_words = max(0, self._before_words - 1)
        else:
            self._tones[0] = tone[count:]
