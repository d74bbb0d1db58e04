"""The recogniser is followed while sound comes, and given back whenever somebody else needs it.

Lending and client are fakes that do, at a chosen moment, what a real one does by chance.
"""

import asyncio
import contextlib

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from assistant.ears.listener import Taken
from assistant.ears.recogniser import Transcript
from assistant.errors import Busy
from assistant.serve.wyoming.hearing import Hearing

FORM = {"rate": 16_000, "width": 2, "channels": 1}


class FakeUtterance:
    def __init__(self, lending):
        self.lending = lending
        self.fed = 0

    @property
    def disturbs(self):
        return self.lending.talk_after is not None and self.fed >= self.lending.talk_after

    async def feed(self, pcm):
        if self.lending.taken_after == self.fed:
            raise Taken
        self.fed += 1
        return "hello " * self.fed

    async def finish(self):
        if self.lending.taken_after == -1:
            raise Taken
        return Transcript("followed")


class FakeLending:
    def __init__(self, *, busy=0, taken_after=None, talk_after=None):
        self.busy, self.taken_after, self.talk_after = busy, taken_after, talk_after
        self.heard = []
        self.lent = 0

    @contextlib.asynccontextmanager
    async def listening(self):
        if self.busy:
            raise Busy(5)
        self.lent += 1
        try:
            yield FakeUtterance(self)
        finally:
            self.lent -= 1

    async def hear(self, pcm):
        assert not self.lent, "it was not given back"
        if self.busy > 1:
            self.busy -= 1
            raise Busy(5)
        self.heard.append(len(pcm))
        return Transcript("whole")


class FakePeer:
    def __init__(self, chunks, samples=320):
        chunk = AudioChunk(**FORM, audio=np.zeros(samples, "<i2").tobytes())
        self.events = [chunk.event()] * chunks + [AudioStop().event()]
        self.said = []

    async def hear(self, seconds):
        await asyncio.sleep(0)
        return self.events.pop(0)

    async def say(self, *said):
        self.said += [each.event() for each in said]

    @property
    def text(self):
        return next(event.data["text"] for event in self.said if event.type == "transcript")


def listened(lending, peer, hearing=None):
    hearing = hearing or Hearing(lambda: lending)
    asyncio.run(hearing.answer(peer, AudioStart(**FORM).event(), "en"))
    assert lending.lent == 0
    begin = max(at for at, event in enumerate(peer.said) if event.type == "transcript-start")
    told = [e.data["text"] for e in peer.said[begin:] if e.type == "transcript-chunk"]
    assert "".join(told) == peer.text
    return peer.text


def test_what_is_followed_to_its_end_is_not_recognised_again():
    lending = FakeLending()
    assert listened(lending, FakePeer(3)) == "followed"
    assert lending.heard == []


@pytest.mark.parametrize(
    "lending",
    [
        FakeLending(busy=1),
        FakeLending(busy=3),
        FakeLending(taken_after=0),
        FakeLending(taken_after=2),
        FakeLending(taken_after=-1),
        FakeLending(talk_after=0),
        FakeLending(talk_after=2),
        FakeLending(talk_after=3),
    ],
)
def test_whoever_needs_the_recogniser_gets_it_and_the_whole_sound_is_recognised_later(lending):
    assert listened(lending, FakePeer(3)) == "whole"
    assert lending.heard == [3 * 320]


def test_a_sound_longer_than_an_utterance_is_recognised_in_utterances():
    lending = FakeLending()
    assert listened(lending, FakePeer(30, 16_000)) == "whole whole"
    assert sum(lending.heard) == 30 * 16_000


def test_another_client_that_waits_gets_the_recogniser_before_the_first_has_ended():
    lending = FakeLending()
    hearing = Hearing(lambda: lending)
    first = FakePeer(1000)

    async def main():
        slow = asyncio.create_task(hearing.answer(first, AudioStart(**FORM).event(), "en"))
        while not lending.lent:
            await asyncio.sleep(0)
        text = await hearing._turns.of(lambda: free(lending))
        assert not slow.done()
        await slow
        return text

    async def free(lending):
        if lending.lent:
            raise Busy(5)
        return "mine"

    async def hear(seconds):
        await asyncio.sleep(0.001)
        return first.events.pop(0)

    first.hear = hear
    assert asyncio.run(main()) == "mine"
    assert first.text == "whole"
