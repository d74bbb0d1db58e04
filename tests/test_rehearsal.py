"""Recordings spoken into the whole assistant: what comes out, and what goes wrong in it."""

import asyncio
import json
import sys
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from shell import assistant

from assistant import cli
from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE
from assistant.config import parse
from assistant.errors import AssistantError, BadInput
from assistant.rehearsal import Outcome, Rehearsal
from assistant.trace import Timeline

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
PLAIN = {
    "llm": {"temperature": 0.0, "max_tokens": 60},
    "speech": {"engine": "espeak"},
    "turn": {"no_speech": 1.5},
    "wake": {"earcon": False},
}


def rehearse(config, *questions, patience=60.0):
    """Speak the questions one after another; return the rehearsal and the outcomes."""

    async def main():
        async with Rehearsal(config) as rehearsal:
            outcomes = [await rehearsal.ask(pcm, patience) for pcm in questions]
            return rehearsal, outcomes, await rehearsal.daemon.history()

    return asyncio.run(main())


@pytest.fixture(scope="module")
def talk(spoken):
    """A question, one that needs its answer, silence, and a tap on the microphone."""
    follow_up = wav.read(spoken("Which country is that city in?"))
    tap = np.zeros(RATE, np.int16)
    tap[4000:4010] = 20_000
    return rehearse(
        parse(PLAIN, "test"), wav.read(QUESTION), follow_up, np.zeros(RATE // 2, np.int16), tap
    )


@pytest.mark.engine
@pytest.mark.slow
def test_a_question_is_heard_answered_and_spoken(talk):
    rehearsal, (first, *_), _ = talk
    assert "capital of france" in first.heard.lower()
    assert "Paris" in first.reply
    assert first.speech.dtype == np.int16
    span = speech_span(first.speech, rehearsal.rate)
    assert (span[1] - span[0]) / rehearsal.rate > 0.8


@pytest.mark.engine
@pytest.mark.slow
def test_the_times_are_those_of_the_sound(talk):
    rehearsal, (first, *_), _ = talk
    pcm = wav.read(QUESTION)
    begin, end = speech_span(pcm)
    assert first.speech_s == pytest.approx((end - begin) / RATE, abs=0.002)
    assert first.voice_to_voice_s == first.stages["first_sample"]
    assert first.stages["speech_start"] == pytest.approx(-first.speech_s, abs=0.2)
    assert first.stages["speech_end"] == pytest.approx(0, abs=0.2)
    ears = ["wake", "speech_start", "speech_end", "turn_end", "heard"]
    mind = ["wake", "speech_start", "first_token", "first_clause", "first_sound_made"]
    for order in (ears, mind):  # side by side: the answer may be ready before the question's end
        times = [first.stages[stage] for stage in [*order, "first_sample", "speaking_end"]]
        assert times == sorted(times)
    # The loudspeaker's recording starts with the question, and says the same as the trace.
    audible = speech_span(first.speech, rehearsal.rate)[0] / rehearsal.rate
    assert first.voice_to_voice_s == pytest.approx(audible - end / RATE, abs=0.1)


@pytest.mark.engine
@pytest.mark.slow
def test_the_next_question_may_need_the_history(talk):
    _, (_, second, *_), history = talk
    assert "France" in second.reply
    assert [role for role, _ in history] == ["user", "assistant"] * 2
    assert "city" in history[2][1]


@pytest.mark.engine
@pytest.mark.slow
def test_silence_gets_no_answer(talk):
    _, (_, _, silent, tapped), _ = talk
    for outcome in (silent, tapped):
        assert (outcome.heard, outcome.reply, outcome.voice_to_voice_s) == ("", "", None)
        assert "first_token" not in outcome.stages


# --- what goes wrong; the engines here are fakes that fail ------------------------------------


class FakeMind:
    """A language model that fails, hangs or is silent, as its name says."""

    def __init__(self, name):
        self.name = name

    def count(self, text):
        return 1

    def warm(self, messages, cancelled=None, *, judged=None):
        pass

    def reply(self, messages, cancelled, judged=None):
        if self.name == "fails":
            raise AssistantError("the mind is lost")
        while self.name == "hangs" and not cancelled():
            time.sleep(0.01)
        return
        yield

    def close(self):
        pass


@pytest.fixture
def config(monkeypatch):
    """Return a function that gives settings with a mind that is a fake; it hears as it does."""

    def make(name, **llm):
        monkeypatch.setattr("assistant.mind.engines.make", lambda _: FakeMind(name))
        return parse({**PLAIN, "llm": llm}, "test")

    return make


@pytest.mark.engine
def test_a_room_that_fails_is_raised(config):
    with pytest.raises(AssistantError, match="the mind is lost"):
        rehearse(config("fails"), wav.read(QUESTION))


@pytest.mark.engine
def test_an_apology_is_the_reply(config, monkeypatch):
    monkeypatch.setattr(FakeMind, "usage", None, raising=False)
    _, (outcome,), _ = rehearse(config("hangs", timeout=1.0), wav.read(QUESTION))
    assert outcome.reply == "That takes too long, sorry."
    assert outcome.voice_to_voice_s is None


@pytest.mark.engine
def test_no_answer_in_time_is_an_error(config):
    with pytest.raises(AssistantError, match="no answer within 1 s"):
        rehearse(config("hangs"), wav.read(QUESTION), patience=1.0)


def test_what_cannot_start_is_raised_and_everything_ends(monkeypatch):
    def fail(_):
        raise BadInput("no mind")

    monkeypatch.setattr("assistant.mind.engines.make", fail)
    with pytest.raises(BadInput, match="no mind"):
        rehearse(parse(PLAIN, "test"))


# --- the command ------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.slow
def test_demo_answers_several_questions_and_prints_one_object(tmp_path, spoken):
    sound = soxr.resample(wav.read(QUESTION).astype(np.float32) / 32768, 16_000, 44_100)
    first = tmp_path / "stereo.wav"
    soundfile.write(first, np.stack([sound, sound], 1), 44_100, "FLOAT")
    second = spoken("Which country is that city in?")
    out = tmp_path / "a" / "b"
    options = ["--set=llm.temperature=0", "--set=speech.engine=espeak"]
    wavs = ["--wav", first, "--wav", second]
    run = assistant(*options, "demo", "--json", *wavs, "--out", out, timeout=150)
    assert (run.returncode, run.stderr) == (0, b"")
    turns = json.loads(run.stdout)["turns"]
    keys = {"wav", "heard", "reply", "speech", "speech_s", "voice_to_voice_s", "stages"}
    assert [set(turn) for turn in turns] == [keys, keys]
    assert [turn["wav"] for turn in turns] == [str(first), str(second)]
    assert "Paris" in turns[0]["reply"]
    assert "France" in turns[1]["reply"]
    for number, turn in enumerate(turns, 1):
        assert turn["speech"] == str(out / f"reply-{number}.wav")
        assert speech_span(wav.read(Path(turn["speech"])))
    assert len(list(out.iterdir())) == 2


class FakeRehearsal:
    """Answers at once: what is tested is what becomes of the answers."""

    rate = 24_000

    def __init__(self, config):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def ask(self, pcm):
        sound = np.ones(24_000, np.int16)
        return Outcome("hello", "Hi.", sound, 1.0, None, {"wake": -1.0}, Timeline(1), False)


@pytest.fixture
def demo(monkeypatch, capfd):
    monkeypatch.setattr("assistant.rehearsal.Rehearsal", FakeRehearsal)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["assistant", "demo", *map(str, arguments)])
        return cli._run(), *capfd.readouterr()

    return run


def test_demo_tells_each_turn_and_that_nothing_was_heard(demo, tmp_path):
    code, out, err = demo("--wav", QUESTION, "--wav", QUESTION, "--out", tmp_path)
    assert (code, err) == (0, "")
    assert out.count("heard     hello") == 2
    assert "reply-2.wav" in out
    assert "answered" not in out
    assert "-1.000 s  wake" in out


def test_demo_replaces_the_replies_of_the_last_time(demo, tmp_path):
    (tmp_path / "reply-1.wav").write_bytes(b"old")
    (tmp_path / "other").write_bytes(b"mine")
    assert demo("--out", tmp_path)[0] == 0
    assert soundfile.info(tmp_path / "reply-1.wav").frames == 24_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "reply-1.wav"]


def test_a_disk_that_fills_up_meanwhile_keeps_the_old_reply(demo, tmp_path, monkeypatch):
    (tmp_path / "reply-1.wav").write_bytes(b"old")

    def fill(path, pcm, rate):
        raise BadInput(f"{path}: cannot be written: No space left on device; make room.")

    monkeypatch.setattr("assistant.audio.wav.write", fill)
    code, out, err = demo("--out", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("assistant: ")
    assert err.count("\n") == 1
    assert (tmp_path / "reply-1.wav").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
