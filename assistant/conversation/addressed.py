"""Whether what was said after a reply, without the wake word, was said to the assistant. Pure.

A logistic score over signs that are there anyway: the form of the sentence, whom it speaks to or
about, whether it goes on with what was said last, how long it is, and how loud beside the voice
that woke the assistant. Nothing is recognised twice, and no model is asked. What the weights are
worth is measured by `benchmarks/addressed.py`, see docs/conversation.md.
"""

import math
from dataclasses import dataclass

from assistant.conversation.asking import asks
from assistant.conversation.signs_en import ENGLISH
from assistant.conversation.signs_zh import CHINESE
from assistant.language import of

NEAR_DB = 6.0
"""The same person's utterances differ by so much without having moved."""
DECIBEL = 0.25
"""What each dB below that weighs: half the distance to the microphone is 6 dB, so that who is twice
as far away as the one who woke it needs a sentence that is clearly meant for it."""
ASKED = 1.0
"""What it weighs that the assistant has asked something, besides its fitted weight: whoever was
asked mostly answers, which the sentences that the weights were fitted to, as many of each kind, do
not tell."""
LONG_S = 8.0
"""A follow-up is said in one breath; a television does not pause."""
SECOND = 0.4
"""What each s beyond that weighs."""
CUTS_IN = 1.5
"""What it weighs that something said over the reply begins as those do who interrupt: by reckoning
and trial, for the sentences that the weights were fitted to were said after a reply."""


@dataclass(frozen=True, slots=True)
class Said:
    """A follow-up, and what is known around it."""

    text: str
    reply: str
    """What was heard of the last answer."""
    quieter_db: float = 0.0
    """By how much it is quieter than the voice that woke the assistant, in dB."""
    speech_s: float = 0.0
    over: bool = False
    """It is said while the reply sounds."""


def addressed(said: Said) -> float:
    """Return the probability, 0 to 1, that it was said to the assistant."""
    return 1.0 / (1.0 + math.exp(-min(max(_score(said), -30.0), 30.0)))


def signs(text: str, reply: str) -> dict[str, float]:
    """Return the signs in a text, by name, each 0 to 1."""
    found = LANGUAGES[of(text, of(reply, "en"))].signs(text, reply)
    asked = float(asks(reply))
    told = max(found["me"], found["told"], found["others"], found["us"])
    return {**found, "asked": asked, "asked short": asked * found["short"], "answer": asked * told}


def _score(said: Said) -> float:
    weights = WEIGHTS[of(said.text, of(said.reply, "en"))]
    score = weights["always"] + ASKED * asks(said.reply)
    found = signs(said.text, said.reply)
    score += sum(weights[name] * value for name, value in found.items())
    score -= DECIBEL * max(0.0, said.quieter_db - NEAR_DB)
    if said.over:  # what is short is mostly an answer
        score += CUTS_IN * LANGUAGES[of(said.text, "en")].begins_as_who_cuts_in(said.text)
        score -= weights["short"] * found["short"] * (not asks(said.reply))
    return score - SECOND * max(0.0, said.speech_s - LONG_S)


LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
WEIGHTS: dict[str, dict[str, float]] = {
    "en": {
        "always": 0.15,
        "question": 1.81,
        "order": 1.12,
        "more": 0.71,
        "reply": 0.08,
        "wish": 1.8,
        "person": -0.98,
        "named": -1.23,
        "you": -1.09,
        "me": 0.72,
        "back": 1.5,
        "home": -1.72,
        "us": -0.82,
        "others": -0.41,
        "told": -0.36,
        "show": -1.22,
        "cried": -0.97,
        "short": 0.9,
        "long": -1.79,
        "same": 0.12,
        "asked": 0.66,
        "asked short": -0.12,
        "answer": 0.57,
    },
    "zh": {
        "always": -0.29,
        "question": 1.48,
        "order": 1.97,
        "more": 0.49,
        "reply": 0.33,
        "wish": 0.36,
        "person": -0.68,
        "named": -1.29,
        "you": -1.74,
        "me": 1.04,
        "back": 1.37,
        "home": -2.11,
        "us": -0.42,
        "others": -0.89,
        "told": -0.75,
        "show": -1.02,
        "cried": -0.99,
        "short": 0.41,
        "long": -1.96,
        "same": 0.58,
        "asked": 0.56,
        "asked short": -0.35,
        "answer": 0.69,
    },
}
