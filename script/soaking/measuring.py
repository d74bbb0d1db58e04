"""What a process and its children take, over time, and what may grow of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from assistant.bench.idle import PROC, family

MB = 1e6
WINDOW = 0.25
"""Share of the samples that are compared with each other, at both ends."""
GROWTH = 0.02
"""Memory may grow by so much from end to end."""


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment."""

    at: float
    """s since the start."""
    memory: float
    """Resident, of all processes, in MB (10^6 bytes)."""
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has grown between the first and the last samples."""

    memory: float
    """As a part: 0.01 is 1 %."""
    files: int
    threads: int

    @property
    def good(self) -> bool:
        """Whether nothing has grown."""
        return self.memory <= GROWTH and self.files <= 0 and self.threads <= 0


def look(pid: int, at: float) -> Sample:
    """Measure a process and all below it; what ends meanwhile does not count."""
    memory, files, threads = 0.0, 0, 0
    for each in family(pid):
        try:
            told = dict(
                line.split(":", 1)
                for line in (PROC / str(each) / "status").read_text().splitlines()
            )
            open_files = len(list((PROC / str(each) / "fd").iterdir()))
        except OSError:
            continue
        memory += int(told.get("VmRSS", "0 kB").split()[0]) * 1024 / MB
        threads += int(told["Threads"])
        files += open_files
    return Sample(at, memory, files, threads)


def verdict(samples: Sequence[Sample]) -> Verdict:
    """Compare the medians of both ends; one sample is noise, and none is a question of luck."""
    count = max(1, round(len(samples) * WINDOW))
    first, last = samples[:count], samples[-count:]

    def grown(of: str) -> float:
        return median(getattr(s, of) for s in last) - median(getattr(s, of) for s in first)

    memory = grown("memory") / median(s.memory for s in first)
    return Verdict(memory, int(grown("files")), int(grown("threads")))
