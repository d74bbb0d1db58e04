"""Answers that are no stream: JSON, and errors in the shape that the client of a path expects."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from assistant.errors import AssistantError
from assistant.serve.web import wire
from assistant.serve.web.link import Absent, Busy, Failed, TooLong

RETRY_ABSENT_S = 3
"""A daemon that restarts is back after about so long."""
KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Problem(Exception):
    """A request that is answered by an error: a status, one sentence, headers."""

    def __init__(
        self, status: int, sentence: str, headers: Mapping[str, str] | None = None, param: str = ""
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})
        self.param = param
        """The field of the request that is wrong, where it is one."""


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON that nobody keeps."""
    head = {"cache-control": "no-store", **(headers or {})}
    return Response(wire.as_json(data), status, head, "application/json")


def error_data(path: str, status: int, sentence: str, param: str = "") -> dict[str, Any]:
    """Return the body of an error: OpenAI's shape below /v1/, `{"error": sentence}` elsewhere."""
    if not path.startswith("/v1/"):
        return {"error": sentence}
    kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": sentence, "type": kind, "param": param or None, "code": None}}


def problem_answer(path: str, problem: Problem) -> Response:
    """Answer with an error."""
    data = error_data(path, problem.status, problem.sentence, problem.param)
    return json_answer(data, problem.status, problem.headers)


def as_problem(error: AssistantError) -> Problem:
    """Return what a client is told when the daemon is absent, busy or refuses."""
    sentence = str(error)
    match error:
        case Absent() | Failed():
            return Problem(503, sentence, {"retry-after": str(RETRY_ABSENT_S)})
        case Busy():
            return Problem(429, sentence, {"retry-after": str(error.retry_after_s)})
        case TooLong():
            return Problem(413, sentence)
        case _:
            return Problem(400, sentence)
