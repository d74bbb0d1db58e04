"""The engines as services: speech to text, text to speech, and conversation."""

import asyncio
from collections.abc import Callable

from wyoming.info import Info

from assistant.config import Config
from assistant.daemon import Daemon
from assistant.errors import AssistantError
from assistant.serve.lending import Lending
from assistant.serve.wyoming import forms, info
from assistant.serve.wyoming.asking import Asking
from assistant.serve.wyoming.hearing import Hearing
from assistant.serve.wyoming.peer import Peer
from assistant.serve.wyoming.speaking import Speaking

IDLE_S = 300.0
"""A client that asks for nothing for so many s is let go."""


class Services:
    """What every client of the port gets."""

    def __init__(self, daemon: Callable[[], Daemon], lend: Callable[[], Lending]) -> None:
        """`daemon` gives the one that runs now; `lend` raises `AssistantError` while none is
        ready.
        """
        self._daemon = daemon
        self._hearing = Hearing(lend)
        self._speaking = Speaking(self._config, lend)
        self._asking = Asking(daemon)
        self._known: tuple[Config, Info] | None = None

    async def serve(self, peer: Peer) -> None:
        """Answer one client. Raises `AssistantError`, `OSError` and `TimeoutError`."""
        while True:
            event = await peer.hear(IDLE_S)
            match event.type:
                case "describe":
                    await peer.say(await self._info())
                case "transcribe":
                    wanted = forms.read(forms.Transcribe, event)
                    forms.need_language(wanted.language, self._config().language)
                case "audio-start" | "audio-chunk":
                    await self._hearing.answer(peer, event, self._config().language)
                case "synthesize":
                    await self._speaking.answer(peer, event, info.voices(await self._info()))
                case "synthesize-start":
                    await self._speaking.stream(peer, event, info.voices(await self._info()))
                case "transcript":
                    await self._asking.answer(peer, event)

    def _config(self) -> Config:
        return self._daemon().config

    async def _info(self) -> Info:
        """Return the description; it is made anew when another language or voice is chosen."""
        daemon = self._daemon()
        if not daemon.ready.is_set():
            raise AssistantError("the assistant is still loading; try again in a moment.")
        if self._known is None or self._known[0] is not daemon.config:
            told = await asyncio.to_thread(
                info.services,
                daemon.config,
                daemon.model_name,
                hears=daemon.hears,
                speaks=daemon.speaks,
            )
            self._known = daemon.config, told
        return self._known[1]
