"""`/talk`: a WebSocket that is microphone and loudspeaker of the assistant.

Binary messages are sound, int16, little endian, mono: in at 16 kHz, in whole frames of 20 ms; out
at the rate that the last ``{"event": "rate", "rate": ...}`` named. Text messages are JSON: in
``{"wake": true}`` and ``{"stop": true}``, out the events. The last one before the end may be
``{"error": "..."}``, and the reason of the end is the same sentence.
"""

import asyncio
import base64
import contextlib
import json
from typing import Any, cast

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from assistant.errors import AssistantError
from assistant.serve.web import wire
from assistant.serve.web.house import House
from assistant.serve.web.link import Line

MESSAGE_BYTES = 64 * 1024
"""Largest message in bytes."""
FRAME_BYTES = 640
"""20 ms of sound."""
LINE_BYTES = 50 * FRAME_BYTES
"""So much of it goes to the daemon at a time."""
IDLE_S = 15.0
"""A client that says nothing for so long is let go."""
SEND_S = 10.0
"""A client that takes nothing for so long is let go."""
READY_S = 10.0
"""The assistant says within so long whether one may talk."""
REASON_BYTES = 120
"""Longest reason of an end, a little less than what the protocol allows."""
BAD, TRY_LATER, ENDING = 1008, 1013, 1001
"""Codes: something is wrong with what the client does; not now; the server ends."""
COMMANDS = ({"wake": True}, {"stop": True})


def routes() -> list[WebSocketRoute]:
    """Return the route."""
    return [WebSocketRoute("/talk", talk, name="talk")]


class Wrong(Exception):
    """The client says what it must not; one sentence."""


async def talk(socket: WebSocket) -> None:
    """Let one client talk until it goes, or cannot go on."""
    house = cast("House", socket.app.state.house)
    await socket.accept()
    code, sentence = 1000, ""
    try:
        async with house.link.talk({"command": "talk"}) as line:
            first = await line.hear_within(READY_S)
            ended = await _both(socket, line, first)
            code, sentence = (ENDING, "the server is ending.") if ended else (code, sentence)
    except Wrong as error:
        code, sentence = BAD, str(error)
    except AssistantError as error:
        code, sentence = TRY_LATER, str(error)
    except (WebSocketDisconnect, TimeoutError):
        return
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        if socket.client_state is WebSocketState.CONNECTED:
            async with asyncio.timeout(SEND_S):
                if sentence:
                    await socket.send_text(wire.as_json({"error": sentence}).decode())
                reason = sentence.encode()[:REASON_BYTES].decode(errors="ignore")
                await socket.close(code, reason)


async def _both(socket: WebSocket, line: Line, first: dict[str, Any]) -> bool:
    """Carry both directions until one ends; return whether it is the server that does."""
    closing = asyncio.create_task(socket.app.state.closing.wait())
    tasks = {closing, asyncio.create_task(_up(socket, line))}
    tasks.add(asyncio.create_task(_down(socket, line, first)))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return closing in done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _up(socket: WebSocket, line: Line) -> None:
    """Hand on what the client says, until it goes."""
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                message = await socket.receive()
        except TimeoutError:
            raise Wrong(f"nothing came for {IDLE_S:.0f} s.") from None
        if message["type"] == "websocket.disconnect":
            return
        if (sound := message.get("bytes")) is not None:
            if not sound or len(sound) % FRAME_BYTES:
                raise Wrong(f"sound must come in whole frames of {FRAME_BYTES} bytes.")
            for at in range(0, len(sound), LINE_BYTES):
                piece = base64.b64encode(sound[at : at + LINE_BYTES]).decode()
                await line.say({"audio": piece})
        else:
            await line.say(_command(message.get("text") or ""))


def _command(text: str) -> dict[str, Any]:
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        command = None
    if command not in COMMANDS:
        raise Wrong('say {"wake": true}, {"stop": true}, or send sound.')
    return cast("dict[str, Any]", command)


async def _down(socket: WebSocket, line: Line, told: dict[str, Any]) -> None:
    """Hand on what the daemon tells, without end. Raises what `Line.hear` does."""
    rate = 0
    while True:
        async with asyncio.timeout(SEND_S):
            if told.get("event") == "audio":
                if rate != told["rate"]:
                    rate = told["rate"]
                    await socket.send_text(json.dumps({"event": "rate", "rate": rate}))
                await socket.send_bytes(base64.b64decode(told["audio"]))
            else:
                shown = {key: told[key] for key in told if key != "ok"}
                await socket.send_text(wire.as_json(shown).decode())
        told = await line.hear()
