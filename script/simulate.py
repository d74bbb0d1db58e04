"""Runs thousands of random conversations with faults through the real decider, in virtual time."""

import argparse
import collections
import random
import sys
import time
from pathlib import Path

from simulated.house import House
from simulated.people import People, drawn_rules
from simulated.promises import Broken, need

from assistant.conversation import Phase
from assistant.conversation.turns import idle
from assistant.record import recording

QUIET_S = 4000.0
"""After the last that people do, all must have come to rest; the longest stall is an hour."""
SHOWN = 40
"""Events before a broken promise that are shown."""


def converse(seed: int, number: int) -> House:
    """Run one conversation; `Broken`, with the attribute `house`, where a promise does not hold."""
    rng = random.Random(f"{seed}/{number}")
    house = House(drawn_rules(rng), rng, rng.choice((0.001, 0.05, 0.3)))
    try:
        house.begin(duplex=rng.random() < 0.6)
        seconds = People(house, rng).plan()
        house.clock.run(house.clock.now + seconds + QUIET_S)
        state = house.state
        rests = state.phase is Phase.ASLEEP or (house.rules.always and idle(state))
        need(rests, "never stuck: nobody does anything, and it does not come to rest")
        need(not house.mouth.audible(), "at rest it is silent")
    except Exception as error:
        error.house = house  # type: ignore[attr-defined]
        raise
    return house


def main() -> int:
    """Run them; print the seed of what fails. Exit code 1 where something does."""
    parser = argparse.ArgumentParser(prog="script/simulate", description=__doc__)
    parser.add_argument("--conversations", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--only", type=int, metavar="N", help="run the Nth conversation alone")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write it, for assistant replay")
    parser.add_argument("--all", action="store_true", help="go on after a failure, and count")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    numbers = range(given.conversations) if given.only is None else [given.only]
    began, counts = time.monotonic(), collections.Counter[str]()
    broken = collections.Counter[str]()
    for number in numbers:
        try:
            house = converse(seed, number)
        except Exception as error:
            house = error.house  # type: ignore[attr-defined]
            promise = str(error) if isinstance(error, Broken) else repr(error)
            broken[promise.split(":")[0]] += 1
            if broken[promise.split(":")[0]] == 1:
                show(seed, number, promise, house)
        if given.keep and given.only is not None:
            recording.write(given.keep, house.recording())
        counts["conversations"] += 1
        counts["events"] += len(house.entries)
        counts["questions"] += house.promises.questions
        counts["answers"] += house.promises.answered
        counts["timers"] += house.promises.rung
        counts["virtual hours"] += int(house.clock.now)
        if broken and not given.all:
            break
    counts["virtual hours"] //= 3600
    print(f"seed {seed}:", ", ".join(f"{count} {name}" for name, count in counts.items()),
          f"in {time.monotonic() - began:.0f} s; {sum(broken.values())} failed")  # fmt: skip
    for promise, count in broken.most_common():
        print(f"{count:6d}  {promise}")
    return 1 if broken else 0


def show(seed: int, number: int, promise: str, house: House) -> None:
    """Tell what was broken, and what came before."""
    for entry in house.entries[-SHOWN:]:
        print(f"{entry.at:10.3f}  {entry.event}")
        for command in entry.commands:
            print(f"            {command}")
    print(f"BROKEN: {promise}\n    script/simulate --seed {seed} --only {number}")


if __name__ == "__main__":
    sys.exit(main())
