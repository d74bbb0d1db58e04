"""Whether this machine is fast enough: each engine does a piece of its work, and is timed.

What is needed, and why: the recogniser hears while the mind reads along and the voice speaks, so a
second of sound may take it half a second. The next clause must be made while this one sounds, and
the mind works at the same time: half a second for a second of speech. People speak 150 words a
minute, some 3.5 tokens a second in English and in Chinese; an answer must come faster than that.
"""

import time
from collections.abc import Callable, Iterator

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.health.finding import Finding, judged
from assistant.messages import say

MOST_S = 0.5
"""Seconds of work for a second of sound, at the most."""
LEAST_TOKENS = 5.0
"""Tokens of an answer a second, at the least."""
TOKENS = 24
"""As many are made to be timed."""
FAR = "wyoming"
"""The engine that is on another host."""
SENTENCES = {"en": "That is a very good question, is it not?", "zh": "这真是一个很好的问题。"}


def speed(config: Config) -> Iterator[Finding]:
    """Yield how fast recogniser, voice and model are; what is on another host is left out."""
    if config.asr.engine != FAR:
        yield _timed("recogniser's speed", lambda: recogniser(config))
    if config.speech.engine != FAR:
        yield _timed("voice's speed", lambda: voice(config))
    if config.llm.model != "none":
        yield _timed("model's speed", lambda: model(config))


def recogniser(config: Config) -> tuple[str, list[str]]:
    """Return what was found of the recogniser, and what is wrong."""
    from assistant.audio.frames import FRAME_SAMPLES, RATE
    from assistant.commands.bench import questions
    from assistant.ears import engines

    pcm = questions(None)[0].pcm
    engine = engines.make(config)

    def work() -> None:
        engine.start()
        for at in range(0, len(pcm), FRAME_SAMPLES):
            engine.feed(pcm[at : at + FRAME_SAMPLES])
        engine.finish()

    try:
        work()  # warm
        took = _seconds(work) / (len(pcm) / RATE)
    finally:
        engine.close()
    advice = say("Take a smaller recogniser: `assistant models list`, `asr.model`.")
    return _share(took), [advice] if took > MOST_S else []


def voice(config: Config) -> tuple[str, list[str]]:
    """Return what was found of the voice, and what is wrong."""
    from assistant.language import leading
    from assistant.mouth import engines

    engine = engines.make(config)
    text = SENTENCES[leading(config.language)]

    def work() -> float:
        return sum(len(sound.pcm) for sound in engine.synthesise(text, lambda: False)) / engine.rate

    try:
        made = work()
        took = _seconds(work) / made if made else 0.0
    finally:
        engine.close()
    advice = say('Take a lighter voice: `speech.engine = "espeak"`.')
    return _share(took), [advice] if took > MOST_S else []


def model(config: Config) -> tuple[str, list[str]]:
    """Return what was found of the language model, and what is wrong."""
    from assistant.mind import engines
    from assistant.mind.model import Message, never

    llm = config.llm.model_copy(update={"temperature": 0.0, "max_tokens": TOKENS})
    engine = engines.make(config.model_copy(update={"llm": llm}))
    try:
        times = [time.perf_counter()]
        asked = [Message("user", "Count from one to twenty, in words.")]
        for _ in engine.reply(asked, never):
            times.append(time.perf_counter())
        usage = engine.usage
    finally:
        engine.close()
    # The first piece waits for the prompt to be read, which is another matter.
    made, took = usage.reply_tokens - 1, times[-1] - times[1] if len(times) > 2 else 0.0
    rate = made / took if took else 0.0
    told = say(
        "{rate:.1f} tokens a second; needed: at least {least:.0f}", rate=rate, least=LEAST_TOKENS
    )
    advice = say("Take a smaller model: `assistant models list`, `llm.model`.")
    return told, [advice] if rate < LEAST_TOKENS else []


def _timed(name: str, measure: Callable[[], tuple[str, list[str]]]) -> Finding:
    try:
        return judged(name, *measure())
    except AssistantError as error:
        return Finding(name, False, str(error))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _share(took: float) -> str:
    return say(
        "{took:.2f} s of work for a second of sound; needed: at most {most}",
        took=took,
        most=MOST_S,
    )
