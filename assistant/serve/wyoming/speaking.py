"""Text to speech for a client: the sound of its text, clause by clause."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from assistant.audio.frames import Pcm
from assistant.config import Config
from assistant.errors import BadInput
from assistant.mouth.chunker import Chunker
from assistant.mouth.spoken import speakable
from assistant.serve.lending import CLAUSE, Lending
from assistant.serve.wyoming import forms
from assistant.serve.wyoming.peer import Peer
from assistant.serve.wyoming.turns import Turns

SILENT_S = 60.0
"""A client that writes nothing in the middle of its text is let go after so many s: it may itself
wait for a language model."""
LONGEST = 32_000
"""Longest text that comes in pieces, in characters."""
SAMPLES = 2048
"""In one piece of sound."""
EMPTY_RATE = 16_000
"""In Hz, of the sound of a text in which there is nothing to be said."""


class Speaking:
    """The voice, lent."""

    def __init__(self, config: Callable[[], Config], lend: Callable[[], Lending]) -> None:
        self._config, self._lend = config, lend
        self._turns = Turns()

    async def answer(self, peer: Peer, event: Event, voices: tuple[str, ...]) -> None:
        """Send the sound of a `synthesize`; `voices` are the names of the one that there is.

        Raises `AssistantError`.
        """
        form = forms.read(forms.Synthesize, event)
        self._need(form, voices)

        async def whole() -> AsyncGenerator[str, None]:
            yield form.text

        await self._speak(peer, whole())

    async def stream(self, peer: Peer, event: Event, voices: tuple[str, ...]) -> None:
        """Send the sound of the text whose pieces follow on `synthesize-start`, while they come."""
        self._need(forms.read(forms.Synthesis, event), voices)
        await self._speak(peer, _pieces(peer))
        await peer.say(SynthesizeStopped())

    def _need(self, form: forms.Synthesis, voices: tuple[str, ...]) -> None:
        """Raise `BadInput` for a voice that is not here."""
        if (voice := form.voice) is None:
            return
        if voice.name and voice.name not in voices:
            raise BadInput(
                "there is no voice {name!r} here; there is: {voices}.",
                name=voice.name,
                voices=voices[0],
            )
        if not voice.name:
            forms.need_language(voice.language, self._config().language)

    async def _speak(self, peer: Peer, pieces: AsyncGenerator[str, None]) -> None:
        lending, rate, sent = self._lend(), 0, 0
        async with aclosing(pieces), aclosing(self._clauses(pieces)) as clauses:
            async for clause in clauses:
                pcm, rate = await self._turns.of(partial(lending.say, clause))
                if not sent:
                    await peer.say(AudioStart(rate=rate, width=2, channels=1, timestamp=0))
                for chunk in _chunks(pcm, rate, sent):
                    await peer.say(chunk)
                sent += max(1, len(pcm))
        if not sent:
            rate = EMPTY_RATE
            await peer.say(AudioStart(rate=rate, width=2, channels=1, timestamp=0))
        await peer.say(AudioStop(timestamp=_ms(sent, rate)))

    async def _clauses(self, pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
        """Yield what the voice shall say, each clause as soon as it is complete."""
        config = self._config()
        chunker = Chunker(config.speech.first_clause, CLAUSE)
        async for piece in pieces:
            for clause in chunker.feed(piece):
                if words := speakable(clause.text, config.language):
                    yield words
        for clause in chunker.finish():
            if words := speakable(clause.text, config.language):
                yield words


async def _pieces(peer: Peer) -> AsyncGenerator[str, None]:
    """Yield the text that comes, until its end."""
    length = 0
    while (event := await peer.hear(SILENT_S)).type != "synthesize-stop":
        if event.type != "synthesize-chunk":  # the whole text comes too, for older services
            continue
        text = forms.read(forms.Text, event).text
        length += len(text)
        if length > LONGEST:
            raise BadInput("the text is longer than {longest} characters.", longest=LONGEST)
        yield text


def _chunks(pcm: Pcm, rate: int, before: int) -> list[AudioChunk]:
    """Cut (samples,) int16 that so many samples come `before`."""
    data = pcm.astype("<i2", copy=False).tobytes()
    return [
        AudioChunk(
            rate=rate,
            width=2,
            channels=1,
            audio=data[2 * at : 2 * (at + SAMPLES)],
            timestamp=_ms(before + at, rate),
        )
        for at in range(0, len(pcm), SAMPLES)
    ]


def _ms(samples: int, rate: int) -> int:
    return round(1000 * samples / rate)
