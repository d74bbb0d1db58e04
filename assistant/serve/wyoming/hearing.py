"""Speech to text for a client: its sound, and what is said in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.event import Event

from assistant.audio.frames import RATE, Pcm
from assistant.ears.listener import Taken
from assistant.errors import Busy
from assistant.language import which
from assistant.serve.lending import UTTERANCE_S, Lending, Utterance, utterances
from assistant.serve.wyoming import forms
from assistant.serve.wyoming.peer import Peer
from assistant.serve.wyoming.sound import Recording
from assistant.serve.wyoming.told import Told
from assistant.serve.wyoming.turns import Turns

SILENT_S = 30.0
"""A client that sends nothing in the middle of its sound is let go after so many s."""
LONGEST_S = 120.0
"""Longest sound in s: 4 MB."""


class Hearing:
    """The recogniser, lent."""

    def __init__(self, lend: Callable[[], Lending]) -> None:
        self._lend = lend
        self._turns = Turns()

    async def answer(self, peer: Peer, first: Event, language: str) -> None:
        """Take the sound that begins with `first`, and send its text.

        It is recognised while it comes, as long as nobody else needs the recogniser; else when it
        is whole, utterance by utterance. Raises `AssistantError`.
        """
        writing = _Writing(peer, language)
        recording = Recording(forms.read(forms.Sound, first), LONGEST_S)
        async with self._following(recording) as following:
            event = first
            while event.type != "audio-stop":
                if event.type == "audio-chunk":
                    pcm = recording.add(forms.read(forms.Sound, event), event.payload or b"")
                    if (guess := await following.feed(pcm)) is not None:
                        await writing.guess(guess)
                event = await peer.hear(SILENT_S)
            text = await following.finish()
        if text is None:
            text = await self._heard(recording, language)
        await writing.end(text)

    @asynccontextmanager
    async def _following(self, recording: Recording) -> AsyncIterator["_Following"]:
        async with AsyncExitStack() as stack:
            following = _Following(stack, self._turns)
            if recording.rate == RATE:
                await following.begin(self._lend())
            yield following

    async def _heard(self, recording: Recording, language: str) -> str:
        """Return what is said in all of it."""
        pcm = await asyncio.to_thread(recording.whole)
        lending, texts = self._lend(), []
        for start, end in utterances(pcm):
            texts.append((await self._turns.of(partial(lending.hear, pcm[start:end]))).text)
        return ("" if which(language, "".join(texts)) == "zh" else " ").join(filter(None, texts))


class _Following:
    """The recogniser, as long as nobody else needs it."""

    def __init__(self, stack: AsyncExitStack, turns: Turns) -> None:
        self._stack, self._turns = stack, turns
        self._utterance: Utterance | None = None
        self._left = round(UTTERANCE_S * RATE)

    async def begin(self, lending: Lending) -> None:
        """Borrow it, if it is free."""
        if self._turns.wanted:
            return
        try:
            self._utterance = await self._stack.enter_async_context(lending.listening())
        except (Busy, Taken):
            await self._let_go()

    async def feed(self, pcm: Pcm) -> str | None:
        """Hear (samples,) int16, 16 kHz; return the text so far, where that is known and new."""
        self._left -= len(pcm)
        if self._utterance is None:
            return None
        if self._left < 0 or self._turns.wanted or self._utterance.disturbs:
            await self._let_go()
            return None
        try:
            return await self._utterance.feed(pcm)
        except Taken:
            await self._let_go()
            return None

    async def finish(self) -> str | None:
        """Return the whole text; None: it was not followed to its end."""
        if self._utterance is None or self._utterance.disturbs:
            return None
        try:
            return (await self._utterance.finish()).text
        except Taken:
            return None

    async def _let_go(self) -> None:
        self._utterance = None
        await self._stack.aclose()


class _Writing:
    """The text on its way to the client."""

    def __init__(self, peer: Peer, language: str) -> None:
        self._peer, self._language = peer, language
        self._told = Told(language)
        self._begun = False

    async def guess(self, text: str) -> None:
        """The text may be `text`, so far."""
        if piece := self._told.guess(text):
            await self._send(piece)

    async def end(self, text: str) -> None:
        """It is `text`."""
        anew, piece = self._told.end(text)
        self._begun = self._begun and not anew
        await self._send(piece)
        language = which(self._language, text)
        await self._peer.say(Transcript(text=text, language=language), TranscriptStop())

    async def _send(self, piece: str) -> None:
        if not self._begun:
            self._begun = True
            await self._peer.say(TranscriptStart(language=which(self._language, piece)))
        if piece:
            await self._peer.say(TranscriptChunk(text=piece))
