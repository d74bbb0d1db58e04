"""Whether what was said after a reply, without the wake word, was said to the assistant. Pure.

A logistic score over signs that are there anyway: the form of the sentence, whom it speaks to or
about, whether it goes on with what was said last, how long it is, and how loud beside the voice
that woke the assistant. Nothing is recognised twice, and no model is asked. What the weights are
worth is measured by `benchmarks/addressed.py`, see docs/conversation.md.
"""

import math
from dataclasses import dataclass

from assistant.conversation import signs_en, signs_zh
from assistant.conversation.asking import asks
from assistant.language import of

NEAR_DB = 6.0
"""The same person's utterances differ by so much without having moved."""
DECIBEL = 0.25
"""What each dB below that weighs: half the distance to the microphone is 6 dB, so that who is twice
as far away as the one who woke it needs a sentence that is clearly meant for it."""
LONG_S = 8.0
"""A follow-up is said in one breath; a television does not pause."""
SECOND = 0.4
"""What each s beyond that weighs."""


@dataclass(frozen=True, slots=True)
class Said:
    """A follow-up, and what is known around it."""

    text: str
    reply: str
    """What was heard of the last answer."""
    quieter_db: float = 0.0
    """By how much it is quieter than the voice that woke the assistant, in dB."""
    speech_s: float = 0.0


def addressed(said: Said) -> float:
    """Return the probability, 0 to 1, that it was said to the assistant."""
    return 1.0 / (1.0 + math.exp(-min(max(_score(said), -30.0), 30.0)))


def signs(text: str, reply: str) -> dict[str, float]:
    """Return the signs in a text, by name, each 0 to 1."""
    found = (signs_zh if of(text, of(reply, "en")) == "zh" else signs_en).signs(text, reply)
    return {**found, "asked": float(asks(reply) and found["short"] > 0)}


def _score(said: Said) -> float:
    weights = WEIGHTS[of(said.text, of(said.reply, "en"))]
    score = weights["always"]
    score += sum(weights[name] * value for name, value in signs(said.text, said.reply).items())
    score -= DECIBEL * max(0.0, said.quieter_db - NEAR_DB)
    return score - SECOND * max(0.0, said.speech_s - LONG_S)


WEIGHTS: dict[str, dict[str, float]] = {
    "en": {
        "always": 0.08,
        "question": 1.79,
        "order": 1.2,
        "more": 0.67,
        "reply": 0.09,
        "wish": 1.81,
        "person": -0.81,
        "named": -1.11,
        "you": -0.85,
        "home": -1.93,
        "us": -0.9,
        "others": -0.98,
        "told": -0.89,
        "show": -1.05,
        "cried": -0.72,
        "short": 1.05,
        "long": -1.82,
        "same": 0.18,
        "asked": 0.3,
    },
    "zh": {
        "always": -1.02,
        "question": 1.91,
        "order": 1.85,
        "more": 0.66,
        "reply": 0.32,
        "wish": 0.88,
        "person": -1.23,
        "named": -0.77,
        "you": -1.43,
        "home": -2.44,
        "us": -0.41,
        "others": -0.95,
        "told": -0.83,
        "show": -0.92,
        "cried": -0.61,
        "short": 1.02,
        "long": -1.48,
        "same": 0.54,
        "asked": 0.23,
    },
}
