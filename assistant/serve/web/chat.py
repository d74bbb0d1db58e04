"""`POST /chat`: a question with its conversation in, the answer as it is made out.

The conversation is kept here under the name of a session, or the client holds it and sends it.
"""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import AssistantError
from assistant.serve.web import body, wire
from assistant.serve.web.answers import Problem
from assistant.serve.web.house import House, client_name, of, usage
from assistant.serve.web.sessions import NAME, Message, new_name
from assistant.serve.web.streaming import Streamed


async def chat(request: Request) -> Response:
    """Answer `{"prompt": ...}`, with a `session`, `messages` or neither; `local` keeps it here."""
    data = await body.read_json(request)
    house, client = of(request), client_name(request)
    prompt, name = body.text(data, "prompt"), data.get("session")
    local = data.get("local", False)
    if not isinstance(local, bool):
        raise Problem(400, "`local` must be true or false.", param="local")
    ask = {"client": client, "may_leave": not local, "known": True}
    if (messages := data.get("messages")) is not None:
        if name is not None:
            raise Problem(400, "`session` and `messages` do not go together.")
        return Streamed(_events(house, ask, prompt, _earlier(messages), ""))
    if name is None:
        name = new_name()
    elif not isinstance(name, str) or not NAME.fullmatch(name):
        raise Problem(400, "`session` must have 1 to 64 of the characters A-Z a-z 0-9 _ -.")
    return Streamed(_events(house, ask, prompt, house.sessions.history(name), name))


def _earlier(messages: Any) -> list[Message]:
    """Return the conversation that a client sent. Raises `Problem`."""
    if not isinstance(messages, list):
        raise Problem(400, "`messages` must be a list.", param="messages")
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise Problem(400, "a message must have a `role`, `user` or `assistant`, and a `text`.")
    return [{"role": each["role"], "text": body.text(each, "text")} for each in messages]


async def _events(
    house: House, ask: dict[str, Any], prompt: str, earlier: list[Message], name: str
) -> AsyncGenerator[bytes, None]:
    """Yield the answer's events; in a session, what was sent of it is kept, however it ends."""
    answered, begun = "", False
    messages = [*earlier, {"role": "user", "text": prompt}]
    try:
        answers = house.generate({**ask, "talk": name, "messages": messages})
        async with contextlib.aclosing(answers):
            async for answer in answers:
                if name and not begun:
                    yield _event("session", session=name)
                begun = True
                match answer.get("event"):
                    case "text":
                        answered += str(answer.get("text", ""))
                        yield wire.event({"text": answer.get("text", "")})
                    case "queued":
                        yield _event("queued", ahead=answer.get("ahead"))
                    case "out":
                        yield _event("out", to=answer.get("to"), model=answer.get("model"))
                    case "back":
                        yield _event("back")
                    case "end":
                        _keep(house, name, prompt, answered)
                        answered = ""
                        yield _event("end", finish=answer.get("finish"), usage=usage(answer))
    except AssistantError as error:
        if not begun:
            raise
        yield _event("error", error=str(error))
    finally:
        _keep(house, name, prompt, answered)


def _keep(house: House, name: str, prompt: str, answered: str) -> None:
    if name and answered:
        house.sessions.add(name, prompt, answered)


def _event(event: str, **data: Any) -> bytes:
    """Return an event that is no text; a client that knows only of `text` adds nothing for it."""
    return wire.event({"text": "", **data}, event)
