"""How the assistant does with little memory and with few or slow cores: a smaller board, emulated.

    sudo python benchmarks/limits.py [--only NAME,NAME] [--turns 3] [--json]

Each case runs `assistant bench memory`, `startup` and `latency` in a control group of its own (v2,
or v1 where only that is there): `memory` MB are all that it may have, swap and page cache included;
it runs on `cores` processors, of which it gets the share `speed`. What a board has besides, slower
memory and other instructions, is not emulated: `speed` says how a case compares with this machine,
not how a Raspberry Pi does.

Printed for each case: `ready_s` and `rss_mb`, `peak_mb` (the group's, page cache included),
`latency_s` (median, from the last voiced sample to the first audible), `killed` where the kernel
ended it for want of memory. Needs root; the groups are removed afterwards.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GROUPS = Path("/sys/fs/cgroup")
NAME = f"assistant-limits-{os.getpid()}"
PERIOD_US = 100_000


@dataclass(frozen=True)
class Case:
    """One emulated machine; 0 MB: no limit."""

    name: str
    memory: int
    cores: int
    speed: float
    profile: str
    more: tuple[str, ...] = ()
    """Further settings, as `--set` takes them."""


ELSEWHERE = ("llm.model=none", "remote.endpoint=http://127.0.0.1:9/v1", "remote.share=all")
"""Another host thinks; nobody does at that address, so that what is said is an apology."""
CASES = [
    Case("2-cores", 0, 2, 1.0, "full"),
    Case("2-gb", 2000, 2, 1.0, "full"),
    Case("1-gb-full", 1000, 2, 1.0, "full"),
    Case("1-gb", 1000, 2, 1.0, "small"),
    Case("512-mb-model", 500, 2, 1.0, "zero"),
    Case("512-mb", 500, 2, 1.0, "zero", ELSEWHERE),
    Case("1-core-full", 0, 1, 1.0, "full"),
    Case("1-core", 0, 1, 1.0, "pi4"),
    Case("2-slow-full", 0, 2, 0.5, "full"),
    Case("2-slow", 0, 2, 0.5, "pi4"),
    Case("1-slow", 0, 1, 0.5, "pi4"),
]


class Limits:
    """The control groups of one case; what they are called differs between v1 and v2."""

    def __init__(self, case: Case) -> None:
        self.unified = (GROUPS / "cgroup.controllers").is_file()
        parents = {GROUPS} if self.unified else {GROUPS / "memory", GROUPS / "cpu"}
        self.folders = [parent / NAME for parent in sorted(parents)]
        quota = int(case.cores * case.speed * PERIOD_US)
        size = case.memory * 1_000_000
        if self.unified:
            self.values = {"cpu.max": f"{quota} {PERIOD_US}"}
            self.values |= {"memory.max": str(size), "memory.swap.max": "0"} if size else {}
        else:
            self.values = {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota)}
            self.values |= {"memory.limit_in_bytes": str(size)} if size else {}

    def __enter__(self) -> "Limits":
        for folder in self.folders:
            folder.mkdir()
        for name, value in self.values.items():
            self._file(name).write_text(value)
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def enter(self) -> None:
        """Move this process into the groups (called in the child)."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak_mb(self) -> int:
        """Return the most memory that the groups ever had, in MB."""
        name = "memory.peak" if self.unified else "memory.max_usage_in_bytes"
        return round(int(self._file(name).read_text()) / 1e6)

    def killed(self) -> bool:
        """Return whether the kernel ended something in them for want of memory."""
        name = "memory.events" if self.unified else "memory.oom_control"
        lines = self._file(name).read_text().splitlines()
        return any(line.split()[0] == "oom_kill" and line.split()[1] != "0" for line in lines)

    def _file(self, name: str) -> Path:
        return next(f for folder in self.folders if (f := folder / name).exists())


def bench(case: Case, limits: Limits, *arguments: str) -> dict[str, Any]:
    """Run `assistant bench ...` in the groups; returns its object, or what it said instead."""

    def prepare() -> None:
        limits.enter()
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: case.cores])

    chosen = [f"--set={each}" for each in (f"profile={case.profile}", *case.more)]
    command = [sys.executable, "-m", "assistant", *chosen, "bench"]
    answer = subprocess.run(
        [*command, *arguments, "--json"], capture_output=True, text=True, preexec_fn=prepare
    )
    if answer.returncode:
        last = (answer.stderr.strip() or f"signal {-answer.returncode}").splitlines()[-1]
        return {"failed": last}
    return dict(json.loads(answer.stdout))


def run(case: Case, turns: int) -> dict[str, Any]:
    """Return the figures of one case."""
    with Limits(case) as limits:
        memory = bench(case, limits, "memory", "--turns", str(turns))
        startup = bench(case, limits, "startup", "--runs", "1")
        latency = bench(case, limits, "latency", "--runs", str(turns))
        found = {
            "ready_s": startup.get("ready_s"),
            "rss_mb": memory.get("rss_mb"),
            "peak_mb": limits.peak_mb(),
            "latency_s": latency.get("median_s"),
            "killed": limits.killed(),
        }
    said = [each["failed"] for each in (memory, startup, latency) if "failed" in each]
    return {**asdict(case), **found, **({"said": said[0]} if said else {})}


def results(names: list[str], turns: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of each case that was asked for."""
    for case in CASES:
        if not names or case.name in names:
            yield run(case, turns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help=", ".join(case.name for case in CASES))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # no group stays behind
    names = [name for name in wanted.only.split(",") if name]
    load = os.getloadavg()[0]
    for number, row in enumerate(results(names, wanted.turns)):
        row["load_before"] = round(load, 1)
        if wanted.json:
            print(json.dumps(row), flush=True)
            continue
        if number == 0:
            print("| " + " | ".join(row) + " |")
        print("| " + " | ".join(str(value) for value in row.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
