"""What became of the scenarios, by the sound of the replies and a recogniser's words for it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.bench.conversation.fit import text
from assistant.bench.conversation.outcome import Outcome
from assistant.bench.conversation.scenes import Take
from assistant.bench.conversation.sound import audible_words, missing_words, spoken_s, words
from assistant.bench.conversation.stage import RATE_OUT
from assistant.config import Config
from assistant.ears.recogniser import Recogniser

BROKEN = 4
"""A recital that fell silent, and lacks so many words more than usual, was broken off."""
SHORT = 0.8
"""Where words cannot be told: one that is this much shorter than the passage was."""


@dataclass(frozen=True, slots=True)
class Own:
    """Its own voice saying the passage, while nothing disturbs."""

    passage: str
    pcm: Pcm
    """(samples,) int16 at `RATE_OUT`."""


class Judge:
    """Tells what was audible, with one recogniser."""

    def __init__(self, recogniser: Recogniser, own: Own) -> None:
        self._recogniser = recogniser
        self._length = spoken_s(own.pcm, RATE_OUT)
        count = len(words(own.passage))
        self._usual = missing_words(own.passage, self._heard(own.pcm))
        self._understands = 2 * self._usual < count
        """Whether words are of any use: some voices are not understood at all."""

    def of(self, take: Take) -> list[Outcome]:
        """Return the outcomes of a take; none of an interruption that came too late."""
        outcome = take.outcome
        lost, short = 0, False
        if take.pcm is not None:
            short = spoken_s(take.pcm, RATE_OUT) < SHORT * self._length
            if self._understands:
                heard = self._heard(take.pcm)
                count = audible_words(outcome.said, heard)
                outcome = dataclasses.replace(outcome, audible=heard, audible_words=count)
                lost = missing_words(outcome.said, heard) - self._usual
        match outcome.kind:
            case "alone":
                broken = self._broken(lost, short, len(words(outcome.said)) // 4 + 1)
                self._usual += 0 if broken else max(0, lost)
                return [dataclasses.replace(outcome, stopped=outcome.stopped or broken)]
            case "recital":
                *before, last = take.rows
                broken = last.after_s is not None and self._broken(lost, short, BROKEN)
                gone = 0 if broken else max(0, lost)
                return [*before, dataclasses.replace(last, stopped=broken, lost_words=gone)]
            case "interruption" if outcome.stopped and _whole(outcome):
                return []
            case _:
                return [outcome]

    def _broken(self, lost: int, short: bool, most: int) -> bool:
        return lost >= most if self._understands else short

    def _heard(self, pcm: Pcm) -> str:
        return text(self._recogniser, resample(pcm, RATE_OUT, RATE))


def understood(takes: Sequence[Take], config: Config, own: Own) -> list[Outcome]:
    """Return the outcomes with what was audible, by the recogniser of the settings.

    An interruption of a reply that had been said to its end is left out. Where the recogniser does
    not understand half of its `own` voice, length tells in place of words.
    """
    from assistant.ears import engines

    recogniser = engines.make(config)
    judge = Judge(recogniser, own)
    outcomes = [outcome for take in takes for outcome in judge.of(take)]
    recogniser.close()
    return outcomes


def _whole(outcome: Outcome) -> bool:
    """Whether all of a reply was audible."""
    said = len(words(outcome.said))
    return said > 0 and (outcome.audible_words or 0) >= said
