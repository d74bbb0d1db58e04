"""A voice at another voice's sample rate: for whoever stands in where sound has begun already."""

from collections.abc import Callable, Iterator

from assistant.audio.resample import Resampler
from assistant.mouth.synthesiser import Sound, Synthesiser


def rated(
    voice: Synthesiser, text: str, cancelled: Callable[[], bool], rate: int, before: int = 0
) -> Iterator[Sound]:
    """Yield what `voice` says, at `rate` Hz, after `before` samples of another voice.

    After those it is not told which word sounds when, for they were said once already.
    """
    own = voice.rate
    resampler = Resampler(own, rate)
    for sound in voice.synthesise(text, cancelled):
        words = tuple((chars, before + at * rate // own) for chars, at in sound.words)
        lips = tuple((before + at * rate // own, shape) for at, shape in sound.lips)
        yield Sound(resampler.feed(sound.pcm), () if before else words, lips)
    if len(rest := resampler.flush()):
        yield Sound(rest)
