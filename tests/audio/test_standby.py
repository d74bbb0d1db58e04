"""The loudspeaker in standby; the device here is a fake that notes what it is told."""

import threading

import pytest

from assistant.audio.standby import AFTER_S, Standby
from assistant.errors import DeviceError


class Device:
    name, rate = "fake", 24_000

    def __init__(self, gone=False):
        self.told = []
        self.gone = gone
        self.quiet = threading.Event()

    def start(self, source):
        raise AssertionError("only the daemon starts it")

    stop = start

    def pause(self):
        self.told.append("pause")

    def resume(self):
        self.told.append("resume")
        if self.gone:
            raise DeviceError("the loudspeaker is gone")


class Clock:
    """Calls that come later, when the test says so."""

    def __init__(self):
        self.waiting = []

    def later(self, seconds, act):
        assert seconds == AFTER_S
        handle = Handle(self, act)
        self.waiting.append(handle)
        return handle

    def strike(self):
        for handle in self.waiting[:]:
            self.waiting.remove(handle)
            handle.act()


class Handle:
    def __init__(self, clock, act):
        self.clock, self.act = clock, act

    def cancel(self):
        self.clock.waiting.remove(self)


@pytest.fixture
def clock():
    return Clock()


def standby(device, clock, failed=None):
    return Standby(device, clock.later, failed or pytest.fail)


def test_it_pauses_once_after_a_while_of_sleep_and_resumes_at_once(clock):
    device = Device()
    made = standby(device, clock)
    made.sleeps()
    made.sleeps()
    assert len(clock.waiting) == 1
    clock.strike()
    made.sleeps()
    assert clock.waiting == []
    made.awake()
    made.awake()
    made.stop()
    assert device.told == ["pause", "resume"]


def test_a_short_sleep_leaves_the_stream_alone(clock):
    device = Device()
    made = standby(device, clock)
    for _ in range(3):
        made.sleeps()
        made.awake()
    clock.strike()
    made.stop()
    assert device.told == []


def test_it_pauses_again_after_the_next_turn(clock):
    device = Device()
    made = standby(device, clock)
    for _ in range(2):
        made.sleeps()
        clock.strike()
        made.awake()
    made.stop()
    assert device.told == ["pause", "resume"] * 2


def test_a_device_that_does_not_come_back_is_told(clock):
    failures = []
    made = standby(Device(gone=True), clock, failures.append)
    made.sleeps()
    clock.strike()
    made.awake()
    made.stop()
    assert [str(error) for error in failures] == ["the loudspeaker is gone"]
