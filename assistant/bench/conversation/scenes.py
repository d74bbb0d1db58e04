"""The scenarios, one after the other; each returns what became of it and what was audible."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.audio.frames import Pcm
from assistant.bench.conversation.fit import understands
from assistant.bench.conversation.outcome import STOPPED_S, Outcome
from assistant.bench.conversation.script import WAKE, Halves
from assistant.bench.conversation.sound import errors, spoken_s, words
from assistant.bench.conversation.stage import Stage
from assistant.bench.conversation.talkers import Talker
from assistant.bench.room.room import Where

FIRST_S = 2.0
"""From the first sample of a reply until somebody speaks over it."""
EVERY_S = 3.5
"""And from one to the next, where nothing is to stop it."""
REST_S = 2.5
"""So much of the reply must be left."""
STAYS_S = 2.0
"""A silence so long is no waiting whether something was meant."""
ANSWER_S = 6.0
"""How long an answer is waited for."""
OWN_NEWS = ("wake_detected", "stop_heard", "heard")
"""What the daemon tells when it believes that somebody spoke to it."""


@dataclass(frozen=True, slots=True)
class Take:
    """An outcome, and the loudspeaker's sound of which it is to be learned what was audible."""

    outcome: Outcome
    pcm: Pcm | None = None
    rows: list[Outcome] = field(default_factory=list)
    """Others that happened within the same sound."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Something that is heard while the assistant speaks."""

    kind: str
    what: str
    who: str
    pcm: Pcm
    where: Where = "talker"
    louder: float = 0.0


async def alone(stage: Stage, text: str) -> Take:
    """It recites, and nobody else speaks."""
    microphone = stage.devices.microphone
    start = await stage.recite(text)
    before, began = microphone.cpu_s, time.monotonic()
    await stage.over(start)
    cpu = (microphone.cpu_s - before) / (time.monotonic() - began)
    sound = stage.played(start)
    news = [name for name in OWN_NEWS for _ in stage.told(name, start)]
    outcome = Outcome(
        "alone",
        ", ".join(news),
        "",
        stopped=bool(news),
        said=text,
        heard=" / ".join(each["text"] for each in stage.told("heard", start)) or None,
        seconds=spoken_s(sound, stage.devices.loudspeaker.rate),
        cpu=round(cpu, 4),
    )
    await stage.hush()
    return Take(outcome, sound)


async def disturbed(
    stage: Stage, text: str, events: Sequence[Disturbance], seconds: float
) -> list[Take]:
    """It recites a text that takes `seconds` s; nothing of what happens shall stop it.

    Whether the last thing that happened in a recital did is told by the words that are missing.
    """
    takes: list[Take] = []
    left = list(events)
    while left:
        start = await stage.recite(text)
        rows: list[Outcome] = []
        at = FIRST_S
        while left and at + REST_S < max(seconds, FIRST_S + REST_S + 0.1):
            await asyncio.sleep(max(0.0, start + at - time.monotonic()))
            event = left.pop(0)
            begin, end = stage.speak(event.pcm, where=event.where, louder=event.louder)
            silent = await stage.silence(start, begin, end + 1.5)
            after = None if silent is None else round(silent - begin, 3)
            rows.append(Outcome(event.kind, event.what, event.who, after))
            if silent is not None:  # it waits, has been stopped, or came to its end
                break
            at = max(at + EVERY_S, time.monotonic() - start)
        await stage.over(start)
        takes.append(Take(Outcome("recital", "", "", said=text), stage.played(start), rows))
        await stage.hush()
    return takes


async def commanded(stage: Stage, kind: str, word: str, who: Talker, text: str) -> Take:
    """It recites, and somebody says a stop word or a wake word."""
    pcm = who.say(word)
    start = await stage.recite(text)
    await stage.sounds(start + FIRST_S)
    begin, end = stage.speak(pcm)
    silent = await stage.silence(start, begin, end + STOPPED_S, STAYS_S)
    stopped = silent is not None and silent <= end + STOPPED_S
    after = round(silent - end, 3) if stopped and silent is not None else None
    await stage.hush()
    return Take(Outcome(kind, word, who.name, after, stopped))


async def interrupted(
    stage: Stage, question: str, sentence: str, who: str, pcm: Pcm
) -> Take | None:
    """It answers a question, and somebody says something else; None: it had ended already."""
    asked_at = time.monotonic()
    start = await stage.asked(question)
    if not await stage.sounds(start + FIRST_S):
        await stage.hush()
        return None
    begin, end = stage.speak(pcm)
    turn = stage.daemon.state.turn
    silent = await stage.silence(start, begin, end + STOPPED_S)
    await _heard_by(stage, begin, end + 2.5)
    if stage.daemon.state.turn == turn:  # it only waited
        silent = None
    texts = [each["text"] for each in stage.told("heard", begin)]
    heard = texts[-1] if texts else ""
    history = await stage.remembered(question)
    wrong, count = errors(sentence, heard) if heard else (0, 0)
    outcome = Outcome(
        "interruption",
        sentence,
        who,
        None if silent is None else round(silent - begin, 3),
        silent is not None,
        said=stage.reply(asked_at),
        history_words=None if silent is None else len(words(history or "")),
        heard=heard,
        errors=wrong,
        words=count,
    )
    sound = None if silent is None else stage.played(start)[: _samples(stage, silent - start)]
    await stage.hush()
    return Take(outcome, sound)


async def hesitant(stage: Stage, halves: Halves, who: Talker, caller: Talker) -> Take | None:
    """`caller` wakes it, and `who` pauses within a request; None: it did not wake."""
    begin, end = stage.speak(caller.say(WAKE))
    if not await _woken(stage, begin, end + 1.0):
        await stage.hush()
        return None
    await asyncio.sleep(0.3)
    begin, end = stage.speak(halves.said_by(who.say))
    await asyncio.sleep(max(0.0, end - time.monotonic()))
    answered = await stage.audible(begin, end + ANSWER_S)
    texts = [each["text"] for each in stage.told("heard", begin)]
    heard = texts[-1] if texts else ""
    cut = not understands(halves, heard) or (answered is not None and answered < end)
    decided = [
        mark.at
        for turn in stage.daemon.trace.turns()
        for mark in stage.daemon.trace.turn(turn).marks
        if mark.stage == "turn_end" and mark.at >= begin
    ]
    silence = None if cut or not decided else round(max(decided) - end, 3)
    sentence = f"{halves.first} {halves.second}"
    wrong, count = errors(sentence, heard) if not cut else (0, 0)
    await stage.hush()
    return Take(
        Outcome(
            "pause",
            sentence,
            who.name,
            None if answered is None else round(answered - end, 3),
            heard=heard,
            errors=wrong,
            words=count,
            cut=cut,
            silence_s=silence,
        )
    )


async def _woken(stage: Stage, since: float, until: float) -> bool:
    while time.monotonic() < until:
        if stage.told("wake_detected", since):
            return True
        await asyncio.sleep(0.02)
    return False


async def _heard_by(stage: Stage, since: float, until: float) -> None:
    while time.monotonic() < until and not stage.told("heard", since):
        await asyncio.sleep(0.02)


def _samples(stage: Stage, seconds: float) -> int:
    return round(max(0.0, seconds) * stage.devices.loudspeaker.rate)
