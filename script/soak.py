"""Talks for hours: memory, open files, threads, missed turns. Exit code 1 where something grows."""

import argparse
import sys
import tempfile
from pathlib import Path

from soaking import hours
from soaking.measuring import GROWTH, Sample, verdict

LARGEST_STATE = 4000
"""Characters of the decider's state, written down, that are no growth: two clauses and an echo."""


def main() -> int:
    """Run both parts that are wanted, and print a table of each."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("--hours", type=int, default=8, help="of virtual time, the decider alone")
    parser.add_argument("--minutes", type=float, default=60.0, help="of real time, everything")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    given = parser.parse_args()
    good = virtual(given.hours, given.seed) if given.hours else True
    if given.minutes:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            good = aloud(given.minutes, Path(folder), given.settings) and good
    return 0 if good else 1


def virtual(wanted: int, seed: int) -> bool:
    """Hours of the decider; every promise of `script/simulate` holds in them, or it raises."""
    print("  hour  questions  answers  timers  state")
    largest = 0
    for hour, house in hours.pass_by(wanted, seed):
        told, length = house.promises, hours.size(house)
        largest = max(largest, length)
        print(f"{hour:6d} {told.questions:10d} {told.answered:8d} {told.rung:7d} {length:6d}",
              flush=True)  # fmt: skip
    good = largest <= LARGEST_STATE
    print(f"{wanted} virtual hours: {'good' if good else 'the state has grown'}\n")
    return good


def aloud(minutes: float, folder: Path, settings: list[str]) -> bool:
    """Minutes with the real engines on a virtual sound card."""
    from soaking.aloud import talk

    print("minute  turns  missed  memory MB  files  threads")
    samples: list[Sample] = []
    turns, missed, shown = 0, 0, -1
    for sample, turns, missed in talk(minutes * 60.0, folder, settings):
        samples.append(sample)
        if int(sample.at // 60) > shown:
            shown = int(sample.at // 60)
            print(f"{shown:6d} {turns:6d} {missed:7d} {sample.memory:10.1f} {sample.files:6d} "
                  f"{sample.threads:8d}", flush=True)  # fmt: skip
    if not samples:
        print("not a single turn")
        return False
    grown = verdict(samples)
    good = grown.good and not missed
    print(
        f"{minutes:g} minutes: {turns} turns, {missed} missed; memory {grown.memory:+.2%} "
        f"(at most {GROWTH:.0%}), files {grown.files:+d}, threads {grown.threads:+d}: "
        f"{'good' if good else 'not good'}"
    )
    return good


if __name__ == "__main__":
    sys.exit(main())
