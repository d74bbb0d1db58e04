"""Runs cases in this process, and notices what must not be: an exception, a hang, much memory."""

import contextlib
import random
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.errors import AssistantError
from fuzzing.mutating import mutated
from fuzzing.targets import Target

HANGS_S = 5.0
"""CPU s of one case: a busy machine does not count. The input has 64 KiB at the most."""
MEMORY = 4 << 30
"""Bytes of address space; whoever wants more gets a `MemoryError`."""


class Hangs(BaseException):
    """It takes too long. No `Exception`, so that no parser can swallow it."""


@dataclass(frozen=True)
class Fault:
    """A case that must not be."""

    number: int
    what: str
    """The exception and where it was raised: the same for the same fault."""
    trace: str


def case(name: str, seeds: list[bytes], seed: int, number: int) -> bytes:
    """Return the input of a case."""
    return mutated(random.Random(f"{seed}/{name}/{number}"), seeds)


def faults(
    name: str,
    target: Target,
    seed: int,
    numbers: range,
    begins: Callable[[int], object] = int,
) -> Iterator[Fault]:
    """Yield the cases that fail; `begins` is told each one before."""
    seeds = target.seeds()
    for number in numbers:
        data = case(name, seeds, seed, number)
        begins(number)
        try:
            with limited(HANGS_S):
                target.parse(data)
        except AssistantError:
            pass
        except (Exception, Hangs) as error:
            yield Fault(number, _what(error), "".join(traceback.format_exception(error)[-12:]))


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Hangs` in whatever takes more CPU s than that."""

    def stop(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def confine() -> None:
    """Let this process have `MEMORY` and no core files."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _what(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/assistant/" in f.filename] or frames[-1:]
    return (
        f"{type(error).__name__} in {own[-1].filename.rpartition('/assistant/')[2]}, {own[-1].name}"
    )
