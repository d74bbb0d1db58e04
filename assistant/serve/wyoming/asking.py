"""Conversation for a client: its question, and the answer of the language model."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from wyoming.event import Event
from wyoming.handle import Handled, HandledChunk, HandledStart, HandledStop, NotHandled

from assistant.daemon import Daemon
from assistant.errors import AssistantError
from assistant.mind.prompt import own_prompt
from assistant.serve import questions
from assistant.serve.web.buckets import group
from assistant.serve.web.sessions import Bounds, Sessions
from assistant.serve.wyoming import forms
from assistant.serve.wyoming.peer import Peer

BOUNDS = Bounds(sessions=32, messages=12, size=2400, age_s=600.0)
"""Of the conversations that are remembered: some exchanges, for some minutes."""


class Asking:
    """The language model, in turn with all others who write."""

    def __init__(self, daemon: Callable[[], Daemon]) -> None:
        self._daemon = daemon
        self._sessions = Sessions(time.monotonic, BOUNDS)

    async def answer(self, peer: Peer, event: Event) -> None:
        """Answer a `transcript`, and tell by `not-handled` why there is no answer.

        The answer is made here: no larger model elsewhere is asked. Raises `BadInput` for what is
        no question.
        """
        asked = forms.read(forms.Question, event)
        name = (asked.context.conversation_id if asked.context else None) or ""
        context = {"conversation_id": name} if name else None
        if not asked.text.strip():
            await peer.say(NotHandled(text="nothing was asked.", context=context))
            return
        pieces: list[str] = []
        try:
            async with aclosing(self._events(peer, name, asked.text)) as told:
                async for each in told:
                    if each["event"] != "text":
                        continue
                    if not pieces:
                        await peer.say(HandledStart(context=context))
                    pieces.append(each["text"])
                    await peer.say(HandledChunk(text=each["text"]))
        except AssistantError as error:
            await peer.say(NotHandled(text=str(error), context=context))
            return
        text = "".join(pieces).strip()
        if not text:
            await peer.say(NotHandled(text="there is no answer to that.", context=context))
            return
        if name:
            self._sessions.add(name, asked.text, text)
        await peer.say(Handled(text=text, context=context), HandledStop())

    def _events(self, peer: Peer, name: str, text: str) -> AsyncGenerator[dict[str, Any], None]:
        """Return the events of the answer, see `assistant.serve.questions.answer`."""
        daemon = self._daemon()
        config = daemon.config
        system = own_prompt(config, config.language, "spoken")
        history = self._sessions.history(name) if name else []
        question = questions.read(
            {
                "command": "chat",
                "client": f"wyoming {group(peer.address)}",
                "messages": [
                    {"role": "system", "text": system},
                    *history,
                    {"role": "user", "text": text},
                ],
            }
        )
        return questions.answer(config, daemon.guests, question, guard=daemon.guard)
