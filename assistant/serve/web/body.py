"""Reading the body of a request: JSON, an object, nothing that JSON or Unicode does not have."""

import json
from typing import Any, NoReturn

from starlette.requests import Request

from assistant.serve.web.answers import Problem


async def read_json(request: Request) -> dict[str, Any]:
    """Return the object that was sent. Raises `Problem`.

    Only `application/json` is taken: a form of another site cannot send that.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "the body must be JSON, with `Content-Type: application/json`.")
    try:
        data = json.loads(await request.body(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not valid JSON.") from None
    if not isinstance(data, dict):
        raise Problem(400, 'the body must be a JSON object, {"like": "this"}.')
    return data


def text(data: dict[str, Any], key: str) -> str:
    """Return the text at a key; it must be there and say something. Raises `Problem`."""
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Problem(400, f"`{key}` must be a text that is not empty.", param=key)
    return whole(value, key)


def whole(value: str, key: str) -> str:
    """Return the text; half a character (a lone surrogate) raises `Problem`."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Problem(400, f"`{key}` is not valid Unicode.", param=key) from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
