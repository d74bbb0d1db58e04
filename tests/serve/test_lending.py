"""Ears and mouth that are lent out: the voice loop goes first, and nothing is lost by that.

The recogniser and the voice are fakes, for a real one cannot be interrupted at a known place; the
threads that own them are the real listener's and speaker's.
"""

import asyncio
import base64
import queue
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.cores import Cores
from assistant.ears.listener import Listener
from assistant.ears.recogniser import Transcript, Word
from assistant.errors import BadInput, Busy
from assistant.mouth.playback import Player
from assistant.mouth.speaker import Speaker
from assistant.mouth.synthesiser import Sound
from assistant.serve.lending import (
    LONGEST_S,
    LONGEST_TEXT,
    PIECE_S,
    UTTERANCE_S,
    Lending,
    utterances,
)
from assistant.trace import Trace


class FakeRecogniser:
    """Hears its samples' sum, as text; `meanwhile` is called with the number of each piece."""

    name, streaming = "fake", True

    def __init__(self):
        self.meanwhile = lambda number: None
        self.pieces = 0
        self.starts = 0

    def start(self):
        self.starts += 1
        self.samples = 0

    def feed(self, pcm):
        self.samples += len(pcm)
        self.pieces += 1
        self.meanwhile(self.pieces)

    def settle(self):
        return str(self.samples)

    def finish(self):
        return Transcript(str(self.samples), (Word("all", 0.25, 0.5, 1.0),))

    def close(self):
        pass


class FakeVoice:
    """Makes a block of a hundredth of a second for each letter."""

    name, rate, speed = "fake", 8000, 1.0

    def __init__(self):
        self.meanwhile = lambda: None
        self.said = []

    def synthesise(self, text, cancelled):
        self.said.append((text, self.speed))
        for letter in text:
            self.meanwhile()
            if cancelled():
                return
            yield Sound(np.full(80, ord(letter), np.int16))

    def close(self):
        pass


class FakeDaemon:
    """The rooms of a daemon, and whether somebody talks to it."""

    def __init__(self):
        self.config = Config()
        self.occupied = self.stopped = False
        self.recogniser, self.voice = FakeRecogniser(), FakeVoice()
        self.failures = []
        self.listener = Listener(
            lambda: (None, []),
            lambda: self.recogniser,
            stops=lambda text: False,
            trace=Trace(),
            emit=lambda event: None,
            on_failed=lambda turn, error: self.failures.append(error),
        )
        self.speaker = Speaker(
            lambda: self.voice,
            language="en",
            first_clause=20,
            clause=60,
            cores=Cores(),
            trace=Trace(),
            on_failed=lambda key, error: self.failures.append(error),
        )
        loaded = queue.SimpleQueue()
        self.listener.load(lambda: loaded.put(1))
        player = Player(8000, lambda *_: None, lambda *_: None)
        self.speaker.load(player, lambda: loaded.put(1))
        for _ in range(3):
            loaded.get(timeout=10)


@pytest.fixture
def daemon():
    it = FakeDaemon()
    yield it
    assert it.listener.stop()
    assert it.speaker.stop()
    assert it.failures == []


async def lines(*said):
    for line in said:
        yield line
    await asyncio.sleep(1000)


def sound(samples):
    return {"audio": base64.b64encode(np.zeros(samples, "<i2").tobytes()).decode()}


def transcribed(daemon, *said, lending=None):
    async def main():
        lending_ = lending or Lending(lambda: daemon)
        return [told async for told in lending_.transcribe({}, lines(*said))]

    return asyncio.run(asyncio.wait_for(main(), 30))


def spoken(daemon, text, **more):
    async def main():
        request = {"command": "speak", "text": text, **more}
        return [told async for told in Lending(lambda: daemon).speak(request)]

    return asyncio.run(asyncio.wait_for(main(), 30))


# --- ears ------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(0, round(4 * UTTERANCE_S)), st.integers(0, 999), st.integers(0, 99))
def test_utterances_joined_are_the_whole_and_none_is_too_long(seconds, more, seed):
    pcm = np.random.default_rng(seed).integers(-99, 99, seconds * RATE + more).astype(np.int16)
    found = list(utterances(pcm))
    assert [start for start, _ in found] == [0, *[end for _, end in found]][: len(found)]
    assert sum(end - start for start, end in found) == len(pcm)
    assert all(0 < end - start <= UTTERANCE_S * RATE for start, end in found)


@given(st.floats(13.0, 24.0))
@settings(max_examples=20)
def test_a_long_recording_is_cut_where_it_is_quiet(quiet):
    pcm = np.full(round(1.5 * UTTERANCE_S) * RATE, 1000, np.int16)
    pcm[round((quiet - 0.3) * RATE) : round((quiet + 0.3) * RATE)] = 0
    (_, cut), _ = utterances(pcm)
    assert abs(cut / RATE - quiet) <= 0.3


def test_all_that_was_sent_is_recognised(daemon):
    ready, segment, end = transcribed(daemon, sound(RATE), sound(100), {"end": True})
    assert ready == {"event": "ready"}
    assert (segment["start"], segment["end"]) == (0.0, round((RATE + 100) / RATE, 3))
    assert segment["text"] == end["text"] == str(RATE + 100)
    assert end["words"] == [{"text": "all", "start": 0.25, "end": 0.5, "confidence": 1.0}]
    assert daemon.recogniser.pieces == 6


def test_words_of_later_utterances_have_the_recordings_times(daemon):
    told = transcribed(daemon, *[sound(10 * RATE)] * 4, {"end": True})
    segments = [each for each in told if each["event"] == "segment"]
    assert len(segments) == 2
    first, second = told[-1]["words"]
    assert (first["start"], second["start"]) == (0.25, round(segments[1]["start"] + 0.25, 3))


def test_a_voice_that_speaks_in_between_makes_it_begin_anew(daemon):
    def speak(number):
        if number == 3:  # what the listener does when somebody begins to speak
            daemon.listener._words.post(lambda: daemon.listener._recognise_from_here(7))
            daemon.listener._words.post(lambda: daemon.listener._conclude(7, 0.0, 0.0))

    daemon.recogniser.meanwhile = speak
    told = transcribed(daemon, sound(2 * RATE), {"end": True})
    assert told[-1]["text"] == str(2 * RATE)
    assert daemon.recogniser.pieces == 3 + round(2 / PIECE_S)
    assert daemon.recogniser.starts == 3  # its own, the voice's, its own again


def test_while_somebody_speaks_the_recogniser_is_not_touched(daemon):
    daemon.listener._words.post(lambda: daemon.listener._recognise_from_here(7))
    pieces = []

    async def main():
        lent = Lending(lambda: daemon).transcribe({}, lines(sound(RATE), {"end": True}))
        work = asyncio.create_task(last(lent))
        await asyncio.sleep(0.3)
        pieces.append(daemon.recogniser.pieces)
        daemon.listener.cancel(7)
        return await asyncio.wait_for(work, 20)

    assert asyncio.run(main())["text"] == str(RATE)
    assert pieces == [0]


async def last(told):
    return [each async for each in told][-1]


def test_it_waits_while_somebody_is_answered(daemon):
    daemon.occupied = True
    pieces = []

    async def main():
        lent = Lending(lambda: daemon).transcribe({}, lines(sound(RATE), {"end": True}))
        work = asyncio.create_task(last(lent))
        await asyncio.sleep(0.3)
        pieces.append(daemon.recogniser.pieces)
        daemon.occupied = False
        return await asyncio.wait_for(work, 20)

    assert asyncio.run(main())["text"] == str(RATE)
    assert pieces == [0]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"audio": 3},
        {"audio": "!"},
        {"end": False},
        {"audio": base64.b64encode(b"abc").decode()},
    ],
)
def test_what_is_no_sound_is_refused(daemon, said):
    with pytest.raises(BadInput):
        transcribed(daemon, said, {"end": True})


def test_a_recording_without_end_is_refused(daemon):
    with pytest.raises(BadInput, match="10 minutes"):
        transcribed(daemon, *[sound(RATE * 60)] * round(LONGEST_S / 60 + 1))


def test_one_at_a_time_and_the_next_one_when_it_is_over(daemon):
    async def main():
        lending = Lending(lambda: daemon)
        first = lending.transcribe({}, lines())
        assert (await anext(first))["event"] == "ready"
        with pytest.raises(Busy):
            await anext(lending.transcribe({}, lines()))
        await first.aclose()
        assert (await anext(lending.transcribe({}, lines())))["event"] == "ready"

    asyncio.run(main())


# --- mouth -----------------------------------------------------------------------------------


def letters(told):
    data = b"".join(base64.b64decode(each["audio"]) for each in told if each["event"] == "audio")
    return "".join(map(chr, np.frombuffer(data, "<i2")[::80]))


TEXT = "This is one sentence. And here is another one, which is longer than the first."


def test_a_text_is_spoken_whole_and_at_its_speed(daemon):
    told = spoken(daemon, TEXT, speed=2.0)
    assert letters(told).replace(" ", "") == TEXT.replace(" ", "")
    assert told[-1] == {"event": "end"}
    assert {each["rate"] for each in told[:-1]} == {8000}
    assert len(daemon.voice.said) > 1
    assert {speed for _, speed in daemon.voice.said} == {2.0}
    assert daemon.voice.speed == 1.0


def test_another_rate_is_resampled_to(daemon):
    told = spoken(daemon, TEXT, rate=24_000)
    samples = sum(len(base64.b64decode(each["audio"])) // 2 for each in told[:-1])
    assert {each["rate"] for each in told[:-1]} == {24_000}
    assert samples == pytest.approx(3 * 80 * len(TEXT), rel=0.1)


def test_an_answer_that_needs_the_voice_gets_it_and_the_clause_is_made_again(daemon):
    calls = []

    def answer():
        calls.append(1)
        if len(calls) == 5:
            daemon.speaker._worker.post(lambda: calls.append("answer"))

    daemon.voice.meanwhile = answer
    told = spoken(daemon, TEXT)
    assert letters(told).replace(" ", "") == TEXT.replace(" ", "")
    assert calls.index("answer") == 5  # at once, not after the clause
    texts = [text for text, _ in daemon.voice.said]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("text", "more"),
    [("...", {}), ("", {}), ("a" * (LONGEST_TEXT + 1), {}), ("a", {"speed": 9.0}), ("a", {"x": 1})],
)
def test_what_cannot_be_spoken_is_refused(daemon, text, more):
    with pytest.raises(BadInput):
        spoken(daemon, text, **more)


def test_a_voice_that_is_gone_is_not_waited_for():
    gone = FakeDaemon()
    gone.speaker.stop()
    gone.listener.stop()
    gone.stopped = True
    with pytest.raises(Exception, match="restarted"):
        spoken(gone, TEXT)
    with pytest.raises(Exception, match="restarted"):
        transcribed(gone, sound(RATE), {"end": True})


def test_a_daemon_without_a_voice_says_so():
    def speaker(self):
        raise BadInput("no voice")

    without = type("Without", (SimpleNamespace,), {"speaker": property(speaker)})
    daemon = without(config=Config(), occupied=False, stopped=False)
    with pytest.raises(BadInput, match="no voice"):
        spoken(daemon, TEXT)
