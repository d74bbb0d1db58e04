"""What shall ring, and when: timers, alarms, reminders. No threads, no sound.

A countdown follows the monotonic clock: it lasts as long as was said whatever happens to the clock
on the wall. What was set for a clock time follows the clock on the wall, with summer time and with
jumps. After a start of the machine only the clock on the wall is left to tell how long it was off.
"""

import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Protocol

from assistant.mind.skills.moments import next_moment
from assistant.mind.skills.stopwatch import Stopwatch
from assistant.store import Ring

log = logging.getLogger(__name__)

KINDS = ("timer", "alarm", "reminder")
LONGEST_S = 24 * 3600.0
"""The longest countdown: more is what an alarm is for, and mostly a word heard wrongly."""
MOST = 50
"""Of each kind: more than anybody can follow."""
SNOOZE_S = 600.0
SNOOZABLE_S = 3600.0
"""For so long after something rang it can be put off."""
MISSED_S = 900.0
"""What is later than that (the machine was off, the clock jumped) is told and does not ring."""
BACK_S = 3600.0
"""A clock that goes back by less than that does not make a daily alarm ring twice; for so long
after a start it is not known what has rung."""
SANE = 1767225600.0
"""2026-01-01: an earlier time is that of a board without a battery before it knows the time."""


class Refusal(Enum):
    """Why something cannot be set."""

    ZERO = "zero"
    LONG = "long"
    MANY = "many"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Rang:
    """Something that is due."""

    ring: Ring
    late: float
    """Seconds since it should have rung."""

    @property
    def missed(self) -> bool:
        """Whether it is too late to ring."""
        return self.late > MISSED_S


class Kept(Protocol):
    """Where it is kept; see `assistant.store.Store`."""

    def close(self) -> None:
        """Write no more."""

    @property
    def remembers(self) -> bool:
        """Whether all there is would survive a power cut."""

    def rings(self) -> list[Ring]:
        """Return all that rings."""

    def keep(self, ring: Ring) -> Ring:
        """Add or replace; return it with its id."""

    def forget(self, *ids: int) -> None:
        """Keep these no longer."""


class Alarms:
    """All that rings; may be used from any thread."""

    def __init__(
        self,
        kept: Kept,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        boot: str,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Take over what is kept.

        `now` tells the time in a zone that knows its rules, `monotonic` s since the start of the
        machine that `boot` names. `on_change` is called when `next_in` may have changed, from the
        thread of the change.
        """
        self._kept, self.now, self._monotonic, self._boot = kept, now, monotonic, boot
        self.on_change = on_change
        self._lock = threading.RLock()
        self.stopwatch = Stopwatch(monotonic)
        self._last: tuple[tuple[Ring, float], ...] = ()
        self._began = monotonic()
        self._passed: dict[int, float] = {}
        for ring in kept.rings():
            self._take_over(ring)

    @property
    def remembers(self) -> bool:
        """Whether all there is would survive a power cut."""
        return self._kept.remembers

    def close(self) -> None:
        """Give the file back; what is set from now on is forgotten."""
        self._kept.close()

    def of(self, kind: str) -> list[Ring]:
        """Return all of a kind, what rings next first, the paused at the end."""
        found = [ring for ring in self._kept.rings() if ring.kind == kind]
        return sorted(found, key=lambda ring: (ring.left is not None, self.left(ring)))

    def left(self, ring: Ring) -> float:
        """Return the s until it rings; below 0: it is due. Paused: what there would be."""
        if ring.left is not None:
            return ring.left
        return ring.mono - self._monotonic() if ring.seconds else ring.at - self.now().timestamp()

    def refuses(self, kind: str, seconds: float | None = None) -> Refusal | None:
        """Return why no countdown of `seconds`, or none of this kind at all, can be set now."""
        if seconds is not None and seconds <= 0:
            return Refusal.ZERO
        if seconds is not None and seconds > LONGEST_S:
            return Refusal.LONG
        return Refusal.MANY if len(self.of(kind)) >= MOST else None

    def count_down(self, kind: str, seconds: float, name: str = "", language: str = "en") -> Ring:
        """Ring in `seconds`, which `refuses` has let pass."""
        return self._put(self._running(Ring(kind, name, language, seconds), seconds))

    def at(
        self, kind: str, clock: str, day: str, repeat: str, name: str = "", language: str = "en"
    ) -> Ring | None:
        """Ring at a clock time, see `next_moment`; None: that is past by now."""
        moment = next_moment(clock, day, repeat, self.now())
        if moment is None:
            return None
        once = "" if repeat else moment.date().isoformat()
        return self._put(
            Ring(
                kind,
                name,
                language,
                clock=clock,
                day=once,
                repeat=repeat,
                at=moment.timestamp(),
                boot=self._boot,
            )
        )

    def extend(self, ring: Ring, seconds: float) -> Ring:
        """Let a countdown last longer, or shorter by what is below 0, but 1 s at the least."""
        left = max(1.0, self.left(ring) + seconds)
        ring = replace(ring, seconds=max(1.0, ring.seconds + seconds))
        paused = replace(ring, left=left)
        return self._put(paused if ring.left is not None else self._running(ring, left))

    def pause(self, ring: Ring) -> Ring:
        """Let a countdown stand still; no effect where it does."""
        return self._put(replace(ring, left=max(0.0, self.left(ring))))

    def resume(self, ring: Ring) -> Ring:
        """Let it go on; no effect where it runs."""
        return self._put(self._running(ring, ring.left)) if ring.left is not None else ring

    def cancel(self, rings: Sequence[Ring]) -> None:
        """Let these not ring."""
        with self._lock:
            self._kept.forget(*(ring.id for ring in rings))
        self.on_change()

    def snoozable(self) -> list[Ring]:
        """Return what rang last, if that is not long ago."""
        since = self._monotonic() - SNOOZABLE_S
        return [ring for ring, at in self._last if at > since]

    def snooze(self, seconds: float = SNOOZE_S) -> list[Ring]:
        """Let what rang last ring again in `seconds`; return it, empty: nothing rang."""
        with self._lock:
            rings, self._last = self.snoozable(), ()
        return [self.count_down(ring.kind, seconds, ring.name, ring.language) for ring in rings]

    def due(self) -> list[Rang]:
        """Return what should have rung by now, the earliest first; each is returned once."""
        with self._lock:
            known = self.now().timestamp() >= SANE
            for ring in self._kept.rings():
                if ring.boot != self._boot:  # read only now: before, the file could not be
                    self._take_over(ring)
            rang = [
                Rang(ring, -self.left(ring)) for ring in self._kept.rings() if self._is_due(ring)
            ]
            for each in rang:
                self._pass(each.ring)
            for ring in self._kept.rings() if known else ():
                if ring.repeat:
                    self._catch_up(ring)
            if ringing := [each.ring for each in rang if not each.missed]:
                self._last = tuple((ring, self._monotonic()) for ring in ringing)
        return sorted(rang, key=lambda each: -each.late)

    def next_in(self) -> float | None:
        """Return the s until something is due, 0: now; None: nothing will be.

        The clock on the wall may jump meanwhile, so it should be asked again within a minute.
        """
        waits = [max(0.0, self.left(ring)) for ring in self._kept.rings() if self._counts(ring)]
        return min(waits, default=None)

    def _counts(self, ring: Ring) -> bool:
        """It goes by a clock that tells something."""
        return ring.left is None and (ring.seconds > 0 or self.now().timestamp() >= SANE)

    def _is_due(self, ring: Ring) -> bool:
        return self._counts(ring) and self.left(ring) <= 0

    def _pass(self, ring: Ring) -> None:
        """It has rung."""
        again = next_moment(ring.clock, "", ring.repeat, self.now()) if ring.repeat else None
        if again:
            self._passed[ring.id] = self._monotonic()
            self._kept.keep(replace(ring, at=again.timestamp()))
        else:
            self._kept.forget(ring.id)

    def _catch_up(self, ring: Ring) -> None:
        """The clock has gone back far: it rings sooner than was thought."""
        now = self.now()
        soonest = next_moment(ring.clock, "", ring.repeat, now)
        after = soonest and next_moment(ring.clock, "", ring.repeat, soonest)
        if not soonest or not after or soonest.timestamp() >= ring.at:
            return
        far = soonest.timestamp() > now.timestamp() + BACK_S or after.timestamp() < ring.at
        if far or self._monotonic() - self._passed.get(ring.id, self._began) > BACK_S:
            self._kept.keep(replace(ring, at=soonest.timestamp()))

    def _running(self, ring: Ring, left: float) -> Ring:
        return replace(
            ring,
            left=None,
            at=self.now().timestamp() + left,
            mono=self._monotonic() + left,
            boot=self._boot,
        )

    def _put(self, ring: Ring) -> Ring:
        """Keep it, unless it was cancelled or has rung meanwhile."""
        with self._lock:
            if not ring.id or any(each.id == ring.id for each in self._kept.rings()):
                ring = self._kept.keep(ring)
        self.on_change()
        return ring

    def _take_over(self, ring: Ring) -> None:
        """Go on with what was kept; what makes no sense (a damaged file) is dropped."""
        if not _sound(ring):
            log.warning("store: %s number %s makes no sense; it is dropped.", ring.kind, ring.id)
            self._kept.forget(ring.id)
        elif ring.seconds and ring.left is None and ring.boot != self._boot:
            left = min(ring.at - self.now().timestamp(), ring.seconds)
            self._kept.keep(self._running(ring, left))


def _sound(ring: Ring) -> bool:
    """Whether it can ring."""
    if ring.kind not in KINDS or ring.language not in ("en", "zh"):
        return False
    if not all(math.isfinite(each) for each in (ring.at, ring.mono, ring.left or 0.0)):
        return False
    if ring.seconds:
        return 0 < ring.seconds <= LONGEST_S * MOST
    try:
        next_moment(ring.clock, ring.day, ring.repeat, datetime.now().astimezone())
    except (ValueError, OverflowError):
        return False
    return bool(ring.day or ring.repeat)
