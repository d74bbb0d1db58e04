"""The device itself: wake it, stop it, and what may be changed while it runs."""

import contextlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assistant.serve import settings as changes
from assistant.serve.web import body
from assistant.serve.web.answers import json_answer
from assistant.serve.web.house import House, of

PATIENCE_S = 120.0
"""Other engines are loaded within so long, or the daemon counts as absent."""
SHOWN = (*changes.NAMES, "voices", "languages", "personas", "remote")


async def wake(request: Request) -> Response:
    """Wake it, as its wake word would."""
    return await _command(request, "wake")


async def stop(request: Request) -> Response:
    """End the turn that goes on, if one does."""
    return await _command(request, "stop")


async def settings(request: Request) -> Response:
    """Return what is in force and what may be chosen; `POST` changes it first."""
    asked: dict[str, Any] = {"command": "settings"}
    if request.method == "POST":
        asked = {**changes.checked(await body.read_json(request)), "command": "set"}
    told = await _last(of(request), asked)
    return json_answer({name: told.get(name) for name in SHOWN})


async def _command(request: Request, command: str) -> Response:
    await body.read_json(request)
    await of(request).link.call({"command": command})
    return json_answer({"ok": True})


async def _last(house: House, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the daemon's last answer to a request that may take long."""
    last: dict[str, Any] = {}
    async with contextlib.aclosing(house.link.stream(asked, PATIENCE_S)) as answers:
        async for answer in answers:
            last = answer
    return last
