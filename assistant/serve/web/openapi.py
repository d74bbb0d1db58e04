"""The description of the interface, OpenAPI 3.1, at `/openapi.json`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assistant import __version__
from assistant.language import LANGUAGES as PAGES
from assistant.serve.lending import LONGEST_TEXT
from assistant.serve.settings import LANGUAGES
from assistant.serve.web.answers import json_answer
from assistant.serve.web.audio import SPOKEN, WRITTEN
from assistant.serve.web.openai import ROLES, STOPS
from assistant.serve.web.sessions import NAME

Schema = dict[str, Any]


async def openapi(_request: Request) -> Response:
    """Return the description."""
    return json_answer(document())


def document() -> Schema:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "assistant", "version": __version__, "summary": "A voice assistant."},
        "paths": {
            "/chat": {"post": _chat()},
            "/healthz": {
                "get": _operation(
                    "Whether the assistant answers.",
                    {"200": _json(_object(ok={"const": True})), "503": _error("It does not.")},
                    secured=False,
                )
            },
            "/settings": _settings(),
            "/wake": {"post": _button("Wake it, as its wake word would.")},
            "/stop": {"post": _button("End the turn that goes on, if one does.")},
            "/state": {"get": _state()},
            "/face.json": {"get": _face()},
            "/metrics": {
                "get": _operation(
                    "Counters for Prometheus.",
                    {"200": _content("text/plain", {"type": "string"})},
                )
            },
            "/trace": {"get": _trace()},
            "/openapi.json": {
                "get": _operation("This description.", {"200": _json({"type": "object"})})
            },
            "/v1/models": {"get": _operation("The model.", {"200": _json(_MODELS)}, openai=True)},
            "/v1/chat/completions": {"post": _completions()},
            "/v1/audio/speech": {"post": _speech()},
            "/v1/audio/transcriptions": {"post": _transcriptions()},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _object(required: bool = True, **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(properties)} if required else schema


def _content(kind: str, schema: Schema, description: str = "It worked.") -> Schema:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _json(schema: Schema, description: str = "It worked.") -> Schema:
    return _content("application/json", schema, description)


def _events() -> Schema:
    return _content("text/event-stream", EVENT, "Server-sent events, each like this.")


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
EVENT: Schema = {**_object(data=TEXT, event=TEXT), "required": ["data"]}
"""One of a stream: tools take the schema of `text/event-stream` to be that of each event."""
_ERROR = _object(error=TEXT)
_OPENAI_ERROR = _object(
    error=_object(
        message=TEXT,
        type=TEXT,
        param={"type": ["string", "null"]},
        code={"type": ["string", "null"]},
    )
)
_MODELS = _object(
    object={"const": "list"},
    data={
        "type": "array",
        "items": _object(id=TEXT, object={"const": "model"}, created=COUNT, owned_by=TEXT),
    },
)


def _error(description: str, schema: Schema | None = None) -> Schema:
    return _json(schema or _ERROR, description)


def _operation(
    summary: str,
    answers: Schema,
    openai: bool = False,
    secured: bool = True,
    asks_daemon: bool = True,
    **more: Any,
) -> Schema:
    """Return an operation with the errors that each may answer."""
    schema = _OPENAI_ERROR if openai else _ERROR
    errors = {
        "400": _error("Something in the request is wrong.", schema),
        "403": _error("From another site, or under a name that is not the server's.", schema),
        "429": _error("Too many requests, or the queue is full; see Retry-After.", schema),
    }
    if secured:
        errors["401"] = _error("The token is missing or wrong.", schema)
    if asks_daemon:
        errors["503"] = _error("The assistant is not running; see Retry-After.", schema)
    if "requestBody" in more:
        errors["408"] = _error("The body took too long.", schema)
        errors["413"] = _error("The body or the conversation is too large.", schema)
        errors["415"] = _error("The body is of another type.", schema)
    security: list[Schema] = [{}, {"bearer": []}] if secured else []
    return {"summary": summary, "security": security, "responses": errors | answers, **more}


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _chat() -> Schema:
    earlier = _object(
        role={"enum": ["user", "assistant"]},
        text={"type": "string", "minLength": 1, "pattern": r"[^\s\x1c-\x1f\x85]"},
    )
    schema = _object(
        required=False,
        prompt={"type": "string", "minLength": 1, "pattern": r"[^\s\x1c-\x1f\x85]"},
        session={"type": ["string", "null"], "pattern": f"^{NAME.pattern}$"},
        messages={"type": ["array", "null"], "items": earlier},
        local={"type": "boolean"},
    )
    only_one, the_other = (
        {"properties": {name: {"type": "null"}}} for name in ("session", "messages")
    )
    return _operation(
        "Ask; the answer comes as it is made.",
        {"200": _events()},
        description=(
            'Events without a name are pieces of the answer, `{"text": ...}`. Others, whose `text` '
            "is empty: `session` (first, `session`), `queued` (`ahead`), `out` (the question has "
            "left the device: `to`, `model`), `back` (without an answer), `end` (last, `finish`, "
            "`usage`), `error` (`error`). With `local` it stays on the device. A client that holds "
            "the conversation sends `messages`, what was said before, in place of `session`; "
            "nothing is kept then."
        ),
        requestBody=_body({**schema, "required": ["prompt"], "anyOf": [only_one, the_other]}),
    )


def _settings() -> Schema:
    changeable: Schema = {
        "volume": {"type": "number", "minimum": 0, "maximum": 1},
        "rate": {"type": "number", "minimum": 0.5, "maximum": 2},
        "voice": TEXT,
        "language": {"enum": list(LANGUAGES)},
        "persona": TEXT,
        "muted": {"type": "boolean"},
    }
    texts = {"type": "array", "items": TEXT}
    there: Schema = {"voices": texts, "languages": texts, "personas": texts}
    told = _json(_object(**changeable, **there, remote={"type": "boolean"}))
    change = _object(required=False, **changeable) | {
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {
        "get": _operation("What may be changed while it runs, what is in force.", {"200": told}),
        "post": _operation(
            "Change it; the answer is what is in force then.",
            {"200": told},
            description=(
                "Volume and `muted` (the microphone is not heard) act at once. Another voice, "
                "language or persona loads the engines anew, which takes seconds: `503` while a "
                "turn goes on, or when they cannot be loaded, which leaves everything as it was. "
                "An empty voice or persona is that of the configuration."
            ),
            requestBody=_body(change),
        ),
    }


def _button(summary: str) -> Schema:
    done = {"200": _json(_object(ok={"const": True}))}
    return _operation(summary, done, requestBody=_body({"type": "object"}))


def _state() -> Schema:
    levels = {"enum": ["0", "1"], "default": "0"}
    return _operation(
        "What it does, as it happens.",
        {"200": _events()},
        description=(
            "With `levels=1` there are events `level` too, for a face, some `levels` (0 to 1) at "
            "once: `source` is `mouth` (what is about to sound, with `visemes` or `widths`) or "
            "`ears` (what was heard). `at` is the time of the first, `now` that of telling, on the "
            "same clock in s; each takes `step` s."
        ),
        parameters=[{"name": "levels", "in": "query", "schema": levels}],
    )


def _face() -> Schema:
    texts = {"type": "array", "items": TEXT}
    told = _object(language={"enum": list(PAGES)}, attract=texts, phrases=texts)
    return _operation(
        "What the face shows while it sleeps.", {"200": _json(told)}, asks_daemon=False
    )


def _trace() -> Schema:
    turn = {"type": "string", "pattern": "^(last|all|[0-9]{1,9})$", "default": "last"}
    turns = {"type": "array", "items": {"type": "object"}}
    return _operation(
        "Where the time of a turn went.",
        {"200": _json(_object(turns=turns))},
        parameters=[{"name": "turn", "in": "query", "schema": turn}],
    )


def _completions() -> Schema:
    part = _object(type={"const": "text"}, text=TEXT)
    content: Schema = {"anyOf": [TEXT, {"type": "array", "items": part}]}
    message = _object(
        role={"enum": [role for role in ROLES if role != "assistant"]}, content=content
    )
    answer = _object(False, role={"const": "assistant"}, content=_or_null(content))
    limit = {"type": ["integer", "null"], "minimum": 1, "maximum": 2**31 - 1}
    stop = {"type": "string", "minLength": 1}
    schema = _object(
        required=False,
        model={"type": ["string", "null"]},
        messages={
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": [message, {**answer, "required": ["role"]}]},
        },
        stream={"type": ["boolean", "null"]},
        stream_options=_or_null(_object(False, include_usage={"type": ["boolean", "null"]})),
        max_tokens=limit,
        max_completion_tokens=limit,
        temperature={"type": ["number", "null"], "minimum": 0, "maximum": 2},
        stop=_or_null({"anyOf": [stop, {"type": "array", "items": stop, "maxItems": STOPS}]}),
        n={"enum": [1, None]},
    )
    choice = _object(
        index=COUNT,
        message=_object(role={"const": "assistant"}, content=TEXT),
        finish_reason=TEXT,
    )
    used = _object(prompt_tokens=COUNT, completion_tokens=COUNT, total_tokens=COUNT)
    whole = _object(
        id=TEXT,
        object={"const": "chat.completion"},
        created=COUNT,
        model=TEXT,
        choices={"type": "array", "items": choice},
        usage=used,
    )
    answers = {"application/json": {"schema": whole}, "text/event-stream": {"schema": EVENT}}
    return _operation(
        "Answer a conversation, as OpenAI's interface does.",
        {"200": {"description": "It worked.", "content": answers}},
        openai=True,
        requestBody=_body({**schema, "required": ["messages"]}),
    )


def _speech() -> Schema:
    schema = _object(
        required=False,
        model={"type": ["string", "null"]},
        input={"type": "string", "minLength": 1, "pattern": r"[^\s\x1c-\x1f\x85]"},
        voice={"type": ["string", "null"]},
        instructions={"type": ["string", "null"]},
        response_format={"enum": [*SPOKEN, None], "default": "mp3"},
        speed={"type": ["number", "null"], "minimum": 0.25, "maximum": 4},
        stream_format={"enum": ["audio", None]},
    )
    sound: Schema = {"schema": {"type": "string", "format": "binary"}}
    kinds = ("audio/mpeg", "audio/flac", "audio/wav", "audio/pcm")
    return _operation(
        "Speak a text with the voice of the assistant, as OpenAI's interface does.",
        {"200": {"description": "It worked.", "content": dict.fromkeys(kinds, sound)}},
        openai=True,
        description=(
            "`wav` (at the voice's own rate, its length left open) and `pcm` (16 bit, 24 kHz) come "
            "as they are made. The names of model and voice do not matter. Up to "
            f"{LONGEST_TEXT} characters are taken."
        ),
        requestBody=_body({**schema, "required": ["input"]}),
    )


def _transcriptions() -> Schema:
    schema = _object(
        required=False,
        file={"type": "string", "format": "binary"},
        model=TEXT,
        language=TEXT,
        response_format={"enum": list(WRITTEN), "default": "json"},
        **{"timestamp_granularities[]": {"type": "array", "items": TEXT}},
    )
    number: Schema = {"type": "number"}
    segment = _object(id=COUNT, start=number, end=number, text=TEXT)
    word = _object(word=TEXT, start=number, end=number)
    answer = _object(
        required=False,
        text=TEXT,
        task={"const": "transcribe"},
        language=TEXT,
        duration=number,
        segments={"type": "array", "items": segment},
        words={"type": "array", "items": word},
    )
    kinds: Schema = {
        "application/json": {"schema": {**answer, "required": ["text"]}},
        "text/plain": {"schema": TEXT},
    }
    form: Schema = {"multipart/form-data": {"schema": {**schema, "required": ["file"]}}}
    return _operation(
        "Write down what is said in a sound file, as OpenAI's interface does.",
        {"200": {"description": "It worked.", "content": kinds}},
        openai=True,
        description=(
            "WAV, FLAC, OGG or MP3, up to 25 MB and 10 minutes, in the language of the assistant. "
            "A program must send an `Authorization` header (any text where no token is needed): "
            "a form of another site cannot."
        ),
        requestBody={"required": True, "content": form},
    )


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
