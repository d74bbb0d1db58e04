"""The device as a satellite: the server answers while it is there, and the device while it is not.

Voice activity, devices (files at real-time pace) and connections are real. Recogniser, mind and
voice are fakes, but for the last tests, and so is the server, see `home`.
"""

import asyncio

import numpy as np
import pytest
from home import LOUD, PATIENCE_S, Server, config, fake_engines, live, seconds_at
from wyoming.asr import Transcript
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted
from wyoming.tts import Synthesize

from assistant.conversation import SENTENCES, Phase
from assistant.events import Asked, StopRequested
from assistant.serve.wyoming import satellite as module

QUESTION = "What time is it?"
HERE = "All is well."
"""What the device itself answers."""
VOICE, FAR = 8000, 5000
"""Levels of its own voice and of the server's."""


@pytest.fixture
def mind(monkeypatch):
    return fake_engines(monkeypatch)


async def asked(home, server, spoken):
    """Ask the server something; return what it was sent."""
    await home.wake()
    pcm = await home.say(spoken(QUESTION))
    sent = await server.sound()
    return pcm, sent


async def answered_here(home):
    return await home.said() == HERE


# --- the server answers ----------------------------------------------------------------------


def test_what_is_said_after_the_wake_word_goes_to_the_server_and_its_sound_is_the_answer(
    mind, spoken
):
    async def talk(home):
        server = await Server.connect(home)
        await home.wake()
        assert (await server.wait("detection")).data["name"] == "okay_nabu"
        run = RunPipeline.from_event(await server.wait("run-pipeline"))
        assert (run.start_stage, run.end_stage) == (PipelineStage.ASR, PipelineStage.TTS)
        assert run.wake_word_name == "okay_nabu"
        start = await server.wait("audio-start")
        assert (start.data["rate"], start.data["width"], start.data["channels"]) == (16_000, 2, 1)
        pcm = await home.say(spoken(QUESTION))
        assert pcm.tobytes() in await server.sound()
        assert home.daemon.state.out
        await server.say(Transcript(text=QUESTION), Synthesize(text="Paris."))
        assert (await home.wait("say"))["text"] == "Paris."
        home.loudspeaker.take()
        await server.speak(1.0, level=FAR)
        await server.wait("played")
        await home.phase(Phase.ASLEEP)
        assert seconds_at(home.loudspeaker.take(), FAR) == pytest.approx(1.0, abs=0.02)
        assert mind.asked == []

    live(config(), talk)


def test_what_is_said_without_the_wake_word_is_not_sent(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        pcm = await home.say(spoken("Nobody shall hear this."))
        await asyncio.sleep(len(pcm) / 16_000)
        await server.ping()
        assert not any(event.type.startswith("audio") for event in server.heard)
        _, sent = await asked(home, server, spoken)
        assert pcm[-640:].tobytes() not in sent

    live(config(), talk)


def test_it_describes_itself_as_a_satellite_with_its_wake_words(mind):
    async def talk(home):
        server = await Server.connect(home, run=False)
        await server.say(Describe())
        return Info.from_event(await server.wait("info"))

    info = live(config(wyoming={"area": "hall", "name": "by the door"}), talk)
    assert (info.satellite.name, info.satellite.area) == ("by the door", "hall")
    assert info.satellite.has_vad
    assert info.satellite.active_wake_words == ["okay_nabu"]
    assert info.wake[0].models[0].phrase == "okay nabu"
    assert (info.asr, info.tts, info.handle) == ([], [], [])


def test_who_speaks_on_without_the_wake_word_is_heard_from_the_first_word(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.say(Transcript(text=QUESTION))
        await server.speak(0.2)
        await server.wait("played")
        await home.phase(Phase.LISTENING)
        assert not any(event.type == "run-pipeline" for event in server.heard)
        pcm = await home.say(spoken("And in Spain?"))
        run = RunPipeline.from_event(await server.wait("run-pipeline"))
        assert run.wake_word_name is None
        voiced = np.flatnonzero(np.abs(pcm) > 500)
        assert pcm[voiced[0] :].tobytes() in await server.sound()

    live(config(turn={"follow_up": 5.0}), talk)


def test_without_a_word_nothing_is_asked_and_the_server_is_told(mind):
    async def talk(home):
        server = await Server.connect(home)
        await home.wake()
        await server.sound()
        await home.phase(Phase.ASLEEP)
        await server.say(Error(text="no speech", code="stt-no-text-recognized"))
        await server.ping()
        assert home.daemon.state.phase is Phase.ASLEEP

    live(config(turn={"no_speech": 1.0}), talk)
    assert mind.asked == []


def test_to_wake_it_again_silences_the_answer_and_the_rest_of_it_is_not_heard(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.say(Transcript(text=QUESTION))
        await server.speak(1.4, level=FAR, end=False)  # too short to be measured
        await home.until(lambda: seconds_at(home.loudspeaker.pcm, FAR) > 0.1)
        await asked(home, server, spoken)
        home.loudspeaker.take()
        await server.more(1.0, level=FAR)
        await server.say(Transcript(text=QUESTION))
        await server.speak(0.5, level=LOUD)
        await server.wait("played")
        pcm = home.loudspeaker.take()
        assert seconds_at(pcm, FAR) == 0
        assert seconds_at(pcm, LOUD) == pytest.approx(0.5, abs=0.02)

    live(config(), talk)


def test_a_late_answer_to_a_question_that_was_given_up_is_not_heard(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        home.daemon.post(StopRequested())
        await home.phase(Phase.ASLEEP)
        home.loudspeaker.take()
        await server.speak(0.5, level=FAR)
        await server.speak(0.2, level=LOUD)  # and this is another one: an announcement
        await server.wait("played")
        pcm = home.loudspeaker.take()
        assert seconds_at(pcm, FAR) == 0
        assert seconds_at(pcm, LOUD) == pytest.approx(0.2, abs=0.02)

    live(config(), talk)


def test_another_satellite_that_heard_the_same_answers_alone(mind):
    async def talk(home):
        server = await Server.connect(home)
        await home.wake()
        await server.wait("run-pipeline")
        await server.say(Error(text="", code="duplicate_wake_up_detected"))
        await home.phase(Phase.ASLEEP)
        await server.sound()

    live(config(), talk)
    assert mind.asked == []


# --- the device answers ----------------------------------------------------------------------


def test_without_a_server_the_device_answers(mind, spoken):
    async def talk(home):
        await home.wake()
        await home.say(spoken(QUESTION))
        assert await answered_here(home)

    live(config(), talk)


def test_a_server_that_goes_while_somebody_speaks_is_not_missed(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await home.wake()
        await home.say(spoken(QUESTION))
        await home.wait("speech_started")
        await server.leave()
        assert await answered_here(home)
        await home.phase(Phase.ASLEEP)
        again = await Server.connect(home)  # and it is the server's again
        await asked(home, again, spoken)
        await again.say(Transcript(text=QUESTION))
        await again.speak(0.2)
        await again.wait("played")

    live(config(), talk)
    assert len(mind.asked) == 1


def test_a_server_that_is_there_no_more_without_a_word_is_noticed_by_its_silence(
    mind, spoken, monkeypatch
):
    monkeypatch.setattr(module, "PING_S", 0.05)
    monkeypatch.setattr(module, "GONE_S", 0.5)

    async def talk(home):
        server = await Server.connect(home)
        await server.ping()
        await server.wait("ping")  # it is asked too, from then on
        await asked(home, server, spoken)
        server.answers_pings = False  # its plug was pulled: the connection stays
        await home.wait("server", server="none")
        assert await answered_here(home)

    live(config(wyoming={"patience": PATIENCE_S}), talk)


def test_a_server_that_gives_no_sign_is_not_waited_for_and_its_late_answer_is_not_heard(
    mind, spoken
):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        assert await answered_here(home)
        home.loudspeaker.take()
        await server.say(Transcript(text=QUESTION))
        await server.speak(0.5, level=FAR)
        await server.ping()
        await asyncio.sleep(0.3)
        assert seconds_at(home.loudspeaker.take(), FAR) == 0

    live(config(), talk)


def test_a_server_that_has_understood_and_then_fails_leaves_the_answer_to_the_device(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.say(Transcript(text="a better text"), Error(text="x", code="intent-failed"))
        assert await answered_here(home)

    live(config(), talk)
    assert mind.asked[0][-1] == "a better text"


def test_an_answer_that_breaks_off_is_apologised_for(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.say(Transcript(text=QUESTION))
        await server.speak(0.5, end=False)
        await home.phase(Phase.SPEAKING)
        await server.leave()
        await home.wait("clause_started", text=SENTENCES["en"].failed)
        assert await home.said() == SENTENCES["en"].failed

    live(config(), talk)


def test_an_answer_that_is_there_is_heard_though_the_server_has_gone(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.say(Transcript(text=QUESTION))
        home.loudspeaker.take()
        await server.speak(1.0, level=FAR)
        await home.phase(Phase.SPEAKING)
        await server.leave()
        await home.phase(Phase.ASLEEP)
        assert seconds_at(home.loudspeaker.take(), FAR) == pytest.approx(1.0, abs=0.02)

    live(config(), talk)
    assert mind.asked == []


NONSENSE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff\xfe\x00" + b"x" * 70_000,
    b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
    b'{"type": "audio-start", "data": {"rate": 7, "width": 2, "channels": 1}}\n',
    b'{"type": "audio-start", "data": {"rate": 16001, "width": 2, "channels": 1}}\n',
    b'{"type": "transcript", "data": {"text": 5}}\n',
    b'{"type": "timer-started", "data": {"id": "x"}}\n',
]


def test_a_server_that_talks_nonsense_is_let_go_and_the_device_answers(mind, spoken):
    async def talk(home):
        for nonsense in NONSENSE[1:]:
            server = await Server.connect(home)
            await server.raw(nonsense)
            await asyncio.wait_for(server.left.wait(), PATIENCE_S)
            await home.wait("server", server="none")
        server = await Server.connect(home)
        await asked(home, server, spoken)
        await server.raw(NONSENSE[0])
        assert await answered_here(home)

    live(config(), talk)


# --- without being asked ---------------------------------------------------------------------


def test_an_announcement_is_heard_and_the_server_told_when_it_was(mind):
    async def talk(home):
        server = await Server.connect(home)
        await server.speak(0.5, level=FAR)
        await server.wait("played")
        await home.phase(Phase.ASLEEP)
        assert seconds_at(home.loudspeaker.take(), FAR) == pytest.approx(0.5, abs=0.02)

    live(config(), talk)


def test_an_announcement_waits_for_the_end_of_a_talk(mind):
    async def talk(home):
        server = await Server.connect(home)
        home.daemon.post(Asked("hello"))
        await home.phase(Phase.SPEAKING)
        await server.speak(0.3, level=FAR)
        assert await home.said() == HERE
        await server.wait("played")
        pcm = home.loudspeaker.take()
        assert seconds_at(pcm, FAR) == pytest.approx(0.3, abs=0.02)
        assert np.flatnonzero(pcm == VOICE).max() < np.flatnonzero(pcm == FAR).min()

    live(config(), talk)


def audible(home):
    return np.abs(home.loudspeaker.pcm).max(initial=0) > 1000


@pytest.mark.parametrize("end", ["wake", "stop", "cancel"])
def test_a_timer_that_is_over_rings_until_it_is_silenced(mind, end):
    async def talk(home):
        server = await Server.connect(home)
        await server.say(TimerStarted("t", 600, "eggs"), TimerFinished("t"))
        await home.until(lambda: home.daemon.state.ringing and audible(home))
        if end == "wake":
            await home.wake()
        elif end == "stop":
            home.daemon.post(StopRequested())
        else:
            await server.say(TimerCancelled("t"))
        await home.phase(Phase.ASLEEP)
        await asyncio.sleep(0.2)
        home.loudspeaker.take()
        await asyncio.sleep(1.5)
        assert not audible(home)

    live(config(), talk)


def test_a_timer_rings_though_the_server_has_gone_and_not_twice(mind):
    async def talk(home):
        server = await Server.connect(home)
        await server.say(TimerStarted("t", 1))
        await home.wait("timer")
        await server.leave()
        await home.until(lambda: home.daemon.state.ringing)
        home.daemon.post(StopRequested())
        await home.phase(Phase.ASLEEP)
        again = await Server.connect(home)
        await again.say(TimerFinished("t"))
        await home.wait("timer")
        await again.ping()
        assert home.daemon.state.phase is Phase.ASLEEP

    live(config(), talk)


# --- who is the server -----------------------------------------------------------------------


def test_a_server_that_wants_silence_gets_it_until_it_goes(mind, spoken):
    async def talk(home):
        server = await Server.connect(home)
        await server.say(PauseSatellite())
        await home.wait("server", server="paused")
        await home.wake()
        await server.ping()
        assert home.daemon.state.phase is Phase.ASLEEP
        assert not any(event.type == "run-pipeline" for event in server.heard)
        await server.say(RunSatellite())
        await home.wait("server", server="ready")
        await server.say(PauseSatellite())
        await server.leave()
        await home.wait("server", server="none")
        await home.wake()
        await home.say(spoken(QUESTION))
        assert await answered_here(home)

    live(config(), talk)


def test_a_server_that_comes_again_takes_its_own_place(mind, spoken):
    """After a restart of it the old connection may not be known to be dead yet."""

    async def talk(home):
        first = await Server.connect(home)
        second = await Server.connect(home, run=False)
        await second.say(RunSatellite())
        await asyncio.wait_for(first.left.wait(), PATIENCE_S)
        await home.wake()
        await second.wait("run-pipeline")

    live(config(), talk)


def test_who_has_not_said_that_it_is_the_server_may_only_look(mind):
    async def talk(home):
        server = await Server.connect(home, run=False)
        await server.say(TimerFinished("t"))
        assert "run-satellite" in (await server.wait("error")).data["text"]
        await asyncio.wait_for(server.left.wait(), PATIENCE_S)
        assert home.daemon.state.phase is Phase.ASLEEP

    live(config(), talk)


# --- with real engines -----------------------------------------------------------------------


@pytest.mark.engine
def test_a_real_device_answers_by_itself_what_its_server_heard_only_half_of(spoken):
    async def talk(home):
        server = await Server.connect(home)
        await home.wake()
        await home.say(spoken("What is the capital of France?"))
        await home.wait("partial")
        await server.leave()
        return await home.said()

    assert "Paris" in live(config(llm={"temperature": 0.0}), talk)
