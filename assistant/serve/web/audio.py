"""OpenAI's way to have speech written down and text spoken: `/v1/audio/...`.

Both use the ears and the mouth of the assistant itself, while nobody talks to it.
"""

import base64
import contextlib
import struct
from collections.abc import AsyncGenerator
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import AssistantError
from assistant.serve.lending import LONGEST_TEXT, PATIENCE_S
from assistant.serve.web import body, codec, wire
from assistant.serve.web.answers import Problem
from assistant.serve.web.house import House, of
from assistant.serve.web.link import Line
from assistant.serve.web.streaming import Streamed

FILE_BYTES = 25 * 1024 * 1024
"""Largest body with a sound file, as with OpenAI."""
FIELDS = 20
"""Most fields of a form."""
FIELD_BYTES = 64 * 1024
"""Longest field that is no file."""
WRITTEN = ("json", "text", "verbose_json")
SPOKEN = ("mp3", "flac", "wav", "pcm")
PCM_RATE = 24_000
"""What OpenAI's `pcm` has, in Hz."""
READY_S = 10.0
"""The assistant says within so long whether it takes the sound."""
ENDLESS = 0xFFFFFFFF
"""As the length of a WAV file: it is not known yet."""


async def transcriptions(request: Request) -> Response:
    """Write down what is said in a file."""
    form = await read_form(request)
    try:
        file, kind, words = _wanted(form)
    except Problem:
        await form.close()
        raise
    pieces = _transcription(of(request), form, file, kind, words)
    return Streamed(pieces, "text/plain; charset=utf-8" if kind == "text" else "application/json")


async def speech(request: Request) -> Response:
    """Speak a text."""
    data = await body.read_json(request)
    text, kind = body.text(data, "input"), data.get("response_format")
    kind = "mp3" if kind is None else kind
    if len(text) > LONGEST_TEXT:
        raise Problem(
            413, f"`input` is too long; at most {LONGEST_TEXT} characters.", param="input"
        )
    if kind not in SPOKEN:
        raise _wrong("response_format", f"one of {', '.join(SPOKEN)}")
    speed = data.get("speed")
    speed = 1.0 if speed is None else speed
    if not isinstance(speed, int | float) or isinstance(speed, bool) or not 0.25 <= speed <= 4:
        raise _wrong("speed", "a number from 0.25 to 4")
    for key in ("model", "voice", "instructions"):
        if not isinstance(data.get(key), str | None):
            raise _wrong(key, "a text")
    if data.get("stream_format") not in (None, "audio"):
        raise _wrong("stream_format", "`audio`")
    asked = {"command": "speak", "text": text, "speed": float(speed)}
    if kind == "pcm":
        pieces = _sound(of(request), {**asked, "rate": PCM_RATE}, head=False)
        return Streamed(pieces, f"audio/pcm;rate={PCM_RATE}")
    if kind == "wav":
        return Streamed(_sound(of(request), asked, head=True), "audio/wav")
    return Streamed(_file(of(request), asked, kind), codec.FORMATS[kind][1])


async def read_form(request: Request) -> FormData:
    """Return the fields of a `multipart/form-data` body. Raises `Problem`.

    A form of another site can send such a body. A browser then tells the other site in `Origin`,
    and the gate has refused it. So one without an `Origin` must come from a program, and show it
    by a header that no form can send.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != (
        "multipart/form-data"
    ):
        raise Problem(415, "the body must be `multipart/form-data`, with the sound as `file`.")
    if not any(name in request.headers for name in ("origin", "authorization", "x-requested-with")):
        sentence = "send the header `Authorization: Bearer ...`; without a token any text will do."
        raise Problem(403, sentence)
    try:
        return await request.form(max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    except HTTPException as error:
        raise Problem(400, f"the form cannot be read: {error.detail}") from None


def _wanted(form: FormData) -> tuple[UploadFile, str, bool]:
    """Return the file, the format, and whether words with their times are wanted."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise _wrong("file", "a sound file")
    kind = form.get("response_format", "json")
    if kind not in WRITTEN:
        raise _wrong("response_format", f"one of {', '.join(WRITTEN)}")
    if form.get("stream") not in (None, "", "false", "False"):
        raise _wrong("stream", "false")
    return file, str(kind), "word" in form.getlist("timestamp_granularities[]")


def _wrong(param: str, allowed: str) -> Problem:
    return Problem(400, f"`{param}` must be {allowed}.", param=param)


async def _transcription(
    house: House, form: FormData, file: UploadFile, kind: str, words: bool
) -> AsyncGenerator[bytes, None]:
    """Yield the whole answer at once."""
    segments = []
    try:
        async with house.link.talk({"command": "transcribe"}) as line:
            await line.hear_within(READY_S)
            await _send(line, file)
            while (told := await line.hear_within(PATIENCE_S)).get("event") != "end":
                segments.append(told)
    finally:
        await form.close()
    if kind == "text":
        yield f"{told['text']}\n".encode()
    elif kind == "json":
        yield wire.as_json({"text": told["text"]})
    else:
        yield wire.as_json(_verbose(told, segments, words))


async def _send(line: Line, file: UploadFile) -> None:
    """Send the file's sound to the daemon."""
    if not file.size:
        raise _wrong("file", "a sound file that is not empty")
    rollover = getattr(file.file, "rollover", None)
    if rollover:
        rollover()  # onto the disk, where another process can read it
    async with contextlib.aclosing(codec.decode(file.file)) as pieces:
        async for piece in pieces:
            await line.say({"audio": base64.b64encode(piece).decode()})
    await line.say({"end": True})


def _verbose(told: dict[str, Any], segments: list[dict[str, Any]], words: bool) -> dict[str, Any]:
    """Return OpenAI's long form; what the recogniser does not tell is 0 or empty in it."""
    unknown = {"tokens": [], "temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 0.0}
    found = {
        "task": "transcribe",
        "language": told["language"],
        "duration": told["audio_s"],
        "text": told["text"],
        "segments": [
            {key: each[key] for key in ("id", "start", "end", "text")}
            | {"seek": 0, "no_speech_prob": 0.0, **unknown}
            for each in segments
        ],
    }
    if words:
        found["words"] = [
            {"word": each["text"], "start": each["start"], "end": each["end"]}
            for each in told["words"]
        ]
    return found


async def _sound(house: House, asked: dict[str, Any], head: bool) -> AsyncGenerator[bytes, None]:
    """Yield the sound as it is made, with the `head` of a WAV file or bare."""
    async with contextlib.aclosing(house.link.stream(asked, PATIENCE_S)) as told:
        async for each in told:
            if each.get("event") != "audio":
                continue
            if head:
                yield wav_head(int(each["rate"]))
                head = False
            yield base64.b64decode(each["audio"])


async def _file(house: House, asked: dict[str, Any], kind: str) -> AsyncGenerator[bytes, None]:
    """Yield the whole sound as a compressed file."""
    pcm, rate = bytearray(), 0
    async with contextlib.aclosing(house.link.stream(asked, PATIENCE_S)) as told:
        async for each in told:
            if each.get("event") == "audio":
                rate = int(each["rate"])
                pcm += base64.b64decode(each["audio"])
    if not rate:
        raise AssistantError("the voice made no sound of this text.")
    yield await codec.encode(bytes(pcm), rate, kind)


def wav_head(rate: int) -> bytes:
    """Return what comes before int16 mono sound of unknown length."""
    form = b"RIFF", ENDLESS, b"WAVE"
    layout = b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16
    return struct.pack("<4sI4s4sIHHIIHH4sI", *form, *layout, b"data", ENDLESS)
