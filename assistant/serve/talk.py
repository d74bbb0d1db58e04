"""Talking to the daemon from a browser: its microphone and loudspeaker over the control socket.

The client says ``{"audio": "..."}`` (base64 of int16, little endian, mono, 16 kHz, whole frames of
20 ms), ``{"wake": true}`` and ``{"stop": true}``. It is told all events, and between them
``{"event": "audio", "rate": ..., "audio": "..."}`` while there is sound, and ``{"event": "flush"}``
when what it has not played yet must not be heard.
"""

import asyncio
import base64
import binascii
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from assistant.conversation import Phase
from assistant.daemon import Daemon, visible
from assistant.errors import AssistantError, BadInput
from assistant.events import StopRequested, WakeDetected
from assistant.serve.watching import MOST, Queue

if TYPE_CHECKING:
    from assistant.audio.frames import Pcm
    from assistant.audio.patch import Jack

SILENT_S = 10.0
"""A client whose microphone gives nothing for so long is let go: it has the device to itself."""
IDLE_S = 60.0
"""So is one that is plugged in for so long while the assistant sleeps."""
LOOK_S = 1.0


async def talk(
    daemon: Daemon, said: AsyncIterator[dict[str, Any]]
) -> AsyncGenerator[dict[str, Any], None]:
    """Plug the client in until it goes, and yield what it is told.

    Raises `AssistantError` when somebody else talks, or the client is too slow, silent or wrong.
    """
    told = Queue(levels=False)
    loop = asyncio.get_running_loop()

    def take(block: "Pcm | None", rate: int) -> None:
        name, data = "flush", dict[str, Any]()
        if block is not None:
            audio = base64.b64encode(block.astype("<i2", copy=False).tobytes()).decode()
            name, data = "audio", {"rate": rate, "audio": audio}
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(told, name, data)

    jack = daemon.plug(take)
    daemon.observe(told)
    hearing = asyncio.create_task(_hear(daemon, jack, said))
    try:
        yield {"event": "state", **visible(daemon.state)}
        while True:
            next_line = asyncio.ensure_future(told.get())
            try:
                await asyncio.wait(
                    {next_line, hearing}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                if not next_line.done():
                    next_line.cancel()
            if hearing.done():
                hearing.result()
            if daemon.stopped:
                raise AssistantError("the assistant was restarted; begin again.")
            if next_line.done() and not next_line.cancelled():
                yield next_line.result()
            if told.qsize() >= MOST:
                raise AssistantError("too slow: sound was lost; begin again.")
    finally:
        hearing.cancel()
        daemon.unobserve(told)
        daemon.unplug(jack)


async def _hear(daemon: Daemon, jack: "Jack", said: AsyncIterator[dict[str, Any]]) -> None:
    """Do what the client says. Raises `AssistantError` when it makes no sense, or it is silent."""
    spoken = time.monotonic()
    try:
        while True:
            async with asyncio.timeout(SILENT_S):
                line = await anext(said)
            match line:
                case {"audio": str(audio)}:
                    jack.hear(_samples(audio))
                case {"wake": True}:
                    daemon.post(WakeDetected("browser"))
                    await asyncio.sleep(0)  # what comes next belongs to the new turn
                case {"stop": True}:
                    daemon.post(StopRequested())
                case _:
                    raise BadInput('say {"audio": "..."}, {"wake": true} or {"stop": true}.')
            if daemon.state.phase is not Phase.ASLEEP or "wake" in line:
                spoken = time.monotonic()
            elif time.monotonic() - spoken > IDLE_S:
                raise AssistantError(
                    "nobody has spoken for {idle_s:.0f} s; begin again.", idle_s=IDLE_S
                )
    except TimeoutError:
        raise AssistantError(
            "no sound came for {silent_s:.0f} s; begin again.", silent_s=SILENT_S
        ) from None


def _samples(audio: str) -> "Pcm":
    import numpy as np

    try:
        return np.frombuffer(base64.b64decode(audio, validate=True), "<i2").astype(np.int16)
    except (binascii.Error, ValueError) as error:
        raise BadInput("`audio` is not the base64 of 16-bit samples.") from error
