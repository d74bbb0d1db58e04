"""Kills what keeps timers, history and settings, and cuts its power, at random moments.

    script/powercut                          500 of each
    script/powercut --kills 0 --cuts 100 --synchronous NORMAL    what that would lose

    sudo script/powercut --kills 0 --cuts 0 --images 100         a real file system

The power cut is simulated, see tests/powercut.py: what was not synced is lost in part, torn, or
not at all. What was told to be kept must be there, and nothing that was forgotten. With `--images`
it is the image of an ext4 file system that is copied while it is written to, and mounted.
"""

import argparse
import contextlib
import itertools
import logging
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import keeper  # noqa: E402
from small_disk import SmallDisk  # noqa: E402

STEPS = 80
A_RECORD = 50
"""Moments of one recorded run in which the power is cut."""


def main():
    """Return the exit code: 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--images", type=int, default=0, help="needs root")
    parser.add_argument("--synchronous", default="FULL", choices=("FULL", "NORMAL", "OFF"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # of damage, which is counted
    rng = random.Random(args.seed)
    lost = 0
    faults = {
        "killed": kills(args, rng),
        "power cut": cuts(args),
        "image copied": images(args, rng),
    }
    for what, run in faults.items():
        began = time.monotonic()
        if not (outcome := list(run)):
            continue
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


def images(args, rng):
    """Yield what is wrong with each copy of the image."""
    for first in range(0, args.images, A_RECORD):
        steps = keeper.plan(args.seed + first, 20_000)
        with contextlib.ExitStack() as ends:
            place = Path(ends.enter_context(tempfile.TemporaryDirectory()))
            disk = ends.enter_context(contextlib.closing(SmallDisk(place, "16M")))
            command = [keeper.__file__, disk.folder, str(args.seed + first), str(len(steps))]
            said = ends.enter_context(Said([sys.executable, *command, args.synchronous]))
            for number in range(min(A_RECORD, args.images - first)):
                time.sleep(rng.uniform(0, 0.3))
                done, image, latest = said.lines, disk.as_it_is(said.hold), said.lines
                said.go_on()
                yield after_the_cut(place / str(number), image, steps, done, latest)


def after_the_cut(place, image, steps, done, latest):
    """Return what is wrong on the copy, mounted."""
    place.mkdir()
    with contextlib.closing(SmallDisk(place, image=image)) as left:
        (left.folder / keeper.MODEL).write_bytes(keeper.MODEL.encode())
        bad = keeper.wrong(left.folder, steps, done, latest=latest, states_stay=False)
    left.image.unlink()
    return bad


class Said:
    """A child that tells each step, counted in `lines`; a context manager."""

    def __init__(self, command):
        self.lines = 0
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._count)

    def _count(self):
        for _ in self._child.stdout:
            self.lines += 1

    def hold(self):
        """Let it stand still; what it has begun to write is written."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._child.send_signal(signal.SIGCONT)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        self._reader.join()


if __name__ == "__main__":
    sys.exit(main())
