"""What the synthesisers share: portions of text to be made at a time, and silence cut off."""

import re
from collections.abc import Iterator

import numpy as np

from assistant.audio.frames import Pcm

PORTION = 400
"""Characters synthesised at a time; a longer text is heard sooner and can be cancelled sooner."""
SILENCE = 100
"""Amplitude (of 32,767, -50 dBFS) below which nobody hears that a voice has begun."""
MARGIN_S = 0.005
"""Seconds kept before the first audible sample, so that the onset does not click."""

_PORTION = re.compile(
    rf".{{1,{PORTION}}}(?:[.!?](?=\s)|[。！？\n]|\Z)|.{{1,{PORTION}}}(?:[\s，；、]|\Z)|.{{1,{PORTION}}}",
    re.DOTALL,
)


def portions(text: str) -> Iterator[tuple[int, str]]:
    """Yield (characters before it, portion); cut at sentences, else between words, else anywhere.

    The portions joined are the text. A portion is at most `PORTION` + 1 characters long.
    """
    for match in _PORTION.finditer(text):
        yield match.start(), match.group()


def leading_silence(pcm: Pcm, rate: int) -> int:
    """Return how many samples of `pcm` (samples,) int16 at `rate` Hz may be cut off its start."""
    loud = np.flatnonzero((pcm > SILENCE) | (pcm < -SILENCE))
    return max(int(loud[0]) - int(MARGIN_S * rate), 0) if len(loud) else len(pcm)


def sayable(text: str) -> bool:
    """Whether there is a letter or digit of any script in `text`."""
    return any(character.isalnum() for character in text)
