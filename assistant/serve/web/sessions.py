"""What was said in each conversation over the web; in memory, bounded in every direction."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a session may be called."""

Message = dict[str, str]
"""`role` (`user` or `assistant`) and `text`."""


@dataclass(frozen=True)
class Bounds:
    """How much is kept."""

    sessions: int = 64
    """Conversations; the one that was unused for longest goes first."""
    messages: int = 40
    """Messages of one conversation; the oldest exchange goes first."""
    size: int = 24_000
    """Text of one conversation in bytes of UTF-8; the oldest exchange goes first."""
    age_s: float = 3600.0
    """A conversation that was unused for so long is forgotten."""


@dataclass
class _Session:
    used: float
    """When it was last used, in s of the clock."""
    exchanges: list[tuple[str, str]] = field(default_factory=list)
    """What the user asked and what was answered."""


def new_name() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_urlsafe(16)


class Sessions:
    """The conversations, by name."""

    def __init__(self, clock: Callable[[], float], bounds: Bounds | None = None) -> None:
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        self._forget()
        return len(self._sessions)

    def history(self, name: str) -> list[Message]:
        """Return what was said so far, oldest first; nothing for a name that is not known."""
        self._forget()
        session = self._sessions.get(name)
        return [
            {"role": role, "text": text}
            for exchange in (session.exchanges if session else [])
            for role, text in zip(("user", "assistant"), exchange, strict=True)
        ]

    def add(self, name: str, asked: str, answered: str) -> None:
        """Keep an exchange; an answer that was broken off counts as far as it was sent."""
        self._forget()
        session = self._sessions.setdefault(name, _Session(0.0))
        session.used = self._clock()
        session.exchanges.append((asked, answered))
        while session.exchanges and self._too_much(session):
            del session.exchanges[0]
        self._sessions.move_to_end(name)
        self._forget()

    def _too_much(self, session: _Session) -> bool:
        size = sum(
            len(text.encode(errors="replace"))
            for exchange in session.exchanges
            for text in exchange
        )
        return size > self._bounds.size or 2 * len(session.exchanges) > self._bounds.messages

    def _forget(self) -> None:
        """Drop what is too old or too many; the order is that of the last use."""
        oldest = self._clock() - self._bounds.age_s
        while self._sessions:
            name, session = next(iter(self._sessions.items()))
            if session.used >= oldest and len(self._sessions) <= self._bounds.sessions:
                return
            del self._sessions[name]
