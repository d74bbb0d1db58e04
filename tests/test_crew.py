"""Workers that hang, break or give rubbish, in the real daemon: the turn ends, and the next works.

The engines are fakes, for a real one cannot be made to fail on command; threads, decider, devices
(files at real-time pace) and espeak are real.
"""

import asyncio
import threading

import numpy as np
import pytest
from test_daemon import (  # noqa: F401
    SORRY,
    FakeEars,
    FakeMind,
    FakeVoice,
    breaks,
    live,
    make,
    plain,
    question,
)

from assistant import crew
from assistant.conversation import Phase, Rules, State, decide
from assistant.errors import AssistantError
from assistant.events import Asked, Failed, Say, SayRequested, Started, WakeDetected
from assistant.mind.thin import SENTENCES
from assistant.mouth.synthesiser import Sound
from assistant.worker import Worker


class Lock:
    """What a native call hangs in; it comes back at the end of the test."""

    def __init__(self):
        self.threads, self._free = set(), threading.Event()

    def hang(self):
        self.threads.add(threading.get_ident())
        self._free.wait()

    def free(self):
        self._free.set()


@pytest.fixture
def lock(monkeypatch):
    """Whatever hangs in it is noticed at once, and nothing else, however slow the machine is."""
    it = Lock()
    monkeypatch.setattr(crew, "LOOK_S", 0.05)
    monkeypatch.setattr(
        Worker, "silent_s", lambda self: 99.0 if self._shift.ident in it.threads else 0.0
    )
    yield it
    it.free()


def raises(error):
    def answer(cancelled):
        yield "It begins. "
        raise error

    return answer


def gives(piece):
    def answer(cancelled):
        yield piece

    return answer


def hangs(lock):
    def answer(cancelled):
        lock.hang()
        yield "too late"

    return answer


async def ask(watched, text):
    """Ask, and return what was heard of the answer."""
    watched.daemon.post(Asked(text))
    await watched.wait("asked")
    heard = await watched.said()
    await watched.wait("state", phase="asleep")
    return heard


# --- the mouth ---------------------------------------------------------------------------------


class Ill(FakeVoice):
    """A voice that does not speak, but does that instead."""

    def __init__(self, does):
        super().__init__()
        self.does = does

    def synthesise(self, text, cancelled):
        yield from self.does()


def test_what_a_voice_cannot_say_the_plainer_one_says_at_once(make):  # noqa: F811
    def broken():
        yield Sound(np.full(1600, np.nan, np.float32))

    voices = []

    def maker():
        voices.append(Ill(broken))
        return voices[-1]

    async def talk(watched, _, loudspeaker):
        watched.daemon.post(Asked("alpha"))
        assert await watched.said() == "All is well."
        assert np.abs(loudspeaker.pcm).max() > 2000
        assert watched.named("failed") == []
        (poor,) = watched.daemon.crew.told()
        assert (poor["room"], "float32" in poor["why"]) == ("mouth", True)

    live(make(voice=maker, speech={"engine": "piper"}), talk)
    assert all(voice.closed for voice in voices)
    assert len(voices) == 3


def test_a_voice_that_hangs_is_left_behind_and_the_next_turn_is_spoken(make, lock):  # noqa: F811
    first = []

    def hang():
        if not first:
            first.append(1)
            lock.hang()
        yield Sound(np.full(3200, 8000, np.int16))

    async def talk(watched, *_):
        await asyncio.sleep(0.2)
        watched.daemon.post(Asked("alpha"))
        await watched.said()
        await watched.wait("state", phase="asleep")
        assert await ask(watched, "beta") == "All is well."
        assert watched.daemon.speaker.hands()[0].worker.left == 1
        assert watched.daemon.crew.hung == 1

    live(make(voice=lambda: Ill(hang)), talk)


# --- the ears ----------------------------------------------------------------------------------


class Deaf(FakeEars):
    """A recogniser that hangs at the first utterance."""

    def __init__(self, lock):
        super().__init__()
        self.lock = lock

    def settle(self):
        if not self.lock.threads:
            self.lock.hang()
        return super().settle()


def test_a_recogniser_that_hangs_is_left_behind_and_hears_the_next_time(
    make,  # noqa: F811
    lock,
    question,  # noqa: F811
):
    async def talk(watched, microphone, _):
        for heard in (SORRY.failed, "All is well."):
            watched.daemon.post(WakeDetected("test"))
            await watched.wait("state", phase="listening")
            microphone.play(question)
            assert await watched.said() == heard
            await watched.wait("state", phase="asleep")

    live(make(ears=lambda: Deaf(lock)), talk, deaf=False)


# --- the decider -------------------------------------------------------------------------------


def test_a_voice_that_fails_is_apologised_for_by_what_stands_in_and_never_twice():
    state, _ = decide(Rules(), State(), Started(), 1.0)
    state, _ = decide(Rules(), state, SayRequested("hello"), 2.0)
    state, commands = decide(Rules(), state, Failed(state.turn, "mouth", "x", state.take), 3.0)
    assert commands[-1] == Say(state.turn, state.take, SORRY.failed)
    state, commands = decide(Rules(), state, Failed(state.turn, "mouth", "x", state.take), 4.0)
    assert state.phase is Phase.ASLEEP
    assert not any(isinstance(each, Say) for each in commands)


# --- the mind ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ill",
    [raises(RuntimeError("C++")), raises(MemoryError()), raises(SystemExit(1)), gives(None)],
    ids=["raises", "memory", "exits", "rubbish"],
)
def test_a_mind_that_fails_is_apologised_for_freed_and_made_anew(make, ill):  # noqa: F811
    mind = FakeMind(bad=ill)

    async def talk(watched, *_):
        watched.daemon.post(Asked("bad"))
        await watched.wait("failed", room="mind")
        assert await watched.said() == SORRY.failed
        assert mind.closed
        await watched.wait("state", phase="asleep")
        assert await ask(watched, "alpha") == "All is well."
        assert watched.daemon.crew.told() == []

    live(make(mind), talk)


def test_a_mind_that_hangs_is_left_behind_and_what_was_said_is_still_known(
    make,  # noqa: F811
    lock,
    caplog,
):
    mind = FakeMind(stuck=hangs(lock))

    async def talk(watched, *_):
        await ask(watched, "alpha")
        watched.daemon.post(Asked("stuck"))
        await watched.wait("failed", room="mind")
        assert await watched.said() == SORRY.failed
        await watched.wait("state", phase="asleep")
        assert await ask(watched, "beta") == "All is well."
        assert mind.asked[-1][1:] == ["alpha", "All is well.", "beta"]
        assert not mind.closed  # nobody may touch what another thread hangs in
        lock.free()
        await asyncio.sleep(0.2)
        assert "too late" not in str(watched.notes)

    live(make(mind), talk)
    assert "lock.hang()" in caplog.text  # where it hung


def test_after_three_failures_skills_go_on_and_status_says_so(make):  # noqa: F811
    mind, told = FakeMind(bad=breaks), []

    async def talk(watched, *_):
        watched.daemon.observe(lambda name, data: told.append(data) if name == "crew" else None)
        for _ in range(3):
            watched.daemon.post(Asked("bad"))
            await watched.said()
            await watched.wait("state", phase="asleep")
        (poor,) = watched.daemon.crew.told()
        assert (poor["room"], poor["why"]) == ("mind", "out of tokens")
        assert 0 < poor["back_in_s"] <= 60
        assert await ask(watched, "hello") == SENTENCES["en"]
        assert "hour" in await ask(watched, "set a timer for one hour")

        assert [each["room"] for each in told[-1]["poor"]] == ["mind"]

    live(make(mind, skills={"enabled": True}), talk)


def test_when_too_many_hang_the_process_ends_with_a_sentence(make, lock):  # noqa: F811
    async def talk(watched, *_):
        for _ in range(crew.MOST_LEFT):
            watched.daemon.post(Asked("stuck"))
            await watched.wait("failed", room="mind")
        with pytest.raises(AssistantError, match="mind hangs and cannot be replaced"):
            await asyncio.wait_for(watched.daemon.lost(), 10)

    live(make(FakeMind(stuck=hangs(lock))), talk)


def test_when_secret_answers_fail_three_times_it_begins_later_for_a_while():
    told = []
    team = crew.Crew(lambda *_: None, lambda _: None, lambda: told.append(1))
    for _ in range(3):
        assert team.rules(Rules()).ahead
        team.fitness[crew.AHEAD].failed("no")
    assert not team.rules(Rules()).ahead
    assert [each["room"] for each in team.told()] == ["ahead"]
    team.fitness[crew.AHEAD].worked()
    assert team.rules(Rules()).ahead
    assert told == [1, 1]


def test_a_room_that_crashed_the_processes_before_begins_with_what_stands_in():
    team = crew.Crew(lambda *_: None, lambda _: None, lambda: None)
    team.crashed({"mind": 3, "ears": 2, "nonsense": 9})
    assert [(each["room"], each["why"]) for each in team.told()] == [
        ("mind", "it crashed 3 times in a row")
    ]
