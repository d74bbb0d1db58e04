"""The web server as a child of the daemon: it is started again when it dies, and dies with it.

A process of its own, and a patient one: whatever comes over the network cannot slow the voice loop
by more than what the processor has to do for it anyway, and cannot take it along when it breaks.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable

from assistant.config import Config, dump

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Seconds before it is started again; twice as many each time."""
STEADY_S = 60.0
"""After running for so long it starts with the shortest pause again."""
END_S = 4.0
"""Seconds that it has for its end."""


class WebChild:
    """Used on the daemon's loop."""

    def __init__(self, config: Config, on_ready: Callable[[str], None]) -> None:
        """`on_ready` is told the page's address each time that it begins to serve."""
        self._settings = dump(config).encode()
        self._on_ready = on_ready
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it and keep it running."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if (process := self._process) and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _keep(self) -> None:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_S
        while True:
            began = loop.time()
            await self._run()
            pause = FIRST_PAUSE_S if loop.time() - began > STEADY_S else pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _run(self) -> None:
        """Run it once, until its end."""
        # The settings in force, wherever they came from, without a file that others could read.
        number = os.memfd_create("settings")
        try:
            os.write(number, self._settings)
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "assistant", "--config", f"/proc/self/fd/{number}",
                "serve", "--child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=[number],
                start_new_session=True,  # Ctrl-C is for the daemon, which ends it then
            )  # fmt: skip
        except OSError as error:
            log.warning("the web server cannot be started: %s", error)
            return
        finally:
            os.close(number)
        assert process.stdout is not None
        if url := (await process.stdout.readline()).decode().strip():
            self._on_ready(url)
        log.warning("the web server ended (%d)", await process.wait())
