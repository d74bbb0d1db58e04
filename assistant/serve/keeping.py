"""Writes down what was said, where the owner asked for it, and deletes what is older than asked."""

import asyncio
import logging
import time
from typing import Any

from assistant.archive import FILE, Archive, Turn
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.worker import Worker

log = logging.getLogger(__name__)

LOOK_S = 600.0
"""How often it looks whether there is room again, and whether something is too old, in s."""


def make(config: Config) -> "Keeping | None":
    """Return what keeps the history; None where none is kept, nor was before.

    Raises `BadInput` for a file of a newer version of this program.
    """
    path = config.state_dir / FILE
    if not config.history.keep and not path.exists():
        return None
    return Keeping(Archive(path), config.history.days, adds=config.history.keep)


class Keeping:
    """An observer, see `assistant.daemon.Daemon.observe`, with a thread that writes."""

    def __init__(self, archive: Archive, days: int, *, adds: bool) -> None:
        """Turns older than `days` are deleted, 0: none; without `adds` no turn is added."""
        self._archive, self._days, self._adds = archive, days, adds
        self._worker = Worker("history", self._failed)

    @property
    def remembers(self) -> bool:
        """Whether all that was to be kept is on the disk."""
        return self._archive.remembers

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        """Take an event; the disk is not waited for."""
        if self._adds and name == "remembered":
            turn = Turn(time.time(), data["language"], data["asked"], data["heard"])
            self._worker.post(lambda: self._add(turn))

    async def watch(self) -> None:
        """Delete what is too old, and write what could not be written before, for ever."""
        while True:
            self._worker.post(self._look)
            await asyncio.sleep(LOOK_S)

    def stop(self) -> None:
        """Write what waits, and close the file."""
        self._worker.stop()
        self._archive.close()

    def _add(self, *turns: Turn) -> None:
        self._archive.add(*turns)

    def _look(self) -> None:
        self._add()
        if self._days:
            self._archive.retain(self._days)

    def _failed(self, _: object, error: AssistantError) -> None:
        log.warning("history: %s", error)
