"""When no question may go out: after failures, and when the budget is used up. Pure, but for
the file that the budget is kept in.
"""

import contextlib
import datetime
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path

from assistant import files

FAILURES = 3
"""So many in a row open the circuit breaker."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 20.0, 600.0
"""How long it stays open: twice as long each time."""
MINUTE_S = 60.0
FORWARD = datetime.timedelta(days=31)
"""A kept date that is further ahead than this comes from a clock that was wrong."""


class Breaker:
    """A circuit breaker (M. Nygard, Release It!): a server that fails is left alone for a while.

    After the pause one question tries; only its success lets the others go again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic s."""
        self._clock = clock
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._open_until = float("-inf")
        self._trying = False

    @property
    def wait_s(self) -> float:
        """Seconds until a question may go out; 0: now."""
        return max(0.0, self._open_until - self._clock())

    def enter(self) -> bool:
        """Whether a question may go out now; `succeeded`, `failed` or `left` must follow."""
        if self.wait_s or self._trying:
            return False
        self._trying = self._failures >= FAILURES
        return True

    def left(self) -> None:
        """The question was given up by the one who asked: that says nothing of the server."""
        self._trying = False

    def succeeded(self) -> None:
        """The server is well."""
        self._failures, self._pause_s, self._trying = 0, FIRST_PAUSE_S, False

    def failed(self, wait_s: float | None = None, *, for_good: bool = False) -> None:
        """The server is not; `wait_s` is what it asked for, `for_good`: it will not change soon."""
        self._failures = FAILURES if for_good else self._failures + 1
        self._trying = False
        pause = 0.0
        if self._failures >= FAILURES:
            pause = LONGEST_PAUSE_S if for_good else self._pause_s
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        if wait_s is not None:
            pause = max(pause, wait_s)
        self._open_until = self._clock() + pause


class Budget:
    """Counts the questions of the last minute, of this day and of this month."""

    def __init__(
        self,
        per_minute: int,
        per_day: int,
        per_month: int,
        file: Path,
        clock: Callable[[], float],
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        """`file` keeps the counts of day and month; `clock` gives monotonic s."""
        self._most = {"minute": per_minute, "day": per_day, "month": per_month}
        self._file, self._clock, self._today = file, clock, today
        self._minute: deque[float] = deque()

    def used_up(self) -> str:
        """Return which budget is used up, `minute`, `day` or `month`; empty: none is."""
        used = {"minute": self._last_minute(), **self._counts()[1]}
        return next((name for name, most in self._most.items() if used[name] >= most), "")

    def spend(self) -> None:
        """Count one. Raises `OSError` when it cannot be kept."""
        date, counts = self._counts()
        self._minute.append(self._clock())
        kept = {"date": date.isoformat(), "day": counts["day"] + 1, "month": counts["month"] + 1}
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write_whole(self._file, json.dumps(kept))

    def _last_minute(self) -> int:
        while self._minute and self._minute[0] <= self._clock() - MINUTE_S:
            self._minute.popleft()
        return len(self._minute)

    def _counts(self) -> tuple[datetime.date, dict[str, int]]:
        """Return the date that counts and what was spent on that day and in that month.

        Small machines lose the time when they are off. A clock that went back gives nothing back,
        unless it must have been wrong before.
        """
        date, kept, spent = self._today(), *self._kept()
        if datetime.timedelta(0) < kept - date <= FORWARD:
            date = kept
        return date, {
            "day": spent["day"] if date == kept else 0,
            "month": spent["month"] if (date.year, date.month) == (kept.year, kept.month) else 0,
        }

    def _kept(self) -> tuple[datetime.date, dict[str, int]]:
        """Return what the file says; without one that can be read, nothing was spent."""
        with contextlib.suppress(OSError, ValueError, RecursionError, TypeError, KeyError):
            kept = json.loads(self._file.read_text())
            date = datetime.date.fromisoformat(kept["date"])
            return date, {name: max(0, int(kept[name])) for name in ("day", "month")}
        return datetime.date.min, {"day": 0, "month": 0}
