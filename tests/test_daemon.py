"""The daemon with rooms that break: it says so, goes on where it can, and always ends.

The engines here are fakes, for a real one cannot be made to fail on command; the voice activity
detector, the wake word detector, espeak and the devices (files at real-time pace) are the real
ones.
"""

import asyncio
import dataclasses
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import wav
from assistant.audio.echo.path import EchoPath
from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.patch import Patch
from assistant.config import Config, parse
from assistant.conversation import FILLERS, SENTENCES, Phase
from assistant.daemon import Daemon, rules
from assistant.ears.hearing import Hearing
from assistant.ears.listener import Listener
from assistant.ears.recogniser import Transcript
from assistant.errors import AssistantError, BadInput, DeviceError
from assistant.events import Asked, Heard, SayRequested, StopHeard, StopRequested, WakeDetected
from assistant.mind.model import Usage
from assistant.mouth.lips import SHAPES
from assistant.mouth.synthesiser import Sound
from assistant.record.recording import read
from assistant.record.replay import replay, utterances
from assistant.worker import Worker

PATIENCE_S = 30.0
SORRY = SENTENCES["en"]


class FakeMind:
    """A language model whose answers are functions of the question and of `cancelled`."""

    name = "fake"

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []
        self.closed = False
        self.usage = Usage(1, 0, 1, 0.0, 0.0)

    def count(self, text):
        return len(text.split())

    def warm(self, messages, cancelled=None, *, judged=None):
        pass

    def reply(self, messages, cancelled, judged=None):
        self.asked.append([message.text for message in messages])
        yield from self.answers.get(messages[-1].text, plain)(cancelled)

    def close(self):
        self.closed = True


def plain(cancelled):
    yield "All is well."


def breaks(cancelled):
    yield "It begins. "
    raise RuntimeError("out of tokens")


def refuses(cancelled):
    raise BadInput("the text is too long")
    yield


def hangs(cancelled):
    while not cancelled():
        time.sleep(0.01)
    return
    yield


def goes_on(cancelled):
    for number in range(10_000):
        if cancelled():
            return
        yield f"This is sentence number {number}. "
        time.sleep(0.01)


def says_nothing(cancelled):
    return
    yield


class FakeVoice:
    """A synthesiser that makes a fifth of a second of loud sound, or fails when told to.

    The fixed sentences, which are made ahead of their use, are neither counted nor do they fail,
    unless it `learns` badly.
    """

    name = "fake"
    rate = 16_000
    speed = 1.0

    def __init__(self, fails=(), learns=True):
        self.fails = list(fails)
        self.learns = learns
        self.said = []
        self.closed = False

    def synthesise(self, text, cancelled):
        fixed = text in (*dataclasses.astuple(SORRY), *FILLERS["en"])
        if not fixed:
            self.said.append(text)
        if (fixed and not self.learns) or (not fixed and self.fails and self.fails.pop(0)):
            raise AssistantError("the voice broke")
        yield Sound(np.full(self.rate // 5, 8000, np.int16))

    def close(self):
        self.closed = True


class FakeEars:
    """A recogniser that hears a fixed text, or fails when told to."""

    name = "fake"
    streaming = True

    def __init__(self, text="hello", fails=()):
        self.text, self.fails = text, list(fails)
        self.closed = False

    def start(self):
        pass

    def feed(self, pcm):
        return None

    def settle(self):
        if self.fails and self.fails.pop(0):
            raise RuntimeError("no ears")
        return self.text

    def finish(self):
        return Transcript(self.settle())

    def close(self):
        self.closed = True


class Watched:
    """A daemon, what it told, and what may be waited for."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.notes = []
        daemon.observe(lambda name, data: self.notes.append((name, data)))

    def named(self, name, **wanted):
        return [d for n, d in self.notes if n == name and wanted.items() <= d.items()]

    async def wait(self, name, **wanted):
        """Return the first such note from now on, and forget what came before it."""

        async def look():
            while True:
                for index, (n, data) in enumerate(self.notes):
                    if n == name and wanted.items() <= data.items():
                        del self.notes[: index + 1]
                        return data
                await asyncio.sleep(0.01)

        try:
            return await asyncio.wait_for(look(), PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"no {name} {wanted} in {self.notes[-30:]}") from None

    async def said(self):
        """Wait until a turn has been spoken; return what was heard of it."""
        while not (heard := (await self.wait("speaking_ended"))["heard"].strip()):
            pass  # a cancelled one that had not begun to sound
        return heard


@pytest.fixture
def make(monkeypatch):
    """Return a function that makes a daemon of the rooms that are given."""

    def build(mind=None, voice=FakeVoice, ears=None, **settings):
        def maker(engine):
            def make(config):
                if isinstance(engine, Exception):
                    raise engine
                return engine() if callable(engine) else engine

            return make

        monkeypatch.setattr("assistant.mind.engines.make", maker(mind or FakeMind()))
        if voice != "espeak":
            monkeypatch.setattr("assistant.mouth.engines.make", maker(voice))
        monkeypatch.setattr("assistant.ears.engines.make", maker(ears or FakeEars()))
        data = {"speech": {"engine": "espeak"}, "turn": {"follow_up": 0.0}, **settings}
        return parse(data, "test")

    return build


def live(config, talk, *, deaf=True):
    """Run ``talk(watched, microphone, loudspeaker)`` with a daemon that has been started."""

    async def main():
        microphone = FileMicrophone([]) if not deaf else None
        loudspeaker = FileLoudspeaker(16_000)
        daemon = Daemon(config, microphone, loudspeaker)
        watched = Watched(daemon)
        async with daemon:
            return await talk(watched, microphone, loudspeaker)

    return asyncio.run(main())


def workers():
    """The threads that a daemon has of its own."""
    names = ("mind", "mouth", "ears", "recogniser", "microphone", "loudspeaker")
    return [t.name for t in threading.enumerate() if t.name.startswith(names)]


@pytest.fixture(autouse=True)
def nothing_is_left_running():
    yield
    end = time.monotonic() + 5
    while workers() and time.monotonic() < end:
        time.sleep(0.02)
    assert workers() == []


# --- the mind --------------------------------------------------------------------------------


def test_a_mind_that_breaks_in_mid_reply_is_apologised_for_and_the_next_turn_works(make, caplog):
    mind = FakeMind(bad=breaks)

    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("bad"))
        failed = await watched.wait("failed", room="mind")
        assert "out of tokens" in failed["message"]
        assert (await watched.wait("say"))["text"] == SORRY.failed
        await watched.wait("clause_started", text=SORRY.failed)
        assert await watched.said() == SORRY.failed
        watched.daemon.post(Asked("good"))
        assert await watched.said() == "All is well."
        return await watched.daemon.history()

    history = live(make(mind), talk)
    assert ("user", "good") in history
    assert ("assistant", "All is well.") in history
    assert "RuntimeError" in caplog.text


def test_a_refused_question_is_apologised_for_and_told_with_its_sentence(make, caplog):
    async def talk(watched, *_):
        watched.daemon.post(Asked("long"))
        assert (await watched.wait("failed"))["message"] == "the text is too long"
        assert await watched.said() == SORRY.failed

    live(make(FakeMind(long=refuses)), talk)
    assert "Traceback" not in caplog.text


def test_a_mind_that_hangs_is_given_up_after_its_time_and_the_next_turn_works(make):
    async def talk(watched, *_):
        watched.daemon.post(Asked("hang"))
        await watched.wait("state", phase="thinking")
        began = time.monotonic()
        assert (await watched.wait("say"))["text"] == SORRY.slow
        assert time.monotonic() - began > 0.9
        assert await watched.said() == SORRY.slow
        watched.daemon.post(Asked("good"))
        assert await watched.said() == "All is well."

    live(make(FakeMind(hang=hangs), "espeak", llm={"timeout": 1.0}), talk)


def slow(cancelled):
    end = time.monotonic() + 1.0
    while not cancelled() and time.monotonic() < end:
        time.sleep(0.01)
    yield "All is well."


def test_a_slow_answer_is_filled_with_a_few_words_that_are_no_part_of_it(make):
    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("ponder"))
        assert (await watched.wait("filler"))["text"] in FILLERS["en"]
        await watched.wait("reply_began")
        assert np.any(loudspeaker.pcm), "it was silent until the answer came"
        assert (await watched.wait("clause_started"))["text"] == "All is well."
        assert await watched.said() == "All is well."
        watched.daemon.post(Asked("good"))
        assert await watched.said() == "All is well."
        assert not watched.named("filler")
        return await watched.daemon.history()

    speech = {"engine": "espeak", "filler_after": 0.3}
    history = live(make(FakeMind(ponder=slow), speech=speech), talk)
    assert [text for role, text in history if role == "assistant"] == ["All is well."] * 2


def test_an_empty_answer_is_said_so(make):
    async def talk(watched, *_):
        watched.daemon.post(Asked("nothing"))
        assert (await watched.wait("say"))["text"] == SORRY.empty
        assert await watched.said() == SORRY.empty

    live(make(FakeMind(nothing=says_nothing)), talk)


# --- the mouth -------------------------------------------------------------------------------


def test_a_mouth_that_breaks_ends_the_turn_with_a_sentence_and_the_next_one_is_spoken(make):
    voice = FakeVoice(fails=[True])

    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("first"))
        await watched.wait("failed", room="mouth", message="the voice broke")
        assert not np.any(loudspeaker.pcm)
        assert await watched.said() == SORRY.failed
        await watched.wait("state", phase="asleep")
        watched.daemon.post(Asked("second"))
        assert await watched.said() == "All is well."
        assert np.abs(loudspeaker.pcm).max() > 7000

    live(make(voice=voice), talk)
    assert voice.closed


def test_a_mouth_that_breaks_in_the_middle_is_silent_at_once(make):
    voice = FakeVoice(fails=[False, True])

    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("long"))
        await watched.wait("failed", room="mouth")
        assert await watched.said() == SORRY.failed
        await watched.wait("state", phase="asleep")
        await asyncio.sleep(0.1)
        before = len(loudspeaker.pcm)
        await asyncio.sleep(0.5)
        assert not np.any(loudspeaker.pcm[before:])
        assert len(voice.said) == 2  # nothing more was made for a dead turn

    live(make(FakeMind(long=goes_on), voice), talk)


def test_a_mouth_that_cannot_make_the_fixed_sentences_ahead_speaks_all_the_same(make):
    async def talk(watched, *_):
        for _ in dataclasses.astuple(SORRY):
            await watched.wait("failed", room="mouth", message="the voice broke")
        assert watched.daemon.state.phase is Phase.ASLEEP
        watched.daemon.post(Asked("good"))
        assert await watched.said() == "All is well."

    live(make(voice=FakeVoice(learns=False)), talk)


# --- cancelling ------------------------------------------------------------------------------


def test_a_stopped_reply_is_not_heard_any_more_and_the_mind_stops(make):
    mind = FakeMind(long=goes_on)

    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("long"))
        await watched.wait("clause_started")
        await asyncio.sleep(0.3)
        watched.daemon.post(StopRequested())
        await watched.wait("state", phase="asleep")
        await asyncio.sleep(0.7)  # the sleep tone, and what was on its way
        before, pieces = len(loudspeaker.pcm), len(watched.named("text"))
        await asyncio.sleep(0.7)
        assert not np.any(loudspeaker.pcm[before:])
        assert len(watched.named("text")) == pieces
        (_, _), (role, heard) = await watched.daemon.history()
        assert role == "assistant"
        assert heard.startswith("This ")
        assert len(heard) < 200  # what was written had long been more than what was heard

    live(make(mind, "espeak"), talk)


ROBOT = """
[actions.forward]
en = ["go forward"]
run = ["sh", "-c", "sleep 600 & echo $! > moving; wait"]
timeout = 100

[actions.halt]
on_stop = true
run = ["touch", "halted"]
"""


@pytest.mark.parametrize("event", [StopRequested(), StopHeard("stop"), Heard(0, "stop", 1.0, -20)])
def test_stop_ends_what_an_action_does_before_it_is_done(make, tmp_path, event):
    (tmp_path / "robot.toml").write_text(ROBOT)
    moving, halted = tmp_path / "moving", tmp_path / "halted"

    async def until(true):
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)

    async def talk(watched, *_):
        watched.daemon.post(Asked("go forward"))
        await until(lambda: moving.exists() and moving.read_text().endswith("\n"))
        assert not halted.exists()
        watched.daemon.post(event)
        await until(halted.exists)
        program = Path("/proc") / moving.read_text().strip() / "stat"
        await until(lambda: not program.exists() or " Z " in program.read_text())
        watched.daemon.post(Asked("x"))
        assert await watched.said()

    live(make(FakeMind(), skills={"enabled": True, "folder": str(tmp_path)}), talk)


def test_a_bad_file_of_actions_ends_the_start(make, tmp_path):
    (tmp_path / "robot.toml").write_text("[actions.halt]\n")
    with pytest.raises(BadInput, match=r"robot.toml, line 1, column 2"):
        live(make(FakeMind(), skills={"enabled": True, "folder": str(tmp_path)}), None)


def test_a_second_question_silences_the_answer_to_the_first(make):
    voice = FakeVoice()
    mind = FakeMind(long=goes_on)

    async def talk(watched, *_):
        watched.daemon.post(Asked("long"))
        await watched.wait("clause_started")
        watched.daemon.post(Asked("good"))
        turn = watched.daemon.state.turn + 1
        clause = await watched.wait("clause_started", text="All is well.")
        assert clause["turn"] == turn
        assert await watched.said() == "All is well."
        made = len(voice.said)
        await asyncio.sleep(0.5)
        assert len(voice.said) == made
        assert not watched.named("clause_started")

    live(make(mind, voice), talk)


def test_a_question_that_is_cancelled_before_it_is_thought_of_is_never_asked(make):
    mind = FakeMind(hang=hangs)

    async def talk(watched, *_):
        for text in ("hang", "skipped", "good"):
            watched.daemon.post(Asked(text))
        assert await watched.said() == "All is well."

    live(make(mind), talk)
    assert [messages[-1] for messages in mind.asked] in (["hang", "good"], ["good"])


# --- the ears --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question():
    from importlib import resources

    with resources.as_file(resources.files("assistant") / "data" / "question-en.wav") as file:
        return wav.read(file)


def test_ears_that_break_are_apologised_for_and_hear_the_next_time(make, question):
    ears = FakeEars(fails=[True, True])  # it is asked once more

    async def talk(watched, microphone, _):
        for heard in (SORRY.failed, "All is well."):
            watched.daemon.post(WakeDetected("test"))
            await watched.wait("state", phase="listening")
            microphone.play(question)
            assert (await watched.said()) == heard
        return watched.named("failed", room="ears")

    live(make(ears=ears), talk, deaf=False)
    assert ears.closed


def test_nothing_understood_is_asked_again_and_then_given_up(make, question):
    async def talk(watched, microphone, _):
        watched.daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        microphone.play(question)
        assert await watched.said() == SORRY.missed
        await watched.wait("state", phase="listening")
        await watched.wait("state", phase="asleep")

    live(make(ears=FakeEars(""), turn={"no_speech": 1.0}), talk, deaf=False)


def test_a_muted_microphone_is_not_heard_until_it_is_heard_again(make, question):
    async def talk(watched, microphone, _):
        daemon, seen = watched.daemon, []
        daemon.observe(lambda name, _: seen.append(name))
        daemon.mute(True)
        daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        microphone.play(question)
        await watched.wait("state", phase="asleep")
        assert "speech_started" not in seen
        daemon.mute(False)
        daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        microphone.play(question)
        await watched.wait("speech_started")
        daemon.mute(True)  # what was said until now is a whole turn
        assert (await watched.wait("heard"))["speech_s"] > 0
        await watched.said()

    live(make(turn={"no_speech": 3.0}), talk, deaf=False)


def test_the_volume_changes_in_mid_reply(make):
    async def talk(watched, _, loudspeaker):
        assert watched.daemon.free
        watched.daemon.post(Asked("long"))
        await watched.wait("clause_started")
        assert not watched.daemon.free
        await asyncio.sleep(0.1)
        loud = np.abs(loudspeaker.pcm).max()
        watched.daemon.set_volume(0.25)
        await asyncio.sleep(0.1)
        before = len(loudspeaker.pcm)
        await asyncio.sleep(0.5)
        soft = np.abs(loudspeaker.pcm[before:]).max()
        watched.daemon.post(StopRequested())
        await watched.wait("state", phase="asleep")
        return loud, soft

    loud, soft = live(make(FakeMind(long=goes_on), wake={"earcon": False}), talk)
    assert (loud, soft) == (8000, 800)  # -20 dB: half as loud, and half of that


def test_ears_may_come_later_and_failing_to_get_them_changes_nothing(make, question, monkeypatch):
    config = make(ears=BadInput("no model to hear with"))

    async def talk(watched, *_):
        daemon = watched.daemon
        for _ in range(2):
            with pytest.raises(BadInput, match="no model to hear with"):
                await daemon.hear_with(FileMicrophone([]))
            assert daemon.ready.is_set()
        daemon.post(Asked("good"))
        assert await watched.said() == "All is well."
        monkeypatch.setattr("assistant.ears.engines.make", lambda _: FakeEars("at last"))
        microphone = FileMicrophone([])
        await daemon.hear_with(microphone)
        daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        microphone.play(question)
        assert (await watched.wait("heard"))["text"] == "at last"
        await watched.said()

    live(config, talk)


# --- devices ---------------------------------------------------------------------------------


def test_a_lost_device_ends_the_waiting_with_its_sentence(make):
    async def talk(watched, *_):
        waiting = asyncio.create_task(watched.daemon.lost())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        for reason in ("the microphone is gone", "and again"):
            threading.Thread(target=watched.daemon.device_lost, args=("microphone", reason)).start()
        with pytest.raises(AssistantError, match="the microphone is gone"):
            await asyncio.wait_for(waiting, PATIENCE_S)

    live(make(), talk)


def test_a_device_that_goes_and_comes_back_is_told_and_ends_nothing(make):
    async def talk(watched, *_):
        daemon, reason = watched.daemon, "the microphone is gone"
        for act in (
            lambda: daemon.comeback.device_lost("microphone", reason),
            lambda: daemon.comeback.device_lost("loudspeaker", "gone, too"),
        ):
            await asyncio.to_thread(act)
        await watched.wait("device", room="microphone", there=False, message=reason)
        await watched.wait("device", room="loudspeaker", there=False)
        assert set(daemon.comeback.missing) == {"microphone", "loudspeaker"}
        await asyncio.to_thread(daemon.comeback.device_back, "microphone")
        await asyncio.to_thread(daemon.comeback.device_back, "loudspeaker")
        await watched.wait("device", room="loudspeaker", there=True)
        assert daemon.comeback.missing == {}
        daemon.post(Asked("good"))
        assert await watched.said() == "All is well."

    live(make(), talk)


def test_an_answer_is_given_up_when_the_loudspeaker_stays_away(make):
    async def talk(watched, *_):
        watched.daemon.post(Asked("long"))
        await watched.wait("clause_started")
        await asyncio.to_thread(watched.daemon.comeback.device_late, "loudspeaker", "gone")
        await watched.wait("failed", room="loudspeaker")
        await watched.wait("state", phase="asleep")

    live(make(FakeMind(long=goes_on)), talk)


def test_while_it_is_muted_no_sound_reaches_any_buffer(make, question, monkeypatch):
    heard = []

    def spy(method):
        def take(self, given):
            heard.append(getattr(given, "pcm", given).copy())
            return method(self, given)

        return take

    for owner, name in (
        (Listener, "hear"),
        (EchoPath, "clean"),
        (Hearing, "take"),
        (Patch, "hear"),
    ):
        monkeypatch.setattr(owner, name, spy(getattr(owner, name)))

    async def talk(watched, *_):
        daemon, told = watched.daemon, []
        daemon.on_mute = told.append
        daemon.mute(True)
        microphone = FileMicrophone([])
        microphone.live = True
        await daemon.hear_with(microphone)
        microphone.play(question)
        await until(lambda: len(heard) > 60)
        assert not any(pcm.any() for pcm in heard)
        daemon.mute(False)
        microphone.play(question)
        await until(lambda: heard[-1].any())
        assert told == [True, False]
        await asyncio.to_thread(microphone.stop)

    live(make(), talk)


class LiveMicrophone(FileMicrophone):
    """It says that it hears a real room, so that it is judged."""

    def __init__(self, pieces):
        super().__init__(pieces, pace=0, after="end")
        self.live = True


def test_a_microphone_that_is_switched_off_is_told_of_once(make, caplog):
    async def talk(watched, *_):
        daemon = watched.daemon
        assert daemon.hearing is None
        microphone = LiveMicrophone([30.0])
        await daemon.hear_with(microphone)
        assert await asyncio.to_thread(microphone.ended.wait, 60)
        while daemon.hearing.problems != ("silent",):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(microphone.stop)

    live(make(), talk)
    told = [record.message for record in caplog.records if "hearing" in record.message]
    assert len(told) == 1
    assert "nothing but zeros" in told[0]


def test_frames_are_signs_of_life_while_it_is_asleep_and_muted(make):
    async def talk(watched, *_):
        daemon = watched.daemon
        daemon.mute(True)
        microphone = LiveMicrophone([0.2])
        await daemon.hear_with(microphone)
        assert await asyncio.to_thread(microphone.ended.wait, 60)
        assert daemon.vitals.hears
        assert daemon.vitals.wrong(True, daemon.state.deadline) is None
        await asyncio.to_thread(microphone.stop)

    live(make(), talk)


class RefusedMicrophone(FileMicrophone):
    """A device that is busy; no real one can be had on demand."""

    def start(self, sink):
        raise DeviceError("microphone 3 is busy")


class RefusedLoudspeaker(FileLoudspeaker):
    """A device that is busy; no real one can be had on demand."""

    def start(self, source):
        raise DeviceError("loudspeaker 4 is busy")


@pytest.mark.parametrize(
    ("microphone", "loudspeaker", "sentence"),
    [
        (RefusedMicrophone([]), FileLoudspeaker(), "microphone 3 is busy"),
        (FileMicrophone([]), RefusedLoudspeaker(), "loudspeaker 4 is busy"),
    ],
)
def test_a_refused_device_is_raised_by_start_and_everything_ends(
    make, microphone, loudspeaker, sentence
):
    async def main():
        daemon = Daemon(make(), microphone, loudspeaker)
        with pytest.raises(DeviceError, match=sentence):
            await daemon.start()
        await daemon.stop()

    asyncio.run(main())


class CountingLoudspeaker(FileLoudspeaker):
    """Knows how often it was paused, and may not come back."""

    def __init__(self, gone=False):
        super().__init__(16_000)
        self.pauses = self.resumes = 0
        self.gone = gone

    def pause(self):
        super().pause()
        self.pauses += 1

    def resume(self):
        if self.gone:
            raise DeviceError("loudspeaker 4 is gone")
        super().resume()
        self.resumes += 1


async def until(condition):
    async def look():
        while not condition():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(look(), PATIENCE_S)


@pytest.mark.parametrize("standby", [True, False])
def test_asleep_the_loudspeaker_pauses_and_every_turn_sounds(make, monkeypatch, standby):
    monkeypatch.setattr("assistant.audio.standby.AFTER_S", 0.05)

    async def main():
        loudspeaker = CountingLoudspeaker()
        daemon = Daemon(make(audio={"standby": standby}), None, loudspeaker)
        watched = Watched(daemon)
        await daemon.start()
        for turn in (1, 2):
            if standby:
                await until(lambda turn=turn: loudspeaker.pauses == turn)
            loudspeaker.take()
            daemon.post(Asked("hello"))
            assert await watched.said() == "All is well."
            assert np.abs(loudspeaker.take()).max() > 5000
            await daemon.asleep()
        await daemon.stop()
        assert loudspeaker.resumes == (2 if standby else 0)

    asyncio.run(main())


def test_a_loudspeaker_that_does_not_come_back_is_lost(make, monkeypatch):
    monkeypatch.setattr("assistant.audio.standby.AFTER_S", 0.05)

    async def main():
        loudspeaker = CountingLoudspeaker(gone=True)
        daemon = Daemon(make(), None, loudspeaker)
        await daemon.start()
        await until(lambda: loudspeaker.pauses)
        daemon.post(Asked("hello"))
        with pytest.raises(AssistantError, match="loudspeaker 4 is gone"):
            await asyncio.wait_for(daemon.lost(), PATIENCE_S)
        await daemon.stop()

    asyncio.run(main())


# --- life ------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["mind", "voice", "ears"])
def test_what_cannot_load_is_raised_by_start_and_everything_ends(make, room):
    error = BadInput(f"no {room}")

    async def main():
        daemon = Daemon(make(**{room: error}), FileMicrophone([]), FileLoudspeaker())
        with pytest.raises(BadInput, match=f"no {room}") as caught:
            await daemon.start()
        assert caught.value is error
        assert not daemon.ready.is_set()
        await daemon.stop()

    asyncio.run(main())


def test_a_bug_while_loading_is_a_sentence_too(make, caplog):
    async def main():
        daemon = Daemon(make(ZeroDivisionError("a bug")), None, None)
        with pytest.raises(AssistantError, match="mind: ZeroDivisionError: a bug"):
            await daemon.start()
        await daemon.stop()

    asyncio.run(main())


def test_stop_before_start_and_twice(make):
    async def main():
        daemon = Daemon(make(), FileMicrophone([]), FileLoudspeaker())
        await daemon.stop()
        await daemon.stop()

    asyncio.run(main())


def test_stop_while_it_loads(make):
    mind = FakeMind()

    def slowly():
        time.sleep(0.5)
        return mind

    async def main():
        daemon = Daemon(make(slowly), FileMicrophone([]), FileLoudspeaker())
        starting = asyncio.create_task(daemon.start())
        await asyncio.sleep(0.2)
        starting.cancel()
        await daemon.stop()
        await daemon.stop()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not daemon.ready.is_set()

    asyncio.run(main())
    assert mind.closed


def test_a_load_that_outlives_the_daemon_harms_nobody(make, monkeypatch, caplog, capfd):
    monkeypatch.setattr(Worker.stop, "__defaults__", (0.1,))
    release = threading.Event()

    def slowly():
        release.wait(PATIENCE_S)
        raise AssistantError("nobody wants to know any more")

    async def main():
        daemon = Daemon(make(slowly), None, None)
        starting = asyncio.create_task(daemon.start())
        await asyncio.sleep(0.1)
        starting.cancel()
        await daemon.stop()

    asyncio.run(main())
    release.set()  # the loop is closed by now
    while workers():
        time.sleep(0.02)
    assert "Traceback" not in caplog.text + capfd.readouterr().err


def test_stop_in_the_middle_of_a_reply_ends_everything(make):
    mind = FakeMind(long=goes_on)

    async def talk(watched, *_):
        watched.daemon.post(Asked("long"))
        await watched.wait("clause_started")
        return watched

    watched = live(make(mind), talk)
    assert mind.closed
    assert watched.daemon.state.phase is Phase.SPEAKING  # nothing was decided any more


def test_a_text_to_be_said_is_said_and_not_remembered(make):
    async def talk(watched, *_):
        watched.daemon.post(SayRequested("Dinner is ready."))
        assert await watched.said() == "Dinner is ready."
        await watched.daemon.asleep()
        assert watched.daemon.state.phase is Phase.ASLEEP
        return await watched.daemon.history()

    assert live(make(), talk) == []


def test_forgetting_begins_a_new_conversation(make):
    mind = FakeMind()

    async def talk(watched, *_):
        watched.daemon.post(Asked("one"))
        await watched.said()
        watched.daemon.forget()
        watched.daemon.post(Asked("two"))
        await watched.said()

    live(make(mind), talk)
    assert "one" not in mind.asked[1]


@pytest.mark.parametrize("ahead", [True, False])
def test_every_stage_of_a_spoken_turn_is_traced(make, question, ahead):
    async def talk(watched, microphone, _):
        watched.daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        turn = watched.daemon.state.turn
        microphone.play(question)
        await watched.said()
        return watched.daemon.trace.turn(turn)

    config = make(ahead={"enabled": ahead})
    timeline = live(config, talk, deaf=False)
    stages = [mark.stage for mark in timeline.marks]
    answer = ["think", "first_token", "first_clause", "first_sound_made"]
    sound = ["first_sample", "speaking_end"]
    order = ["wake", "speech_start", "speech_end", "turn_end", "heard", *answer, *sound]
    early = ["wake", "speech_start", "speech_end", "vad_end", "settled", *answer, *sound]
    late = ["settled", "turn_end", "heard", "released", *sound]
    for chain in (early, late) if ahead else (order,):  # mind and ears work side by side
        assert [stage for stage in dict.fromkeys(stages) if stage in chain] == chain
    assert timeline.between("speech_end", "first_sample") > 0
    assert {"vad_end", "reply_end"} <= set(stages)
    assert ahead or not {"settled", "released", "prepared"} & set(stages)


def test_a_spoken_turn_is_kept_with_its_sound_and_decides_the_same_again(make, question, tmp_path):
    async def talk(watched, microphone, _):
        watched.daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        microphone.play(question)
        await watched.said()
        await watched.daemon.asleep()
        return read(await watched.daemon.keeper.last())

    kept = {"keep": "asked", "folder": str(tmp_path)}
    turn = live(make(record=kept), talk, deaf=False)
    ((text, pcm),) = utterances(turn)
    assert text == "hello"
    assert np.abs(pcm).max() > 0.5 * np.abs(question).max()
    assert not any(step.differs for step in replay(turn))


def test_the_decider_gets_every_setting_that_it_asks_for():
    config = parse(
        {
            "language": "zh",
            "wake": {"always": True, "earcon": False},
            "turn": {
                "max_silence": 0.7,
                "no_speech": 7.0,
                "follow_up": 8.0,
                "stop_words": ["halt"],
            },
            "llm": {"timeout": 9.0},
        },
        "test",
    )
    made = rules(config)
    assert (made.max_silence, made.no_speech, made.follow_up, made.patience) == (0.7, 7.0, 8.0, 9.0)
    assert (made.always, made.earcon, made.stop_words) == (True, False, ("halt",))
    assert made.languages == ("zh",)
    assert rules(Config()).min_speech == Config().turn.min_speech
    ahead = {"enabled": False, "per_turn": 3, "per_minute": 9}
    turn = {"min_silence": 0.3, "whole": 0.4, "early": 0.5}
    made = rules(parse({"ahead": ahead, "turn": turn}, "test"))
    assert (made.ahead, made.takes_a_turn, made.takes_a_minute) == (False, 3, 9)
    assert (made.min_silence, made.whole, made.early) == (0.3, 0.4, 0.5)


# --- levels -----------------------------------------------------------------------------------


class Onlooker:
    """An observer that wants levels."""

    levels = True

    def __init__(self):
        self.told = []

    def __call__(self, name, data):
        self.told.append((name, data))

    def of(self, source):
        return [d for name, d in self.told if name == "level" and d["source"] == source]


def test_levels_of_what_sounds_are_told_only_to_those_who_want_them(make):
    onlooker = Onlooker()

    async def talk(watched, *_):
        daemon = watched.daemon
        daemon.post(SayRequested("Nobody looks at this."))
        await watched.said()
        assert not onlooker.told
        daemon.observe(onlooker)
        daemon.post(SayRequested("Somebody looks."))
        turn = (await watched.wait("clause_started"))["turn"]
        await watched.said()
        began = daemon.trace.turn(turn).first("first_sample")
        daemon.unobserve(onlooker)
        before = len(onlooker.told)
        daemon.post(SayRequested("Nobody looks any more."))
        await watched.said()
        assert len(onlooker.told) == before
        return began, watched.named("level")

    began, others = live(make(), talk)
    assert not others
    mouth = onlooker.of("mouth")
    assert sum(len(data["levels"]) for data in mouth) == 10  # a fifth of a second
    assert mouth[0]["at"] == pytest.approx(began, abs=0.002)
    assert min(level for data in mouth for level in data["levels"]) > 0.5
    assert all(len(data["widths"]) == len(data["levels"]) for data in mouth)
    names = [name for name, _ in onlooker.told]
    assert names.index("clause_started") < names.index("level")


def test_the_voice_that_tells_its_phonemes_gives_the_lips_their_shape(make):
    onlooker = Onlooker()

    async def talk(watched, *_):
        watched.daemon.observe(onlooker)
        watched.daemon.post(SayRequested("My mama goes home."))
        await watched.said()

    live(make(voice="espeak"), talk)
    mouth = onlooker.of("mouth")
    told = [shape for data in mouth for shape in data["visemes"]]
    assert {"closed", "open"} <= {SHAPES[shape] for shape in told}
    ends = [data["at"] + data["step"] * len(data["levels"]) for data in mouth]
    assert all(at == pytest.approx(end, abs=0.002) for at, end in zip(
        [data["at"] for data in mouth[1:]], ends, strict=False))  # fmt: skip


def test_levels_of_what_is_heard_are_told_while_it_listens(make, question):
    onlooker = Onlooker()

    async def talk(watched, microphone, _):
        watched.daemon.observe(onlooker)
        await asyncio.sleep(0.3)
        assert not onlooker.of("ears")
        watched.daemon.post(WakeDetected("test"))
        await watched.wait("state", phase="listening")
        end = microphone.play(question)
        await watched.said()
        return end

    end = live(make(), talk, deaf=False)
    heard = onlooker.of("ears")
    assert all(len(data["levels"]) == 5 for data in heard)
    assert max(level for data in heard if data["at"] < end for level in data["levels"]) > 0.5
