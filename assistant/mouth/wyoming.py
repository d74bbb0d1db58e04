"""A voice on another host, by the Wyoming protocol; its sound is passed on as it comes."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm
from assistant.audio.resample import Resampler
from assistant.mouth.blocks import leading_silence, portions, sayable
from assistant.mouth.synthesiser import Sound
from assistant.wyoming import need
from assistant.wyoming.errors import Lost

if TYPE_CHECKING:
    from wyoming.event import Event

    from assistant.wyoming.connection import Connection

RATE = 48_000
"""Hz. Each voice there may have its own, known only when it speaks; this is what most loudspeakers
take, so that nothing is converted twice."""
RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
"""Hz. Another one would be a mistake, and its filter would take much memory."""
MOST_CHANNELS = 8
BLOCK = RATE // 10
"""Samples that are passed on at a time, at least: some hosts send shreds of a few ms."""
LONGEST_S = 120.0
"""Seconds of sound of one portion of text (400 letters at the most are 40 s); more has no end."""


class WyomingSynthesiser:
    """The `Synthesiser` on another host; `synthesise` raises `Lost`.

    The protocol knows no speaking rate, so `speed` changes nothing: it is set on the other host.
    """

    name = "wyoming"
    rate = RATE

    def __init__(
        self,
        uri: str,
        language: str,
        *,
        voice: str = "",
        speaker: str = "",
        timeout_s: float = 5.0,
    ) -> None:
        """`uri` is as in ``speech.uri``; `voice` and `speaker` are names there or empty.

        Nothing is connected yet. Raises `BadInput` for an address that is none, `EngineMissing`
        without the packages.
        """
        need("speech.uri")
        from assistant.wyoming.finding import Place

        self._place = Place(uri, "speech.uri", "tts", language)
        self._language, self._voice, self._speaker = language, voice, speaker
        self._timeout_s = timeout_s
        self.speed = 1.0

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield the sound of `text` as it comes; see `Synthesiser`."""
        quiet = True
        for _, portion in portions(text):
            if not sayable(portion):
                continue
            heard = False
            for pcm in _blocks(self._spoken(portion, cancelled)):
                if cancelled():
                    return
                heard = True
                if quiet:
                    pcm = pcm[leading_silence(pcm, RATE) :]
                if len(pcm):
                    quiet = False
                    yield Sound(pcm)
            if cancelled():
                return
            if not heard:
                raise Lost("failed", f"{self._place} made no sound.")

    def close(self) -> None:
        """Nothing is kept."""

    def _spoken(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Pcm]:
        """Yield the sound of a portion at `RATE`, as it comes. Raises `Lost`."""
        from wyoming.tts import Synthesize, SynthesizeVoice

        from assistant.wyoming.connection import Connection
        from assistant.wyoming.wire import clean

        if self._voice:
            voice = SynthesizeVoice(name=self._voice, speaker=self._speaker or None)
        else:
            voice = SynthesizeVoice(language=self._language)
        connection = None
        try:
            connection = Connection(self._place.address())
            connection.send(Synthesize(clean(text), voice), timeout_s=self._timeout_s)
            yield from self._received(connection, cancelled)
        except Lost:
            self._place.lost()
            raise
        finally:
            if connection:
                connection.close()

    def _received(self, connection: "Connection", cancelled: Callable[[], bool]) -> Iterator[Pcm]:
        resampler: Resampler | None = None
        before, seconds, ends = 0, 0.0, time.monotonic() + self._timeout_s
        while event := connection.receive(ends - time.monotonic(), cancelled):
            match event.type:
                case "audio-start" | "audio-chunk":
                    rate, channels = _form(event)
                    if resampler is None or rate != before:
                        resampler, before = Resampler(rate, RATE), rate
                    pcm = _mono(event.payload or b"", channels)
                    seconds += len(pcm) / rate
                    if seconds > LONGEST_S:
                        raise Lost("endless", f"{connection.address} does not stop to speak.")
                    yield resampler.feed(pcm)
                    ends = time.monotonic() + self._timeout_s
                case "audio-stop":
                    if resampler:
                        yield resampler.flush()
                    return


def _form(event: "Event") -> tuple[int, int]:
    """Return rate in Hz and channels of what comes. Raises `Lost` for what cannot be played."""
    rate, width, channels = (event.data.get(name) for name in ("rate", "width", "channels"))
    if rate in RATES and width == 2 and type(channels) is int and 1 <= channels <= MOST_CHANNELS:
        return rate, channels
    found = f"rate {rate!r}, width {width!r}, channels {channels!r}"[:120]
    raise Lost("malformed", f"the other host speaks in a form that cannot be played: {found}.")


def _mono(data: bytes, channels: int) -> Pcm:
    """Return the mean of the channels; half a sample at the end is left out."""
    whole = len(data) // (2 * channels) * 2 * channels
    frames: NDArray[Any] = np.frombuffer(data[:whole], "<i2").reshape(-1, channels)
    return (frames[:, 0] if channels == 1 else frames.mean(1)).astype(np.int16)


def _blocks(pieces: Iterator[Pcm]) -> Iterator[Pcm]:
    """Put pieces together to blocks of `BLOCK` samples or more; the last one may be shorter."""
    held: list[Pcm] = []
    for pcm in pieces:
        held.append(pcm)
        if sum(map(len, held)) >= BLOCK:
            yield np.concatenate(held)
            held = []
    if any(map(len, held)):
        yield np.concatenate(held)
