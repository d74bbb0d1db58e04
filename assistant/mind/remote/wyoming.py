"""Asks a conversation service on another host, by the Wyoming protocol (its `handle` domain).

Home Assistant's agents and other devices with this assistant have it. Such a service is told one
sentence and has its own idea of who it is, so neither system prompt nor history goes there.
"""

import time
from collections.abc import Callable, Iterator

from assistant.config import Remote
from assistant.errors import BadInput
from assistant.language import which
from assistant.mind.model import Message
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.wyoming import need
from assistant.wyoming.address import parse
from assistant.wyoming.errors import Lost

SILENCE_S = 15.0
"""Without a word for so long it is given up."""
LONGEST_ANSWER = 100_000
"""Characters; what goes on for longer has no end."""
DONE = {"en": "Done.", "zh": "好了。"}
"""What is said when something was done there without a word."""


class WyomingClient:
    """One service, in the place of `Client`. `stream` may be called from several threads."""

    def __init__(self, settings: Remote, language: str) -> None:
        """Raises `BadInput` for settings that cannot be used, `EngineMissing`."""
        self._address = parse(settings.endpoint, "remote.endpoint")
        if settings.history:
            raise BadInput(
                "`remote.history` is {history}, but `remote.endpoint` is a Wyoming service, "
                "which takes one question at a time; set it to 0.",
                history=settings.history,
            )
        need("remote.endpoint")
        self.host = self._address.host
        self._timeout_s, self._language = settings.timeout, language

    def stream(self, messages: list[Message], cancelled: Callable[[], bool]) -> Iterator[str]:
        """Yield the answer to the last message as it comes; nothing where it has none.

        Ends early when `cancelled()`. Raises `RemoteFailed` for anything but a whole answer.
        """
        try:
            yield from self._answer(messages[-1].text, cancelled)
        except Lost as error:
            raise RemoteFailed(Fault(error.fault), str(error)) from error

    def close(self) -> None:
        """Each question has its own connection, which ends with it."""

    def _answer(self, question: str, cancelled: Callable[[], bool]) -> Iterator[str]:
        from wyoming.asr import Transcript

        from assistant.wyoming.connection import Connection
        from assistant.wyoming.wire import clean, text

        connection = Connection(self._address)
        try:
            language = which(self._language, question)
            asked = Transcript(clean(question), language=language)
            connection.send(asked, timeout_s=SILENCE_S)
            ends, size, streamed = time.monotonic() + self._timeout_s, 0, False
            while event := connection.receive(
                min(SILENCE_S, max(0.0, ends - time.monotonic())), cancelled
            ):
                match event.type:
                    case "handled-start":
                        streamed = True
                    case "handled-chunk":
                        size += len(piece := text(event))
                        if size > LONGEST_ANSWER or time.monotonic() > ends:
                            raise Lost("endless", "the remote answer has no end.")
                        yield piece
                    case "handled" if not streamed:
                        yield text(event) if event.data.get("text") else DONE[language]
                        return
                    case "handled-stop" | "not-handled":
                        return
        finally:
            connection.close()
