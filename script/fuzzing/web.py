"""Requests of the web page and its interface, as far as they come without a daemon behind."""

import asyncio
import json
from typing import Any

from assistant.errors import AssistantError

EDGE = b"edge"
"""What parts a form."""
PATH = "/v1/audio/transcriptions"


def seeds() -> list[bytes]:
    """The first byte chooses: a question, a form with sound, an order of `/talk`, headers."""
    part = b'--edge\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    sound = part % (b"file", b'; filename="a.wav"\r\nContent-Type: audio/wav', b"RIFF\0\0\1\2")
    kind = part % (b"response_format", b"", b"verbose_json")
    words = part % (b"timestamp_granularities[]", b"", b"word")
    question: dict[str, Any] = {
        "model": "x",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "现在几点?"}]},
        ],
        "max_tokens": 5,
        "temperature": 0.5,
        "stop": ["x", "y"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    plain = {"messages": [{"role": "user", "content": "hi"}], "n": 1, "stop": "x"}
    return [
        *(b"\x00" + json.dumps(each).encode() for each in (question, plain)),
        b"\x01" + sound + kind + words + b"--edge--\r\n",
        b"\x01" + sound + b"--edge--\r\n",
        b'\x02{"wake": true}',
        b'\x02{"stop": true}',
        b"\x03host: localhost:8765\norigin: http://localhost:8765\nauthorization: Bearer x",
        b"\x03host: [::1]\ncookie: a=b; assistant=x",
        b"\x03host: 127.0.0.1\nauthorization: bearer  x",
    ]


def request(data: bytes) -> None:
    """One request, or one message of a WebSocket."""
    from assistant.serve.web import access, talk
    from assistant.serve.web.answers import Problem

    kind, rest = data[:1], data[1:]
    try:
        if kind in (b"\x00", b"\x01"):
            asyncio.run(_body(rest, form=kind == b"\x01"))
        elif kind == b"\x02":
            talk._command(rest.decode("utf-8", "replace"))
        else:
            pairs = (line.partition(b":") for line in rest.split(b"\n"))
            headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
            rules = access.Rules(token="x")
            if refused := access.check(rules, "/status", 7, headers, "127.0.0.1"):
                raise AssistantError(refused[1])
    except (Problem, talk.Wrong) as error:
        raise AssistantError(str(error)) from error


async def _body(data: bytes, *, form: bool) -> None:
    """What is asked for in JSON, or in a form."""
    from starlette.requests import Request

    from assistant.serve.web import audio, body, openai

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    kind = b"multipart/form-data; boundary=" + EDGE if form else b"application/json"
    headers = [(b"content-type", kind), (b"authorization", b"Bearer x")]
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers, "app": None}
    if form:
        fields = await audio.read_form(Request(scope, receive))
        try:
            audio._wanted(fields)
        finally:
            await fields.close()
    else:
        asked = await body.read_json(Request(scope, receive))
        openai.asked_for(asked)
        openai.wanted_stream(asked)
