"""The workers of a daemon: what hangs is left behind, and what fails too often is replaced.

A thread that hangs in native code cannot be ended, and what it has allocated cannot be freed. So it
is left behind, and another one takes its place with an engine of its own; the conversation goes on.
Only where that has no end the process does, so that whoever started it starts it again: when
`MOST_LEFT` hang, or when there is no memory for another engine beside the one that hangs.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from assistant.conversation import Rules
from assistant.errors import AssistantError
from assistant.fitness import Fitness
from assistant.messages import say
from assistant.worker import Hand

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the workers are looked at, in s."""
MOST_LEFT = 3
"""Threads that may hang at the same time."""
AHEAD = "ahead"
"""Answering in secret, which is not the work of one room: without it, it answers later."""
WATCHED = ("mind", "ears", "mouth", AHEAD)


def poor(room: str, why: str, back_in_s: float) -> str:
    """Return the sentence for people about something that failed too often."""
    instead = {
        "mind": say("The language model fails: only skills and documents answer"),
        "ears": say("The recogniser fails: another one hears, if there is one"),
        "mouth": say("The voice fails: a plainer one speaks, if there is one"),
        AHEAD: say("Answers begun early fail: it begins to think when the question is over"),
    }
    return say(
        "{instead} ({why}); tried again in {seconds} s.",
        instead=instead.get(room, room),
        why=why.rstrip("."),
        seconds=round(back_in_s),
    )


class Crew:
    """Used on the daemon's loop, but for what is said otherwise."""

    def __init__(
        self,
        failed: Callable[[str, AssistantError], None],
        worn: Callable[[AssistantError], None],
        changed: Callable[[], None],
    ) -> None:
        """`failed(room, error)` is told of what hangs, `worn(error)` when it cannot go on.

        ``changed()`` is called, from any thread, when `told` may be something else.
        """
        self._failed, self._worn, self._changed = failed, worn, changed
        self.fitness: Mapping[str, Fitness] = {each: Fitness(changed=changed) for each in WATCHED}
        """How well each room's engine works, and speculation."""
        self.hung = 0
        """Threads that were left behind and still hang, as far as it has looked."""

    def crashed(self, times: Mapping[str, int]) -> None:
        """These rooms have crashed so many processes in a row before this one."""
        for room, number in times.items():
            if fitness := self.fitness.get(room):
                fitness.crashed(number, f"it crashed {number} times in a row")

    async def watch(self, hands: Callable[[], Iterable[Hand]]) -> None:
        """Look after those `hands`, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look(list(hands()))

    def look(self, hands: list[Hand]) -> None:
        """Look at them once."""
        for hand in hands:
            if hand.worker.silent_s() > hand.limit_s:
                self._leave_behind(hand)
        left = [hand for hand in hands if hand.worker.left]
        self.hung = sum(hand.worker.left for hand in left)
        stuck = next((hand for hand in left if self.fitness[hand.room].poor), None)
        if stuck or self.hung >= MOST_LEFT:
            room = (stuck or left[0]).room
            self._worn(
                AssistantError(
                    "{room} hangs and cannot be replaced any more; the assistant ends, to be "
                    "started again.",
                    room=room,
                )
            )

    def rules(self, rules: Rules) -> Rules:
        """Return the settings for the decider, as far as they can be followed now."""
        return replace(rules, ahead=False) if self.fitness[AHEAD].resting else rules

    def told(self) -> list[dict[str, Any]]:
        """Return what does not work as it should, for status: see `poor`."""
        return [
            {"room": room, "why": fitness.why, "back_in_s": round(fitness.back_in_s)}
            for room, fitness in self.fitness.items()
            if fitness.poor
        ]

    def _leave_behind(self, hand: Hand) -> None:
        seconds = hand.worker.silent_s()
        log.error("%s gives no sign of life for %.0f s; it is replaced. It is here:", hand, seconds)
        for line in hand.worker.where().splitlines():
            log.error("  %s", line)
        self.fitness[hand.room].failed(f"it gave no sign of life for {seconds:.0f} s")
        hand.worker.abandon(hand.renew, hand.key)
        self._failed(hand.room, AssistantError("{room} hangs.", room=hand.room))
