"""Sound of a server on its way to the loudspeaker."""

import numpy as np

from assistant.audio.frames import Pcm
from assistant.audio.resample import Resampler
from assistant.audio.tones import tone
from assistant.events import Key
from assistant.mouth.limiter import Limiter
from assistant.mouth.loudness import Loudness
from assistant.mouth.playback import Player

RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""In Hz; others would need filters of many megabytes."""
LONGEST_S = 600.0
"""What is longer is cut."""
CLAUSE_S = 20.0
"""So long is a piece at the most, for each is a sign of life."""
NOTES_HZ, NOTE_S, GAP_S, PAUSE_S = (988.0, 1319.0), 0.15, 0.05, 1.2
"""An alarm: two short notes, twice, and a pause in which one can be heard."""
ALARM_S = 60.0
"""It rings for so long at the most."""


class Stream:
    """One sound: it is kept until it may be played, and may be dropped at any time."""

    def __init__(
        self,
        rate: int,
        *,
        timer: str | None = None,
        text: str = "",
        voice: Loudness | None = None,
        known: bool = True,
    ) -> None:
        """`rate` in Hz is the sound's; `timer` is the one that rings; `text` is what is said.

        `voice` is taken for who says it, and is `known` to: only then is it measured by it.
        """
        self.rate, self.timer, self.text = rate, timer, text
        self._voice, self._known = voice, known
        self.key: Key | None = None
        self.ended = self.dropped = False
        self._held: list[Pcm] = []
        self._samples = 0
        self._player: Player | None = None
        self._resampler: Resampler | None = None
        self._limiter: Limiter
        self._factor = np.float32(1.0)
        self._piece = 0  # samples of the piece that is being given

    def add(self, pcm: Pcm) -> None:
        """Take what follows, (samples,) int16 at `rate` Hz."""
        self._samples += len(pcm)
        if self.dropped or self._samples > LONGEST_S * self.rate:
            return
        if self._voice and self._known:
            self._voice.hear(pcm)
        if self._player is None:
            self._held.append(pcm)
        else:
            self._give(pcm)

    def end(self) -> None:
        """Nothing more follows."""
        self.ended = True
        self._measure()
        if self._player and not self.dropped:
            self._close()

    def play(self, player: Player, key: Key) -> None:
        """Let it sound, as `key`."""
        self.key, self._player = key, player
        self._resampler, self._limiter = Resampler(self.rate, player.rate), Limiter(player.rate)
        self._measure()  # a server that is fast has sent some of it already
        self._factor = np.float32(self._voice.factor if self._voice else 1.0)
        player.begin(key, self.text)
        held, self._held = self._held, []
        for pcm in held:
            self._give(pcm)
        if self.ended:
            self._close()

    def drop(self) -> None:
        """Nobody shall hear any more of it."""
        self.dropped = True
        self._held.clear()

    def _give(self, pcm: Pcm) -> None:
        assert self._player
        assert self._resampler
        assert self.key
        if self._piece > CLAUSE_S * self.rate:
            self._piece = 0
            self._measure()
            self._player.complete(self.key)
            self._player.begin(self.key, "")
        self._piece += len(pcm)
        self._player.add(self.key, self._as_loud(self._resampler.feed(pcm)))

    def _as_loud(self, pcm: Pcm) -> Pcm:
        return self._limiter.apply(pcm * self._factor) if self._voice else pcm

    def _measure(self) -> None:
        if self._voice and self._known:
            self._voice.measure(self.rate)

    def _close(self) -> None:
        assert self._player
        assert self._resampler
        assert self.key
        self._player.add(self.key, self._as_loud(self._resampler.flush()))
        self._player.complete(self.key)
        self._player.end(self.key)


def alarm(timer: str, rate: int, level: float) -> Stream:
    """Return the sound of a timer that is over, at `rate` Hz; `level` in LUFS."""
    gap = np.zeros(round(GAP_S * rate), np.int16)
    notes = [piece for f in NOTES_HZ * 2 for piece in (tone(f, NOTE_S, rate, level), gap)]
    once = np.concatenate([*notes, np.zeros(round(PAUSE_S * rate), np.int16)])
    stream = Stream(rate, timer=timer)
    for _ in range(round(ALARM_S * rate / len(once))):
        stream.add(once)
    stream.end()
    return stream
