"""What the page of the face needs to know of the device: its language, and what to show asleep."""

import contextlib

from starlette.requests import Request
from starlette.responses import Response

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.language import leading
from assistant.serve import settings as changes
from assistant.serve.web.answers import json_answer
from assistant.serve.web.house import House, of


async def face(request: Request) -> Response:
    """Return language, texts to show while it sleeps, and what is said to wake it."""
    house = of(request)
    language = await _language(house)
    told = {"attract": house.config.web.attract, "phrases": phrases(house.config, house.calls)}
    return json_answer({"language": language, **told})


def phrases(config: Config, calls: list[str] | None = None) -> list[str]:
    """Return what may be said to wake it; nothing where it need not be woken, or hears nothing.

    `calls` is what the daemon says of it: a persona that was chosen since may have its own.
    """
    if config.wake.always or config.audio.backend == "none":
        return []
    return config.wake.calls if calls is None else calls


async def _language(house: House) -> str:
    """Return the language that is spoken; where the daemon is away, what it told or kept last."""
    with contextlib.suppress(AssistantError):
        info = await house.link.call({"command": "info"})
        house.language = str(info.get("spoken", leading(house.config.language)))
        house.calls = info.get("calls")
    return house.language or changes.spoken_language(house.config)
