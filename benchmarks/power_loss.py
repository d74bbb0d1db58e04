"""Kills what keeps timers, history and settings, and cuts its power, at random moments.

    script/powercut                          500 of each
    script/powercut --kills 0 --cuts 100 --synchronous NORMAL    what that would lose

The power cut is simulated, see tests/powercut.py: what was not synced is lost in part, torn, or
not at all. What was told to be kept must be there, and nothing that was forgotten.
"""

import argparse
import itertools
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import keeper  # noqa: E402

STEPS = 80
A_RECORD = 50
"""Moments of one recorded run in which the power is cut."""


def main():
    """Return the exit code: 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--synchronous", default="FULL", choices=("FULL", "NORMAL", "OFF"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # of damage, which is counted
    rng = random.Random(args.seed)
    lost = 0
    for what, run in (("killed", kills(args, rng)), ("power cut", cuts(args))):
        began = time.monotonic()
        outcome = list(run)
        bad = [each for each in outcome if each]
        lost += len(bad)
        kinds = Counter(itertools.chain.from_iterable(map(set, bad)))
        print(
            f"{what}: {len(outcome)} times, with something lost {len(bad)} times, "
            f"{time.monotonic() - began:.0f} s {dict(kinds) or ''}",
            flush=True,
        )
    return 1 if lost else 0


def kills(args, rng):
    """Yield what is wrong after each kill."""
    for number in range(args.kills):
        with tempfile.TemporaryDirectory() as folder:
            after = rng.uniform(0, 0.3)
            yield keeper.killed(Path(folder), args.seed + number, after, args.synchronous)


def cuts(args):
    """Yield what is wrong after each cut."""
    for first in range(0, args.cuts, A_RECORD):
        moments = min(A_RECORD, args.cuts - first)
        with tempfile.TemporaryDirectory() as folder:
            disk = Path(folder) / "disk"
            yield from keeper.cut(disk, args.seed + first, STEPS, moments, args.synchronous)


if __name__ == "__main__":
    sys.exit(main())
