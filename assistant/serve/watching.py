"""What happens in the daemon, told to other programs over the control socket as it happens."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from assistant.daemon import Daemon, visible
from assistant.errors import AssistantError

MOST = 512
"""Events that may wait for a slow reader; with more it is let go. About 10 s of sound."""


class Queue(asyncio.Queue[dict[str, Any]]):
    """An observer that keeps what it is told, see `assistant.daemon.Daemon.observe`."""

    def __init__(self, levels: bool) -> None:
        """`levels`: tell it how loud it is, too."""
        super().__init__()
        self.levels = levels

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        if self.qsize() < MOST:
            self.put_nowait({"event": name, **data})


async def watch(daemon: Daemon, levels: bool = False) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the state and then every event until nobody listens; see `assistant.daemon.Note`.

    With `levels` also how loud it is.

    Raises `AssistantError` when the reader is too slow.
    """
    told = Queue(levels)
    daemon.observe(told)
    try:
        yield {"event": "state", **visible(daemon.state)}
        while True:
            yield await told.get()
            if told.qsize() >= MOST:
                raise AssistantError("too slow: events were lost; connect again.")
    finally:
        daemon.unobserve(told)
