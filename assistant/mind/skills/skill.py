"""What a skill is given, what it gives back, and what it may use of the device."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from assistant.mind.skills.alarms import Alarms
    from assistant.store import Ring

Slot = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, as a sentence of a skill has matched it."""

    intent: str
    text: str
    """What was said, as the recogniser wrote it."""
    language: str
    """`en` or `zh`: of the sentence, and so of the answer."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """By name; forms and units are those of docs/skills.md."""
    whole: bool = True
    """False: it ends in free words, or in a sum, of which more may come."""
    reply: bool = False
    """It answers what was asked back: what was said before and now are its slots together."""


WHICH = "which"
"""Not a slot: what is asked for is which of several things is meant, by the slots `ids`, `all`."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A request that cannot be done before something is known that was not said."""

    request: Request
    slot: str
    """`duration_s`, `time` (or `day`, `repeat`, `duration_s`), `value`, `word`, or `WHICH`."""
    rings: "tuple[Ring, ...]" = ()
    """What there is to choose from, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a skill says, and what it does.

    It may be asked in secret, before the turn is known to be over: `text` and its sound are made
    then, `act` is called only once the turn has ended, once, and never for a dropped take.
    """

    text: str = ""
    """What is said whatever `act` does; empty: what `act` returns is all."""
    act: Callable[[], str | None] | None = None
    """Has an effect. Returns a sentence that is said after `text`, or None. May raise
    `AssistantError`, whose sentence is said."""
    lacks: Lacking | None = None
    """`text` asks for it; the next turn may tell it."""


class Device(Protocol):
    """What a skill may change of the assistant itself; quick, from the mind's thread."""

    def volume(self, level: int) -> None:
        """Speak at `level`, 0 to 100."""

    def volume_now(self) -> int:
        """Return the level, 0 to 100."""

    def rate(self, factor: float) -> None:
        """Speak that much faster (1.2) or slower (0.8) from the next answer on."""

    def mute(self, muted: bool) -> None:
        """Be deaf, or no longer."""

    def language(self, language: str) -> None:
        """Go on in `en` or `zh`, from the next turn on. Raises `AssistantError`: not installed."""

    def sleep(self) -> None:
        """Listen for nothing but the wake word once this answer is said."""

    def last_answer(self) -> str:
        """Return what was said last, empty where nothing was."""

    def status(self) -> Mapping[str, str]:
        """Return `version`, `model`, `remote` (empty: none), `up_s`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a skill may use."""

    now: Callable[[], datetime]
    """The clock; aware of its zone."""
    device: Device
    chance: random.Random
    alarms: "Alarms"


Skill = Callable[[Request, Context], Answer | None]
"""Answers a request; None: it was not meant for this skill after all."""
