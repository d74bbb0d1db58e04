"""All scenarios one after the other, and then what a recogniser understands of the replies."""

import asyncio
import dataclasses
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.bench.conversation.fit import Fit, understood_alone
from assistant.bench.conversation.judging import Own, understood
from assistant.bench.conversation.outcome import Outcome, by_kind, table
from assistant.bench.conversation.scenes import (
    Disturbance,
    Take,
    alone,
    commanded,
    disturbed,
    hesitant,
    interrupted,
)
from assistant.bench.conversation.script import ENGLISH, WAKE, Script, of
from assistant.bench.conversation.stage import RATE_OUT, Stage
from assistant.bench.conversation.talkers import (
    Talker,
    orders,
    others,
    own_voice,
    readers,
    synthetic,
)
from assistant.bench.room import Setup
from assistant.bench.room.noises import cough
from assistant.config import Config
from assistant.errors import AssistantError

T = TypeVar("T")
Tell = Callable[[str], None]
TELEVISION_S = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How often each scenario is played."""

    stops: int
    wakes: int
    interruptions: int
    backchannels: int
    coughs: int
    asides: int
    televisions: int
    pauses: int
    minutes: float
    """Of its own speech alone; once at the least."""
    together: bool = False
    """All that shall not stop it in one recital, to be quick."""


QUICK = Plan(3, 1, 2, 2, 2, 1, 1, 2, 0.0, together=True)
WHOLE = Plan(20, 6, 12, 18, 18, 6, 6, 12, 5.0)


def measure(
    config: Config, setup: Setup, plan: Plan, seed: int = 0, tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Play the `plan`; `tell` gets a line after each scenario.

    Returns `outcome.table`, and with it `kinds`, `setup`, `late` (blocks of the loudspeaker that
    were late: a machine too busy to be believed) and `each`. Raises `AssistantError`.
    """
    script = of(config.language)
    voice = own_voice(config, script.passage, RATE_OUT)
    takes, late = asyncio.run(_play(config, script, voice, setup, plan, seed, tell))
    outcomes = understood(takes, config, Own(script.passage, voice))
    return {
        **table(outcomes),
        "kinds": by_kind(outcomes),
        "setup": dataclasses.asdict(setup),
        "late": late,
        "each": [dataclasses.asdict(each) for each in outcomes],
    }


async def _play(
    config: Config, script: Script, voice: Pcm, setup: Setup, plan: Plan, seed: int, tell: Tell
) -> tuple[list[Take], int]:
    rng = np.random.default_rng(seed)
    talkers = callers = await asyncio.to_thread(synthetic, config)
    if script is not ENGLISH:  # the wake words that are ready-made are English
        english = config.model_copy(update={"language": "en"})
        callers = await asyncio.to_thread(synthetic, english)
    fit = await asyncio.to_thread(understood_alone, script, talkers, callers, config, setup, seed)
    for what, those in (("stop word", fit.stop), ("wake word", fit.wake), ("pauses", fit.pauses)):
        if not those:
            tell(f"{what}: nobody here is understood, so it is left out")
    takes: list[Take] = []

    def add(take: Take | None) -> None:
        if take:
            takes.append(take)
            for each in (take.outcome, *take.rows):
                tell(_line(each))

    async with Stage(config, setup, seed, voice) as stage:
        try:
            await _scenarios(stage, script, plan, talkers, fit, rng, add)
        except AssistantError as error:  # what is known until then is told
            add(Take(Outcome("stuck", str(error), "")))
        return takes, stage.devices.loudspeaker.late


async def _scenarios(
    stage: Stage,
    script: Script,
    plan: Plan,
    talkers: Sequence[Talker],
    fit: Fit,
    rng: np.random.Generator,
    add: Callable[[Take | None], None],
) -> None:
    own: list[float] = []
    while not own or sum(own) < 60 * plan.minutes:
        take = await alone(stage, script.passage)
        own.append(max(1.0, take.outcome.seconds))
        add(take)
    for events in _disturbances(script, plan, talkers, rng):
        for each in await disturbed(stage, script.passage, events, statistics.median(own)):
            add(each)
    for who in _some(fit.stop, plan.stops):
        add(await commanded(stage, "stop", script.stop, who, script.passage))
    for who in _some(fit.wake, plan.wakes):
        add(await commanded(stage, "wake", WAKE, who, script.passage))
    said, questions = _sentences(script, talkers), itertools.cycle(script.questions)
    for _ in range(plan.interruptions):
        for _ in range(len(script.questions)):
            if found := await interrupted(stage, next(questions), *next(said)):
                add(found)
                break
    for halves, who, caller in _some(fit.pauses, plan.pauses):
        add(await hesitant(stage, halves, who, caller))


def _disturbances(
    script: Script, plan: Plan, talkers: Sequence[Talker], rng: np.random.Generator
) -> list[list[Disturbance]]:
    """Return what shall not stop it, kind by kind."""
    murmurs = [
        Disturbance("backchannel", what, who.name, who.say(what))
        for what, who in zip(
            _some(script.backchannels, plan.backchannels), itertools.cycle(talkers)
        )
    ]
    coughs = [
        Disturbance("cough", f"cough {number}", "made", _int16(cough(rng)))
        for number in range(plan.coughs)
    ]
    pairs = zip(script.asides, talkers, strict=False)
    said = [(what, who.name, who.say(what)) for what, who in pairs]
    people = readers() if script is ENGLISH else []
    said += [(each.text, each.name, each.pcm) for each in people]
    asides = [Disturbance("aside", *each, "far", -3.0) for each in _some(said, plan.asides)]
    programmes = (others() if script is ENGLISH else []) or [
        who.say(script.passage) for who in talkers
    ]
    shown = []
    for number, pcm in enumerate(_some(programmes, plan.televisions)):
        length = round(TELEVISION_S * RATE)
        begin = int(rng.integers(max(1, len(pcm) - length)))
        piece = pcm[begin : begin + length]
        shown.append(Disturbance("television", f"piece {number}", "recorded", piece, "far", -6.0))
    groups = [murmurs, coughs, asides + shown]
    if plan.together:
        groups = [list(itertools.chain(*groups))]
    return [each for each in groups if each]


def _sentences(script: Script, talkers: Sequence[Talker]) -> Iterator[tuple[str, str, Pcm]]:
    """Yield (text, who, sound) of what is said over replies, people and made voices by turns."""
    made = [
        (text, who.name, who.say(text))
        for text, who in zip(script.interruptions, itertools.cycle(talkers))
    ]
    people = orders() if script is ENGLISH else []
    real = [(each.text, each.name, each.pcm) for each in people]
    pairs = itertools.zip_longest(made, real)
    return itertools.cycle([each for pair in pairs for each in pair if each])


def _some(values: Sequence[T], count: int) -> list[T]:
    """Return `count` of the values, round and round."""
    return list(itertools.islice(itertools.cycle(values), count))


def _int16(sound: "np.ndarray[Any, np.dtype[np.float64]]") -> Pcm:
    return np.asarray(np.rint(np.clip(sound, -1, 1) * 32767), np.int16)


def _line(outcome: Outcome) -> str:
    """Say in one line what became of a scenario."""
    if outcome.kind == "recital":
        return ""
    after = "" if outcome.after_s is None else f" {outcome.after_s:5.2f} s"
    became = "stopped" if outcome.stopped else "goes on"
    if outcome.cut is not None:
        became = "cut in two" if outcome.cut else f"whole, silence {outcome.silence_s} s"
    said = f" heard: {outcome.heard}" if outcome.heard else ""
    return f"{outcome.kind:12} {became}{after}  {outcome.what} ({outcome.who}){said}"
