"""Reading the answer of an OpenAI-compatible server: server-sent events, as they come in.

Pure: bytes in, text out. The format is that of OpenAI's streamed chat completions, which
DashScope, vLLM, llama.cpp's server and Ollama speak too.
"""

import json
from collections.abc import Iterator
from typing import Any

from assistant.mind.remote.errors import Fault, RemoteFailed

LONGEST_LINE = 256 * 1024
"""In bytes; a longer one is no event of a chat."""
LONGEST_ANSWER = 1024 * 1024
"""In bytes of the stream; what goes on for longer has no end."""


class Answer:
    """One answer, fed with bytes; `ended` once it has said that it is whole."""

    def __init__(self) -> None:
        self.ended = False
        self._size = 0
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text in `data`, never half a character. Raises `RemoteFailed`."""
        self._size += len(data)
        if self._size > LONGEST_ANSWER:
            raise RemoteFailed(Fault.ENDLESS, "the remote model's answer has no end.")
        *lines, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise malformed("a line without an end")
        for line in lines:
            if text := self._line(line.rstrip(b"\r")):
                yield text

    def _line(self, line: bytes) -> str:
        name, _, value = line.partition(b":")
        if name != b"data" or self.ended:  # a comment, another field, or an empty line
            return ""
        value = value.strip()
        if value == b"[DONE]":
            self.ended = True
            return ""
        try:
            event = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise malformed("an event that is not JSON") from error
        return self._event(event)

    def _event(self, event: Any) -> str:
        if not isinstance(event, dict):
            raise malformed("an event that is not an object")
        if error := event.get("error"):
            raise RemoteFailed(Fault.FAILED, f"the remote model failed: {short(error)}")
        choices: Any = event.get("choices")
        if choices == []:  # the last event may tell only what it cost
            return ""
        try:
            choice = choices[0]
            text = (choice.get("delta") or {}).get("content") or ""
            finished = choice.get("finish_reason")
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise malformed("an event without a choice") from error
        if not isinstance(text, str):
            raise malformed("text that is none")
        self.ended = self.ended or finished is not None
        return text


def malformed(what: str) -> RemoteFailed:
    """Return the error for what is not an answer of a chat."""
    return RemoteFailed(Fault.MALFORMED, f"the remote model sent {what}.")


def short(error: Any) -> str:
    """Return the sentence in a server's error, on one line and not too long."""
    message = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(message).split())[:200]
