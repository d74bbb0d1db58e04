"""What happens in the daemon, told to other programs over the control socket as it happens."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from assistant.daemon import Daemon
from assistant.errors import AssistantError

MOST = 512
"""Events that may wait for a slow reader; with more it is let go."""


async def watch(daemon: Daemon) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the state and then every event until nobody listens; see `assistant.daemon.Note`.

    Raises `AssistantError` when the reader is too slow.
    """
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def note(name: str, data: dict[str, Any]) -> None:
        if told.qsize() < MOST:
            told.put_nowait({"event": name, **data})

    daemon.observe(note)
    try:
        state = daemon.state
        yield {"event": "state", "phase": str(state.phase), "turn": state.turn}
        while True:
            yield await told.get()
            if told.qsize() >= MOST:
                raise AssistantError("too slow: events were lost; connect again.")
    finally:
        daemon.unobserve(note)
