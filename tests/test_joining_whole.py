"""Two halves of a question, spoken into the whole assistant: one turn in its memory."""

import asyncio

import numpy as np
import pytest

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE
from assistant.config import parse
from assistant.rehearsal import Rehearsal

SETTINGS = {
    "llm": {"temperature": 0.0, "max_tokens": 16},
    "asr": {"engine": "moonshine"},
    "speech": {"engine": "espeak"},
    "wake": {"earcon": False},
    "echo": {"mode": "on"},
    "turn": {"min_silence": 0.1, "max_silence": 0.15, "follow_up": 0.0},
    "skills": {"enabled": False},
}
"""Nobody can pause here without being taken for one who has said all."""


@pytest.mark.engine
@pytest.mark.slow
def test_two_halves_are_answered_once_and_remembered_as_one(spoken):
    halves = ["What is the capital of France?", "And how many people live there?"]
    heard = []

    def note(name, data):
        if name == "heard":
            heard.append(data["text"])

    async def main():
        async with Rehearsal(parse(SETTINGS, "test")) as rehearsal:
            rehearsal.daemon.observe(note)
            outcome = await rehearsal.ask(np.concatenate([*sounds(spoken, halves)]))
            return outcome, await rehearsal.daemon.history()

    outcome, history = asyncio.run(main())
    assert len(heard) > 1, "it was not cut in two"
    assert not outcome.cut, "the last half is part of the turn that was answered"
    assert "france" in heard[-1].lower(), "those who look on are told the whole question"
    [(who, asked), (_, reply)] = history
    assert who == "user"
    assert "france" in asked
    assert "people" in asked
    assert reply.strip()
    assert reply.strip() in outcome.reply


def sounds(spoken, texts):
    """Yield each text and .6 s of silence behind it."""
    for text in texts:
        pcm = wav.read(spoken(text))
        first, last = speech_span(pcm)
        yield pcm[first:last]
        yield np.zeros(round(0.6 * RATE), np.int16)
