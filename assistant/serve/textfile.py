"""The figures in a file, for node_exporter's textfile collector."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)


class TextFile:
    """Writes them now and then, until it is stopped; used on the daemon's loop."""

    def __init__(self, path: Path, interval_s: float, text: Callable[[], str]) -> None:
        """`text` returns what is to be in the file; it is called on a thread of its own."""
        self._path, self._interval_s, self._text = path, interval_s, text
        self._warned = self._ended = False
        self._moving = threading.Lock()

    async def run(self) -> None:
        """Write without end. At the end the file goes: figures of one who is gone mislead."""
        try:
            while True:
                await asyncio.to_thread(self.write)
                await asyncio.sleep(self._interval_s)
        finally:
            self._end()

    def write(self) -> None:
        """Write it once: the file is the old or the new one. It is not forced onto the disk.

        What is lost in a power cut is of no use after it, and an SD card is spared.
        """
        beside = self._path.with_name(f".{self._path.name}.part")  # its readers want `*.prom`
        try:
            beside.write_text(self._text(), encoding="utf-8")
            beside.chmod(0o644)  # node_exporter is another user
            self._put(beside)
        except OSError as error:
            if not self._warned:
                log.warning("%s: the metrics cannot be written: %s", self._path, error.strerror)
            self._warned = True
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        else:
            self._warned = False

    def _put(self, beside: Path) -> None:
        with self._moving:
            if self._ended:  # its thread comes later than the end
                beside.unlink()
            else:
                beside.replace(self._path)

    def _end(self) -> None:
        with self._moving, contextlib.suppress(OSError):
            self._ended = True
            self._path.unlink(missing_ok=True)
