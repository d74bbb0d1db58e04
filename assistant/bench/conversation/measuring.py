"""All scenarios one after the other, and then what a recogniser understands of the replies."""

import asyncio
import dataclasses
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.bench.conversation import script
from assistant.bench.conversation.fit import Fit, text, understood_alone
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
from assistant.bench.conversation.sound import audible_words, missing_words, words
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
BROKEN = 4
"""A recital that fell silent, and lacks so many words more than usual, was broken off."""


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
    takes, late = asyncio.run(_play(config, setup, plan, seed, tell))
    outcomes = understood(takes, config)
    return {
        **table(outcomes),
        "kinds": by_kind(outcomes),
        "setup": dataclasses.asdict(setup),
        "late": late,
        "each": [dataclasses.asdict(each) for each in outcomes],
    }


async def _play(
    config: Config, setup: Setup, plan: Plan, seed: int, tell: Tell
) -> tuple[list[Take], int]:
    rng = np.random.default_rng(seed)
    talkers = await asyncio.to_thread(synthetic, config)
    fit = await asyncio.to_thread(understood_alone, talkers, config, setup, seed)
    takes: list[Take] = []

    def add(take: Take | None) -> None:
        if take:
            takes.append(take)
            for each in (take.outcome, *take.rows):
                tell(_line(each))

    voice = await asyncio.to_thread(own_voice, config, script.PASSAGE, RATE_OUT)
    async with Stage(config, setup, seed, voice) as stage:
        try:
            await _scenarios(stage, plan, talkers, fit, rng, add)
        except AssistantError as error:  # what is known until then is told
            add(Take(Outcome("stuck", str(error), "")))
        return takes, stage.devices.loudspeaker.late


async def _scenarios(
    stage: Stage,
    plan: Plan,
    talkers: Sequence[Talker],
    fit: Fit,
    rng: np.random.Generator,
    add: Callable[[Take | None], None],
) -> None:
    own: list[float] = []
    while not own or sum(own) < 60 * plan.minutes:
        take = await alone(stage, script.PASSAGE)
        own.append(max(1.0, take.outcome.seconds))
        add(take)
    for events in _disturbances(plan, talkers, rng):
        for each in await disturbed(stage, script.PASSAGE, events, statistics.median(own)):
            add(each)
    for who in _some(fit.stop, plan.stops):
        add(await commanded(stage, "stop", script.STOP, who, script.PASSAGE))
    for who in _some(fit.wake, plan.wakes):
        add(await commanded(stage, "wake", script.WAKE, who, script.PASSAGE))
    said, questions = _sentences(talkers), itertools.cycle(script.QUESTIONS)
    for _ in range(plan.interruptions):
        for _ in range(len(script.QUESTIONS)):
            if found := await interrupted(stage, next(questions), *next(said)):
                add(found)
                break
    for halves, who in _some(fit.pauses, plan.pauses):
        add(await hesitant(stage, halves, who))


def _disturbances(
    plan: Plan, talkers: Sequence[Talker], rng: np.random.Generator
) -> list[list[Disturbance]]:
    """Return what shall not stop it, kind by kind."""
    murmurs = [
        Disturbance("backchannel", what, who.name, who.say(what))
        for what, who in zip(
            _some(script.BACKCHANNELS, plan.backchannels), itertools.cycle(talkers)
        )
    ]
    coughs = [
        Disturbance("cough", f"cough {number}", "made", _int16(cough(rng)))
        for number in range(plan.coughs)
    ]
    pairs = zip(script.ASIDES, talkers, strict=False)
    said = [(what, who.name, who.say(what)) for what, who in pairs]
    said += [(each.text, each.name, each.pcm) for each in readers()]
    asides = [Disturbance("aside", *each, "far", -3.0) for each in _some(said, plan.asides)]
    programmes = others() or [who.say(script.PASSAGE) for who in talkers]
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


def _sentences(talkers: Sequence[Talker]) -> Iterator[tuple[str, str, Pcm]]:
    """Yield (text, who, sound) of what is said over replies, people and made voices by turns."""
    made = [
        (text, who.name, who.say(text))
        for text, who in zip(script.INTERRUPTIONS, itertools.cycle(talkers))
    ]
    real = [(each.text, each.name, each.pcm) for each in orders()]
    pairs = itertools.zip_longest(made, real)
    return itertools.cycle([each for pair in pairs for each in pair if each])


def understood(takes: Sequence[Take], config: Config) -> list[Outcome]:
    """Return the outcomes with what was audible, by the recogniser of the settings.

    An interruption of a reply that had been said to its end is left out.
    """
    from assistant.ears import engines

    recogniser = engines.make(config)
    outcomes: list[Outcome] = []
    usual = 0  # words of the passage that the recogniser misses when nothing disturbs
    for take in takes:
        outcome = take.outcome
        if take.pcm is not None:
            heard = text(recogniser, resample(take.pcm, RATE_OUT, RATE))
            count = audible_words(outcome.said, heard)
            outcome = dataclasses.replace(outcome, audible=heard, audible_words=count)
        match outcome.kind:
            case "alone":
                lost = missing_words(outcome.said, outcome.audible)
                broken = lost > len(words(outcome.said)) // 4
                usual = usual if broken else max(usual, lost)
                outcomes.append(dataclasses.replace(outcome, stopped=outcome.stopped or broken))
            case "recital":
                lost = max(0, missing_words(outcome.said, outcome.audible) - usual)
                *before, last = take.rows
                broken = lost >= BROKEN and last.after_s is not None
                last = dataclasses.replace(last, stopped=broken, lost_words=0 if broken else lost)
                outcomes += [*before, last]
            case "interruption" if outcome.stopped and _whole(outcome):
                continue
            case _:
                outcomes.append(outcome)
    recogniser.close()
    return outcomes


def _whole(outcome: Outcome) -> bool:
    """Whether all of a reply was audible."""
    said = len(words(outcome.said))
    return said > 0 and (outcome.audible_words or 0) >= said


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
