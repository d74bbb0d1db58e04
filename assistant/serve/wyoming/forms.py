"""What clients may say: the fields of events that are looked at, checked; others are ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from wyoming.event import Event

from assistant.errors import BadInput
from assistant.language import spoken
from assistant.serve import requests
from assistant.serve.requests import Form

TEXT = 8000
"""Longest text in characters."""
NAME = 200
MOST_S = 10_000_000
"""Longest timer in s."""

Name = Annotated[str, Field(max_length=NAME)] | None


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Sound(_Said):
    """The format of sound: of `audio-start` and `audio-chunk`."""

    rate: Annotated[int, Field(ge=8000, le=48_000)]
    """In Hz."""
    width: Literal[2]
    """Bytes of a sample."""
    channels: Literal[1, 2]


class Text(_Said):
    """`synthesize-chunk`, `synthesize` and `transcript` to a satellite, as far as that."""

    text: Annotated[str, Field(max_length=TEXT)]


class Voice(_Said):
    """What is wished for a voice; nothing: any."""

    name: Name = None
    language: Name = None


class Spoken(Text):
    """`synthesize` to a satellite: what it is about to be sent."""

    voice: Voice | None = None


class Synthesis(_Said):
    """`synthesize-start`."""

    voice: Voice | None = None
    text_format: Literal["text"] | None = None


class Synthesize(Synthesis, Text):
    """`synthesize`."""


class Transcribe(_Said):
    """`transcribe`."""

    name: Name = None
    language: Name = None


class Context(_Said):
    """What a client wants to be known in its next question."""

    conversation_id: Name = None


class Question(Text):
    """`transcript`, of which an answer is wanted."""

    context: Context | None = None


class Failure(_Said):
    """`error`."""

    text: str = ""
    code: str | None = None


class Timer(_Said):
    """`timer-cancelled` and `timer-finished`."""

    id: Annotated[str, Field(max_length=NAME)]


class TimerStarted(Timer):
    """`timer-started`."""

    total_seconds: Annotated[int, Field(ge=0, le=MOST_S)]
    name: Name = None


class TimerUpdated(Timer):
    """`timer-updated`."""

    is_active: bool
    total_seconds: Annotated[int, Field(ge=0, le=MOST_S)]
    """What is left of it."""


def read(form: type[Form], event: Event) -> Form:
    """Return the event in its form; raises `BadInput`."""
    data: dict[str, Any] = event.data
    return requests.checked(form, data, f"event `{event.type[:40]}`")


def speaks(wanted: str | None, language: str) -> bool:
    """Whether a wish for a language, such as `en_US`, is met by the setting `language`."""
    return not wanted or wanted.replace("_", "-").split("-")[0].lower() in spoken(language)


def need_language(wanted: str | None, language: str) -> None:
    """Raise `BadInput` for a language that is not spoken here."""
    if not speaks(wanted, language):
        raise BadInput(
            "the language {wanted!r} is not spoken here; there is: {language}.",
            wanted=wanted,
            language=", ".join(spoken(language)),
        )
