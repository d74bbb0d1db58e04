"""The watchdog is fed only while frames, decisions and workers go on.

The service manager's end is a real notify socket; clocks are moved by hand. The microphone plays a
file at real-time pace.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import worker
from assistant.config import Config
from assistant.serve import ended
from assistant.serve.attendant import Attendant
from assistant.systemd import network
from assistant.vitals import FRAMES_S, HUNG_S, LATE_S, LOADING_S, Vitals
from assistant.worker import Worker


class Clock:
    """A monotonic clock that is moved by hand, in s."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vitals(clock: Clock) -> Vitals:
    return Vitals(clock, lambda: [])


# Frames


def test_frames_that_come_keep_it_alive(vitals: Vitals, clock: Clock) -> None:
    vitals.expect_frames(True)
    for _ in range(100):
        clock.now += FRAMES_S / 2
        vitals.frame()
        assert vitals.wrong(True, None) is None


def test_frames_that_stop_are_noticed_and_forgiven(vitals: Vitals, clock: Clock) -> None:
    vitals.expect_frames(True)
    vitals.frame()
    clock.now += FRAMES_S + 1
    assert "no sound has come from the microphone for 11 s" in str(vitals.wrong(True, None))
    vitals.frame()
    assert vitals.wrong(True, None) is None


def test_a_microphone_that_never_begins_is_noticed(vitals: Vitals, clock: Clock) -> None:
    vitals.expect_frames(True)
    assert not vitals.hears
    clock.now += FRAMES_S + 1
    assert vitals.wrong(True, None)


def test_without_a_microphone_no_frames_are_expected(vitals: Vitals, clock: Clock) -> None:
    assert vitals.hears
    clock.now += 1e6
    assert vitals.wrong(True, None) is None


def test_a_microphone_that_is_being_opened_again_has_time(vitals: Vitals, clock: Clock) -> None:
    vitals.expect_frames(True)
    vitals.frame()
    vitals.expect_frames(False)
    clock.now += 1e6
    assert vitals.wrong(True, None) is None
    vitals.expect_frames(True)
    assert vitals.wrong(True, None) is None
    clock.now += FRAMES_S + 1
    assert vitals.wrong(True, None)


# Decisions, engines


def test_a_decision_that_does_not_come_is_noticed(vitals: Vitals, clock: Clock) -> None:
    assert vitals.wrong(True, clock.now + 60) is None
    assert vitals.wrong(True, clock.now - LATE_S + 1) is None
    assert "late" in str(vitals.wrong(True, clock.now - LATE_S - 1))


def test_engines_that_never_get_ready_are_noticed(vitals: Vitals, clock: Clock) -> None:
    clock.now += LOADING_S - 1
    assert vitals.wrong(False, None) is None
    clock.now += 2
    assert "ready" in str(vitals.wrong(False, None))


# Workers


def seen(name: str) -> list[float]:
    return [since for each, since in worker.at_work() if each == name]


def test_a_worker_that_hangs_is_noticed_and_one_that_gives_signs_is_not() -> None:
    begun, goes_on, signed, end = (threading.Event() for _ in range(4))

    def job() -> None:
        begun.set()
        goes_on.wait()
        worker.sign()
        signed.set()
        end.wait()

    hanging = Worker("hanging", lambda key, error: None)
    try:
        assert seen("hanging") == []
        hanging.post(job)
        assert begun.wait(10)
        (since,) = seen("hanging")
        clock = Clock()
        vitals = Vitals(clock, worker.at_work)
        clock.now = since + HUNG_S + 1
        assert "`hanging` has hung for 121 s" in str(vitals.wrong(True, None))
        goes_on.set()
        assert signed.wait(10)
        (later,) = seen("hanging")
        assert later > since
        clock.now = later + HUNG_S - 1
        assert vitals.wrong(True, None) is None
    finally:
        end.set()
        assert hanging.stop()


def test_a_worker_that_was_left_behind_is_not_waited_for() -> None:
    begun, end = threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        end.wait()

    hanging = Worker("left", lambda key, error: None)
    hanging.post(job)
    assert begun.wait(10)
    assert not hanging.stop(timeout=0)
    assert seen("left") == []
    end.set()


def test_a_job_that_raises_does_not_look_like_one_that_hangs() -> None:
    failed, end = threading.Event(), threading.Event()
    breaking = Worker("breaking", lambda key, error: failed.set())
    try:
        breaking.post(lambda: 1 / 0)
        assert failed.wait(10)
        breaking.call(lambda: None).result(10)
        breaking.post(end.set)
        assert end.wait(10)
    finally:
        assert breaking.stop()
    assert seen("breaking") == []


def test_outside_of_a_worker_a_sign_is_nothing() -> None:
    worker.sign()


# What systemd hears


class FakeDaemon:
    """As much of a daemon as the attendant asks for."""

    class state:
        deadline = None

    def __init__(self, vitals: Vitals) -> None:
        self.vitals = vitals
        self.ready = asyncio.Event()
        self.ready.set()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch) -> Iterator[socket.socket]:
    """The service manager's end of the notification socket."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
        monkeypatch.delenv(network.VARIABLE, raising=False)
        yield listening


async def heard(manager: socket.socket) -> str:
    return (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode()


def drain(manager: socket.socket) -> list[str]:
    told = []
    while True:
        try:
            told.append(manager.recv(4096).decode())
        except BlockingIOError:
            return told


async def attended(manager: socket.socket, vitals: Vitals, clock: Clock) -> None:
    attendant = Attendant(lambda: FakeDaemon(vitals), Config())  # type: ignore[arg-type, return-value]
    vitals.expect_frames(True)
    task = asyncio.create_task(attendant.attend())
    await asyncio.sleep(0.2)
    assert drain(manager) == []  # it is not ready before the first frame

    vitals.frame()
    assert await heard(manager) == "READY=1\nSTATUS=asleep"
    assert await heard(manager) == "WATCHDOG=1"
    attendant.note("state", {"phase": "listening"})
    while (told := await heard(manager)) == "WATCHDOG=1":
        pass
    assert told == "STATUS=listening"

    clock.now += FRAMES_S + 1
    while (told := await heard(manager)) == "WATCHDOG=1":
        pass
    assert told.startswith("STATUS=listening; no sound")
    await asyncio.sleep(0.2)
    assert drain(manager) == []  # neither fed nor told twice

    vitals.frame()
    assert {await heard(manager), await heard(manager)} == {"WATCHDOG=1", "STATUS=listening"}
    task.cancel()


def test_it_is_ready_with_the_first_frame_and_fed_while_they_come(
    manager: socket.socket, clock: Clock, vitals: Vitals
) -> None:
    asyncio.run(asyncio.wait_for(attended(manager, vitals, clock), 30))


# What was before the start


@pytest.mark.parametrize(
    ("result", "words"),
    [("oom-kill", "memory limit"), ("watchdog", "hung"), ("success", ""), ("exit-code", "")],
)
def test_the_last_end_is_told_once(result: str, words: str, tmp_path: Path) -> None:
    (tmp_path / ended.FILE).write_text(f"{result}\n")
    told = ended.take(tmp_path)
    assert (words in told) if words and told else (told is None and not words)
    assert ended.take(tmp_path) is None


def test_a_network_that_the_service_lacks_is_told(manager, monkeypatch, vitals: Vitals) -> None:
    config = Config.model_validate({"web": {"enabled": True}})
    assert Attendant(lambda: FakeDaemon(vitals), config).troubles == []  # type: ignore[arg-type, return-value]
    monkeypatch.setenv(network.VARIABLE, "none")
    (trouble,) = Attendant(lambda: FakeDaemon(vitals), config).troubles  # type: ignore[arg-type, return-value]
    assert "web.enabled needs the network `loopback`" in trouble
