"""OpenAI's way to ask: `/v1/chat/completions` and `/v1/models`, for clients that exist.

What is not known is ignored, as other servers do; what is known and has a wrong type is refused.
The client holds the conversation here, nothing is kept.
"""

import contextlib
import secrets
import time
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import AssistantError
from assistant.serve.web import body, wire
from assistant.serve.web.answers import Problem, as_problem, error_data, json_answer
from assistant.serve.web.house import House, client_name, of, usage
from assistant.serve.web.streaming import Streamed

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
STOPS = 4
"""So many texts may end an answer."""


async def models(request: Request) -> Response:
    """List the one model."""
    entry = {"id": await _model(of(request)), "object": "model", "created": 0}
    return json_answer({"object": "list", "data": [{**entry, "owned_by": "assistant"}]})


async def completions(request: Request) -> Response:
    """Answer a conversation, whole or as a stream of chunks."""
    data = await body.read_json(request)
    asked = {"client": client_name(request), **asked_for(data)}
    stream, with_usage = wanted_stream(data)
    house = of(request)
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time())}
    head["model"] = await _model(house)
    if stream:
        return Streamed(_chunks(house, asked, head, with_usage))
    return Streamed(_completion(house, asked, head), "application/json")


async def _model(house: House) -> str:
    return str((await house.link.call({"command": "info"})).get("model", "assistant"))


def asked_for(data: dict[str, Any]) -> dict[str, Any]:
    """Return the daemon's request for a body of OpenAI's. Raises `Problem` for a wrong type."""
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "a list of at least one message")
    asked: dict[str, Any] = {"messages": [_message(m, i) for i, m in enumerate(messages)]}
    model = data.get("model")
    if model is not None and not isinstance(model, str):
        raise _wrong("model", "a text")
    if isinstance(data.get("n"), bool) or data.get("n") not in (None, 1):
        raise _wrong("n", "1; there is one answer to a question")
    for key in ("max_completion_tokens", "max_tokens"):
        if (limit := data.get(key)) is not None:
            if isinstance(limit, float) and limit.is_integer():  # JSON does not tell them apart
                limit = int(limit)
            if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit < 2**31:
                raise _wrong(key, "a whole number above 0")
            asked.setdefault("max_tokens", limit)
    if (heat := data.get("temperature")) is not None:
        if not isinstance(heat, int | float) or isinstance(heat, bool) or not 0 <= heat <= 2:
            raise _wrong("temperature", "a number from 0 to 2")
        asked["temperature"] = heat
    if (stop := data.get("stop")) is not None:
        asked["stop"] = _stops(stop)
    return asked


def wanted_stream(data: dict[str, Any]) -> tuple[bool, bool]:
    """Return whether a stream is wanted, and whether it ends with the usage."""
    stream = data.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise _wrong("stream", "true or false")
    options = data.get("stream_options")
    if options is None:
        return bool(stream), False
    include = options.get("include_usage") if isinstance(options, dict) else 0
    if include is not None and not isinstance(include, bool):
        raise _wrong("stream_options", 'an object, {"include_usage": true}')
    return bool(stream), bool(include)


def _message(message: Any, number: int) -> dict[str, str]:
    where = f"messages[{number}]"
    if not isinstance(message, dict):
        raise _wrong(where, "an object with `role` and `content`")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise _wrong(f"{where}.role", f"one of {', '.join(ROLES)}")
    where += ".content"
    content = message.get("content")
    if content is None and role == "assistant":  # it called a tool, of which we know nothing
        content = ""
    if isinstance(content, list):
        content = "".join(_part(part, where) for part in content)
    if not isinstance(content, str):
        raise _wrong(where, "a text or a list of parts")
    return {"role": ROLES[role], "text": body.whole(content, where)}


def _part(part: Any, where: str) -> str:
    if isinstance(part, dict) and part.get("type") == "text":
        words = part.get("text")
        if isinstance(words, str):
            return words
    raise _wrong(where, 'made of parts like {"type": "text", "text": "..."}; only text is taken')


def _stops(stop: Any) -> list[str]:
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > STOPS:
        raise _wrong("stop", f"a text or a list of up to {STOPS} texts")
    if not all(isinstance(each, str) and each for each in stops):
        raise _wrong("stop", f"a text or a list of up to {STOPS} texts that are not empty")
    return [body.whole(each, "stop") for each in stops]


def _wrong(param: str, allowed: str) -> Problem:
    return Problem(400, f"`{param}` must be {allowed}.", param=param)


async def _completion(
    house: House, asked: dict[str, Any], head: dict[str, Any]
) -> AsyncGenerator[bytes, None]:
    """Yield the whole answer at once."""
    text, finish, used = "", "stop", {}
    answers = house.generate(asked)
    async with contextlib.aclosing(answers):
        async for answer in answers:
            if answer.get("event") == "text":
                text += str(answer.get("text", ""))
            elif answer.get("event") == "end":
                finish, used = str(answer.get("finish", "stop")), usage(answer)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "logprobs": None,
        "finish_reason": finish,
    }
    yield wire.as_json(
        {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(used)}
    )


async def _chunks(
    house: House, asked: dict[str, Any], head: dict[str, Any], with_usage: bool
) -> AsyncGenerator[bytes, None]:
    """Yield the answer piece by piece."""

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _chunk(head, [choice], {"usage": None} if with_usage else {})

    begun = False
    answers = house.generate(asked)
    try:
        async with contextlib.aclosing(answers):
            async for answer in answers:
                if not begun:
                    begun = True
                    yield chunk({"role": "assistant", "content": ""})
                if answer.get("event") == "text":
                    yield chunk({"content": answer.get("text", "")})
                elif answer.get("event") == "end":
                    yield chunk({}, str(answer.get("finish", "stop")))
                    if with_usage:
                        yield _chunk(head, [], {"usage": _usage(usage(answer))})
    except AssistantError as error:
        if not begun:
            raise
        yield wire.event(error_data("/v1/", as_problem(error).status, str(error)))
        return
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
    return wire.event({**head, "object": "chat.completion.chunk", "choices": choices, **more})


def _usage(used: dict[str, Any]) -> dict[str, Any]:
    prompt, reply = int(used.get("prompt_tokens", 0)), int(used.get("reply_tokens", 0))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": reply,
        "total_tokens": prompt + reply,
        "prompt_tokens_details": {"cached_tokens": int(used.get("cached_tokens", 0))},
    }
