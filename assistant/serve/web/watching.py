"""Looking on: whether it is well, what it does now, what it counted, where the time went."""

import contextlib
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import AssistantError
from assistant.serve.web import wire
from assistant.serve.web.answers import RETRY_ABSENT_S, Problem, json_answer
from assistant.serve.web.house import House, of
from assistant.serve.web.metrics import MEDIA_TYPE
from assistant.serve.web.streaming import Streamed


async def healthz(request: Request) -> Response:
    """Say whether the daemon answers."""
    try:
        await of(request).link.call({"command": "state"})
    except AssistantError as error:
        head = {"retry-after": str(RETRY_ABSENT_S)}
        return json_answer({"ok": False, "error": str(error)}, 503, head)
    return json_answer({"ok": True})


async def state(request: Request) -> Response:
    """Stream what the daemon tells its observers, the present state first.

    With `levels=1` also how loud it is, for a face.
    """
    levels = request.query_params.get("levels", "0")
    if levels not in ("0", "1"):
        raise Problem(400, "`levels` must be 0 or 1.", param="levels")
    return Streamed(_watched(of(request), {"levels": True} if levels == "1" else {}))


async def _watched(house: House, wishes: dict[str, bool]) -> AsyncGenerator[bytes, None]:
    begun = False
    try:
        watched = house.link.stream({"command": "watch", **wishes}, patience_s=None)
        async with contextlib.aclosing(watched):
            async for told in watched:
                begun = True
                yield wire.event({key: told[key] for key in told if key != "ok"})
    except AssistantError as error:
        if not begun:
            raise
        yield wire.event({"error": str(error)}, "error")


async def metrics(request: Request) -> Response:
    """Return the counters of this process, and the figures of the daemon if it answers."""
    house, figures = of(request), None
    with contextlib.suppress(AssistantError):
        figures = await house.link.call({"command": "figures"})
    page = house.metrics.page(figures, len(house.sessions))
    return Response(page, headers={"cache-control": "no-store"}, media_type=MEDIA_TYPE)


async def trace(request: Request) -> Response:
    """Return the timelines of the turns: the last, all, or the one of a number."""
    turn = request.query_params.get("turn", "last")
    if turn not in ("last", "all") and not (turn.isascii() and turn.isdigit() and len(turn) < 10):
        raise Problem(400, "`turn` must be `last`, `all` or a turn's number.")
    told = await of(request).link.call({"command": "trace", "turn": turn})
    return json_answer({"turns": told.get("turns", [])})
