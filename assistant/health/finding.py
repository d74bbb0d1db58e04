"""What a look has found."""

from collections.abc import Callable
from dataclasses import dataclass

from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one look."""

    name: str
    ok: bool
    """It can work."""
    text: str
    """What was found, and what to do."""
    warning: bool = False
    """It works, but not as it could."""


def look(name: str, at: Callable[[], str]) -> Finding:
    """Return what ``at()`` tells; the sentence that it raises is why this cannot work."""
    try:
        return Finding(name, True, at())
    except AssistantError as error:
        return Finding(name, False, str(error))


def judged(name: str, fine: str, complaints: list[str]) -> Finding:
    """Return a finding that warns where there is anything to complain about."""
    text = ". ".join(each.rstrip(".") for each in [fine, *complaints] if each)
    return Finding(name, True, text, warning=bool(complaints))
