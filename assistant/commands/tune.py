"""`assistant tune`: how many threads each engine is fastest with, measured on this machine."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import click

from assistant.commands import example, print_json, settings, tell
from assistant.config import Config
from assistant.errors import AssistantError

BUDGET_S = 60.0
"""All measuring together; what has not been measured by then keeps its rule of thumb."""
ROUNDS = 3
WORTH = 0.95
"""More threads are taken only when they need less than this share of the time: each of them is one
that somebody else may want."""


@click.command(
    epilog=example("assistant tune", "assistant tune --json", "assistant tune --dry-run")
)
@click.option("--dry-run", is_flag=True, help="Measure, but keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="One object: threads, times, file.")
def command(dry_run: bool, as_json: bool) -> None:
    """Measure how many threads each engine is fastest with here, and use that from now on.

    Takes a minute at the most. Counts for this processor and this model; settings that name a
    number of threads go before it.
    """
    from assistant import threads

    config = settings()
    times = _measure(config, quiet=as_json)
    chosen = threads.Threads(**{kind: _best(found) for kind, found in times.items()})
    file = (
        None if dry_run else str(threads.save(config.cache_dir, threads.model_name(config), chosen))
    )
    if as_json:
        shown = {
            kind: {str(n): round(s, 4) for n, s in found.items()} for kind, found in times.items()
        }
        print_json(
            {
                "threads": {k: _best(found) for k, found in times.items()},
                "times": shown,
                "file": file,
            }
        )
        return
    for kind, found in times.items():
        row = ", ".join(f"{n}: {1000 * s:.0f} ms" for n, s in sorted(found.items()))
        tell("{kind:12} {found} threads ({row})", kind=kind, found=_best(found), row=row)
    if dry_run:
        tell("nothing was kept")
    else:
        tell("kept in {file}", file=file)


def _best(times: dict[int, float]) -> int:
    """Return the smallest number of threads that is about as fast as the fastest; 0 for none."""
    if not times:
        return 0
    best = min(times)
    for count in sorted(times):
        if times[count] < WORTH * times[best]:
            best = count
    return best


def _measure(config: Config, quiet: bool) -> dict[str, dict[int, float]]:
    """Return for each kind of work: threads -> median s."""
    from assistant import machine

    ends = time.monotonic() + BUDGET_S
    counts = range(1, min(machine.cores(), 8) + 1)
    engines: dict[str, Callable[[int], Callable[[], Any] | None]] = {
        **_mind(config),
        "recogniser": lambda count: _recogniser(config, count),
        "synthesiser": lambda count: _synthesiser(config, count),
    }
    times: dict[str, dict[int, float]] = {kind: {} for kind in engines}
    for kind, make in engines.items():
        if not quiet:
            click.echo(f"{kind} ...", err=True)
        jobs = {count: job for count in counts if (job := make(count))}
        for count, seconds in _medians(jobs, ends).items():
            times[kind][count] = seconds
    return times


def _medians(jobs: dict[int, Callable[[], Any]], ends: float) -> dict[int, float]:
    """Run the jobs in turn, so that a machine that slows down slows all of them."""
    taken: dict[int, list[float]] = {count: [] for count in jobs}
    for job in jobs.values():
        job()  # warm
    for _ in range(ROUNDS):
        for count, job in jobs.items():
            if time.monotonic() > ends:
                break
            began = time.perf_counter()
            job()
            taken[count].append(time.perf_counter() - began)
    return {count: statistics.median(found) for count, found in taken.items() if found}


def _mind(config: Config) -> dict[str, Callable[[int], Callable[[], Any] | None]]:
    from assistant.mind.llama import LlamaModel
    from assistant.mind.model import Message
    from assistant.models import Shelf

    path = Shelf(config.models_dir).locate(config.llm.model, "llm")
    llm = config.llm.model_copy(update={"temperature": 0.0, "max_tokens": 17})
    model = LlamaModel(path, llm, models=config.models_dir)
    long = "The weather is fine today and we are going out for a walk by the river. " * 6

    def decode(count: int) -> Callable[[], Any]:
        def job() -> None:
            model.use_threads(count, count)
            messages = [Message("user", "Count from one to twenty in words.")]
            for _ in model.reply(messages, lambda: False):
                pass

        return job

    def prefill(count: int) -> Callable[[], Any]:
        def job() -> None:
            model.use_threads(count, count)
            model.warm([Message("user", f"{time.monotonic()} {long}")])

        return job

    return {"decode": decode, "prefill": prefill}


def _recogniser(config: Config, count: int) -> Callable[[], Any] | None:
    from assistant.audio.frames import FRAME_SAMPLES
    from assistant.commands.bench import questions
    from assistant.ears import engines

    asr = config.asr.model_copy(update={"threads": count})
    if asr.engine == "wyoming":  # another host's threads
        return None
    try:
        recogniser = engines.make(config.model_copy(update={"asr": asr}))
    except AssistantError:
        return None
    pcm = questions(None)[0].pcm

    def job() -> None:
        recogniser.start()
        for at in range(0, len(pcm), FRAME_SAMPLES):
            recogniser.feed(pcm[at : at + FRAME_SAMPLES])
        recogniser.finish()

    return job


def _synthesiser(config: Config, count: int) -> Callable[[], Any] | None:
    from assistant.mouth import engines

    speech = config.speech.model_copy(update={"threads": count})
    if speech.engine == "wyoming":
        return None
    try:
        voice = engines.make(config.model_copy(update={"speech": speech}))
    except AssistantError:
        return None

    def job() -> None:
        for _ in voice.synthesise("That is a very good question.", lambda: False):
            pass

    return job
