"""The conversation so far, in whole turns, under a limit of tokens."""

from collections import deque
from collections.abc import Callable

from assistant.mind.model import Message


class History:
    """Whole turns, oldest first, never more than `limit` tokens of text together.

    What was already read stays in the model's KV cache only as long as the prompt begins with the
    same tokens. So the oldest turns leave in rare large steps, down to half the limit, instead of
    one at every turn.
    """

    def __init__(self, limit: int, count: Callable[[str], int]) -> None:
        """`limit` is in tokens, as `count` counts them; 0 keeps nothing."""
        self._limit = limit
        self._count = count
        self._turns: deque[tuple[str, str, int]] = deque()
        self.tokens = 0
        """Tokens of all turns, without the chat template."""

    def __len__(self) -> int:
        """Number of turns."""
        return len(self._turns)

    def append(self, user: str, assistant: str) -> None:
        """Add a whole turn. One that is longer than the limit by itself is not kept."""
        size = max(1, self._count(user) + self._count(assistant))
        if size > self._limit:
            return
        self._turns.append((user, assistant, size))
        self.tokens += size
        if self.tokens > self._limit:
            self._trim()

    def followed_by(self, user: str, assistant: str) -> "History":
        """Return what this will be with another turn; this one stays as it is."""
        other = History(self._limit, self._count)
        other._turns, other.tokens = self._turns.copy(), self.tokens
        other.append(user, assistant)
        return other

    def messages(self) -> list[Message]:
        """Return the turns as messages, user and assistant by turns, oldest first."""
        roles: list[Message] = []
        for user, assistant, _ in self._turns:
            roles += [Message("user", user), Message("assistant", assistant)]
        return roles

    def clear(self) -> None:
        """Forget everything."""
        self._turns.clear()
        self.tokens = 0

    def _trim(self) -> None:
        while len(self._turns) > 1 and self.tokens > self._limit // 2:
            self.tokens -= self._turns.popleft()[2]
