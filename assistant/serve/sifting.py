"""An answer's events without what a model may not say."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from assistant.mind.guard.stream import Sieve


async def sifted(
    events: AsyncGenerator[dict[str, Any], None],
    sieve: Sieve,
    end: Callable[[], dict[str, Any]],
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of `assistant.serve.questions.answer`, their texts as `sieve` lets them.

    What is forbidden ends the work; then ``end()`` is the last event.
    """
    async with contextlib.aclosing(events):
        async for event in events:
            if event["event"] not in ("text", "end"):
                yield event
                continue
            over = event["event"] == "end"
            if out := sieve.end() if over else sieve.feed(event["text"]):
                yield {"event": "text", "text": out}
            if sieve.topic and not over:
                yield end()
                return
            if over:
                yield event
