"""The web application: its routes, and the gate before them."""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from assistant.errors import AssistantError
from assistant.serve.web import audio, chat, device, face, openai, openapi, static, talk, watching
from assistant.serve.web.access import Rules
from assistant.serve.web.answers import Problem, as_problem, problem_answer
from assistant.serve.web.buckets import Buckets
from assistant.serve.web.gate import BODY_S, Gate
from assistant.serve.web.house import House

TRANSCRIPTIONS = "/v1/audio/transcriptions"
OPEN = frozenset({"/healthz"})
"""What is answered without a token, beside the page's own files: they hold no secret."""


@dataclass(frozen=True)
class Limits:
    """What one client may use up."""

    body: int = 1_000_000
    """Largest body in bytes."""
    body_s: float = BODY_S
    """Longest time in s for it to arrive."""
    rate: float = 10.0
    """Requests a second from one address."""


def routes() -> list[Route]:
    """Return the routes of the interface; the page's files are not among them."""
    return [
        Route("/chat", chat.chat, methods=["POST"]),
        Route("/healthz", watching.healthz),
        Route("/settings", device.settings, methods=["GET", "POST"]),
        Route("/wake", device.wake, methods=["POST"]),
        Route("/stop", device.stop, methods=["POST"]),
        Route("/state", watching.state),
        Route("/face.json", face.face),
        Route("/metrics", watching.metrics),
        Route("/trace", watching.trace),
        Route("/openapi.json", openapi.openapi),
        Route("/v1/models", openai.models),
        Route("/v1/chat/completions", openai.completions, methods=["POST"]),
        Route("/v1/audio/speech", audio.speech, methods=["POST"]),
        Route(TRANSCRIPTIONS, audio.transcriptions, methods=["POST"]),
    ]


def build(house: House, rules: Rules, limits: Limits, closing: asyncio.Event) -> Gate:
    """Return the application; `closing` ends its streams."""
    files = static.routes()
    app = Starlette(
        routes=[*routes(), *talk.routes(), *files],
        exception_handlers={
            Problem: _problem,
            AssistantError: _assistant_error,
            HTTPException: _http,
            ClientDisconnect: _left,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False  # a redirect would repeat what the client wrote
    app.state.house = house
    app.state.closing = closing
    free = OPEN.union(route.path for route in files)
    return Gate(
        app,
        replace(rules, open=free),
        Buckets(limits.rate, time.monotonic),
        house.metrics,
        limits.body,
        limits.body_s,
        {TRANSCRIPTIONS: audio.FILE_BYTES},
    )


async def _problem(request: Request, error: Exception) -> Response:
    return problem_answer(request.url.path, cast("Problem", error))


async def _assistant_error(request: Request, error: Exception) -> Response:
    return problem_answer(request.url.path, as_problem(cast("AssistantError", error)))


async def _http(request: Request, error: Exception) -> Response:
    """Answer what the router refused: no such path, or another method."""
    failure = cast("HTTPException", error)
    if failure.status_code == 405 and request.method == "OPTIONS":
        return Response(None, 204, failure.headers)
    sentence = {404: "there is nothing here.", 405: "this path does not take this method."}.get(
        failure.status_code, failure.detail
    )
    problem = Problem(failure.status_code, sentence, failure.headers)
    return problem_answer(request.url.path, problem)


async def _left(request: Request, _error: Exception) -> Response:
    """Answer nobody: the client went in the middle of its body, which is no bug."""
    return problem_answer(request.url.path, Problem(400, "the body broke off."))


async def _bug(request: Request, _error: Exception) -> Response:
    return problem_answer(
        request.url.path, Problem(500, "something went wrong; the log says what.")
    )
