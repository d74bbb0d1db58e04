"""Gives every parser that takes outside bytes many broken inputs: no crash, no hang is allowed.

Each parser runs in a process of its own, so that a crash in native code is found, too. The same
seed makes the same inputs.
"""

import argparse
import collections
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fuzzing.running import Fault, case, confine, faults
from fuzzing.targets import TARGETS

PROGRESS = struct.Struct("q")
SILENT_S = 600.0
"""A process that begins no case for so long hangs in native code."""
LOOK_S = 0.2


def main() -> int:
    """Run them; exit code 1 where a parser fails."""
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="over all targets together")
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--target", choices=TARGETS, action="append", help="default: all")
    parser.add_argument("--only", type=int, metavar="N", help="run case N alone, in this process")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write failing inputs there")
    parser.add_argument("--child", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.target or list(TARGETS)
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    if given.child:
        return child(names[0], seed, range(*given.child))
    if given.only is not None:
        return alone(names[0], seed, given.only, given.keep)
    failed, shares = 0, sum(TARGETS[name].share for name in names)
    for name in names:
        each = max(1, given.cases * TARGETS[name].share // shares)
        began = time.monotonic()
        found = list(watched(name, seed, each))
        kinds = collections.Counter(fault.what for fault in found)
        print(
            f"{name:10s} {each:8d} cases {time.monotonic() - began:7.1f} s {len(found):4d} failed",
            flush=True,
        )
        for what, count in kinds.most_common():
            first = next(fault for fault in found if fault.what == what)
            print(
                f"  {count:5d}  {what}\n         script/fuzz --target {name} --seed {seed} "
                f"--only {first.number}",
                flush=True,
            )
            keep(given.keep, name, seed, first.number)
        failed += len(found)
    print(f"seed {seed}: {failed} failed")
    return 1 if failed else 0


def watched(name: str, seed: int, cases: int) -> list[Fault]:
    """Return the faults of a target; its process is started anew behind a case that ends it."""
    found, at = [], 0
    while at < cases:
        told, last, ended = run_child(name, seed, at, cases)
        found += told
        if ended is None:
            break
        found.append(Fault(last, ended, ""))
        at = last + 1
    return found


def run_child(name: str, seed: int, start: int, end: int) -> tuple[list[Fault], int, str | None]:
    """Run cases in a process of its own; return faults, the last case, and how it broke off."""
    number = os.memfd_create("progress")
    os.ftruncate(number, PROGRESS.size)
    command = [sys.executable, __file__, "--target", name, f"--seed={seed}", "--child"]
    with tempfile.TemporaryFile("w+") as told, mmap.mmap(number, PROGRESS.size) as progress:
        process = subprocess.Popen(
            [*command, str(start), str(end)],
            stdout=told,
            stderr=subprocess.DEVNULL,
            pass_fds=[number],
            env={**os.environ, "FUZZ_PROGRESS": str(number)},
        )
        hangs = not _ends(process, progress)
        (last,) = PROGRESS.unpack(progress[:])
        told.seek(0)
        found = [Fault(**json.loads(line)) for line in told]
    os.close(number)
    if process.returncode == 0:
        return found, last, None
    return found, last, "hangs in native code" if hangs else f"died: {process.returncode}"


def _ends(process: "subprocess.Popen[bytes]", progress: mmap.mmap) -> bool:
    """Wait for its end, or end it when it gets nowhere."""
    last, since = b"", time.monotonic()
    while True:
        try:
            process.wait(LOOK_S)
            return True
        except subprocess.TimeoutExpired:
            if (now := progress[:]) != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > SILENT_S:
                process.kill()
                process.wait()
                return False


def child(name: str, seed: int, numbers: range) -> int:
    """Run cases here, and tell of each fault on a line; where it is stands in shared memory."""
    confine()
    with mmap.mmap(int(os.environ["FUZZ_PROGRESS"]), PROGRESS.size) as progress:

        def begins(number: int) -> None:
            progress[:] = PROGRESS.pack(number)

        for fault in faults(name, TARGETS[name], seed, numbers, begins):
            print(json.dumps(fault.__dict__), flush=True)
    return 0


def alone(name: str, seed: int, number: int, folder: Path | None) -> int:
    """Run one case and show all of it."""
    keep(folder, name, seed, number)
    data = case(name, TARGETS[name].seeds(), seed, number)
    print(repr(data[:2000]))
    for fault in faults(name, TARGETS[name], seed, range(number, number + 1)):
        print(fault.trace, fault.what)
        return 1
    return 0


def keep(folder: Path | None, name: str, seed: int, number: int) -> None:
    """Write a case to a file, where that is wanted."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        data = case(name, TARGETS[name].seeds(), seed, number)
        (folder / f"{name}-{seed}-{number}").write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
