"""The patch bay between devices and rooms; time is made up, threads only where they matter."""

import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame
from assistant.audio.patch import AHEAD_S, BLOCK_S, DRAIN, TAIL, Jack, Patch, Puller
from assistant.errors import AssistantError

SOUND_RATE = 24_000
BLOCK = round(SOUND_RATE * BLOCK_S)


class Time:
    """A clock, and a wait that takes longer than asked."""

    def __init__(self, until, late=(0.0,)):
        self.now, self.until = 100.0, until
        self.late = late
        self.waits = 0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        if seconds:  # one who does not wait at all is not late
            self.now += seconds + self.late[self.waits % len(self.late)]
        self.waits += 1
        return self.now > self.until


class Player:
    """Plays what `sound` gives for each block: an amplitude."""

    def __init__(self, sound=lambda number: 0):
        self.sound = sound
        self.asked = []

    def fill(self, out, audible_at):
        out[:] = self.sound(len(self.asked))
        self.asked.append(audible_at)


def pulled(player, seconds, late=(0.0,), before=None):
    """Pull for some seconds; return what was taken: the blocks' first samples, None for a flush."""
    taken = []
    time_ = Time(100.0 + seconds + 1e-6, late)
    puller = Puller(
        player.fill,
        SOUND_RATE,
        lambda block, rate: taken.append(None if block is None else int(block[0])),
        clock=time_,
        wait=time_.wait,
    )
    if before:
        fill = player.fill
        puller._fill = lambda out, at: (before(puller, len(player.asked)), fill(out, at))
    puller.run()
    return taken


@given(st.lists(st.floats(0.0, 0.05), min_size=1, max_size=20))
def test_the_pace_does_not_drift_however_late_the_thread_comes(late):
    player = Player()
    pulled(player, 10.0, late)
    wanted = [100.0 + (n + 1) * BLOCK_S + AHEAD_S for n in range(len(player.asked))]
    assert np.allclose(player.asked, wanted, atol=1e-6)
    assert 10.0 / BLOCK_S - 4 <= len(player.asked) <= 10.0 / BLOCK_S


def test_silence_is_not_handed_on_but_a_pause_within_speech_is():
    def sound(number):
        return 7 if number in (10, 11, 20, 60) else 0

    taken = pulled(Player(sound), 2.0)
    pause = [0] * TAIL
    assert taken == [7, 7, *[0] * 8, 7, *pause, 7, *pause]


def test_a_flush_drops_the_fade_out_and_is_told_in_its_place():
    def flush(puller, number):
        if number == 4:
            puller.flush()

    taken = pulled(Player(lambda number: number + 1 if number < 7 else 0), 0.2, before=flush)
    assert taken == [1, 2, 3, 4, 5, None, 7, 0, 0, 0]


def test_when_it_is_drained_it_pulls_for_nobody_and_ends():
    def drain(puller, number):
        if number == 3:
            puller.drain()

    player = Player(lambda number: 9)
    assert pulled(player, 60.0, before=drain) == [9, 9, 9]
    assert len(player.asked) == 3 + DRAIN


def test_a_source_that_fails_is_silence():
    calls = []

    def fail(puller, number):
        calls.append(number)
        if len(calls) == 2:
            raise RuntimeError("broken")

    assert pulled(Player(lambda number: 3), 0.09, before=fail) == [3, 0, 3, 3]


# --- the browser's microphone ----------------------------------------------------------------


class Nothing:
    """A puller is not needed to be heard."""

    draining = False


def jack(clock):
    heard = []
    return Jack(lambda _, frame: heard.append(frame), Nothing(), clock), heard


@given(st.lists(st.tuples(st.integers(1, 25), st.floats(0.0, 1.0)), max_size=30))
def test_times_always_increase_and_are_never_in_the_future(messages):
    clock = Time(0)
    plugged, heard = jack(clock)
    plugged._credit = 1e9  # how much may come is another test
    for frames, pause in messages:
        clock.now += pause
        before = len(heard)
        plugged._credit = 1e9
        plugged.hear(np.zeros(frames * FRAME_SAMPLES, np.int16))
        assert len(heard) == before + frames
        assert heard[-1].time <= clock.now
    times = [frame.time for frame in heard]
    assert all(a < b for a, b in itertools.pairwise(times))


def test_sound_keeps_its_order_and_its_samples():
    clock = Time(0)
    plugged, heard = jack(clock)
    sound = np.arange(3 * FRAME_SAMPLES).astype(np.int16)
    plugged.hear(sound)
    assert np.array_equal(np.concatenate([frame.pcm for frame in heard]), sound)
    assert [round(clock.now - frame.end, 6) for frame in heard] == [0.04, 0.02, 0.0]


@pytest.mark.parametrize("samples", [0, 1, FRAME_SAMPLES - 1, FRAME_SAMPLES + 1])
def test_only_whole_frames_are_taken(samples):
    plugged, heard = jack(Time(0))
    with pytest.raises(AssistantError, match="whole frames"):
        plugged.hear(np.zeros(samples, np.int16))
    assert heard == []


def test_nobody_speaks_faster_than_time_goes_by():
    clock = Time(0)
    plugged, _ = jack(clock)
    second = np.zeros(RATE, np.int16)
    for _ in range(60):  # real time may go on for ever, with half a second again now and then
        clock.now += 1.0
        plugged.hear(second)
        plugged.hear(second[: RATE // 10 * 2])
    plugged.hear(np.zeros(round(plugged._credit - 0.5) * RATE, np.int16))
    with pytest.raises(AssistantError, match="faster"):
        plugged.hear(np.zeros(2 * RATE, np.int16))


# --- the patch bay ---------------------------------------------------------------------------


class House:
    """A patch bay with ears and a player that says 5 all the time."""

    def __init__(self):
        self.patch = Patch()
        self.heard = []
        self.taken = []
        self.patch.ears = lambda frame: self.heard.append(int(frame.pcm[0]))
        self.player = Player(lambda _: 5)
        self.patch.player = self.player.fill

    def plug(self):
        return self.patch.plug(SOUND_RATE, lambda block, rate: self.taken.append((block, rate)))

    def speak(self, value):
        self.patch.hear(Frame(np.full(FRAME_SAMPLES, value, np.int16), time.monotonic()))

    def loudspeaker(self):
        out = np.full(64, 99, np.int16)
        self.patch.source(out, 0.0)
        return int(out[0])


@pytest.fixture
def house():
    it = House()
    yield it
    it.patch.stop()
    assert not [t for t in threading.enumerate() if t.name == "browser"]


def until(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_normally_microphone_and_loudspeaker_are_connected(house):
    house.speak(1)
    assert house.heard == [1]
    assert house.loudspeaker() == 5
    house.patch.flush()  # nobody to tell


def test_before_there_are_rooms_there_is_silence():
    patch = Patch()
    patch.hear(Frame(np.zeros(FRAME_SAMPLES, np.int16), 0.0))
    out = np.full(64, 99, np.int16)
    patch.source(out, 0.0)
    assert not out.any()


def test_a_browser_takes_the_place_of_both(house):
    plugged = house.plug()
    house.speak(1)
    plugged.hear(np.full(FRAME_SAMPLES, 2, np.int16))
    house.speak(3)
    assert house.heard == [2]
    until(lambda: len(house.taken) > 3)
    block, rate = house.taken[0]
    assert rate == SOUND_RATE
    assert len(block) == BLOCK
    assert (block == 5).all()
    assert house.loudspeaker() == 0


def test_the_devices_get_their_place_back_and_nothing_of_the_browsers_reply(house):
    plugged = house.plug()
    until(lambda: house.taken)
    house.patch.unplug(plugged)
    house.speak(1)
    plugged.hear(np.full(FRAME_SAMPLES, 2, np.int16))
    assert house.heard == [1]
    assert house.loudspeaker() == 0  # until what was being said is over
    until(lambda: house.loudspeaker() == 5)
    taken = len(house.taken)
    time.sleep(0.1)
    assert len(house.taken) == taken


def test_one_browser_at_a_time(house):
    first = house.plug()
    with pytest.raises(AssistantError, match="another browser"):
        house.plug()
    house.patch.unplug(first)
    second = house.plug()  # without waiting
    first.hear(np.full(FRAME_SAMPLES, 1, np.int16))
    second.hear(np.full(FRAME_SAMPLES, 2, np.int16))
    assert house.heard == [2]


def test_the_player_is_never_asked_by_two_at_once(house):
    inside = threading.Event()
    go_on = threading.Event()

    def slow(out, audible_at):
        inside.set()
        go_on.wait(10)
        out[:] = 1

    house.patch.player = slow
    device = threading.Thread(target=house.loudspeaker)
    device.start()
    assert inside.wait(10)
    house.patch.player = None
    out = np.full(64, 99, np.int16)
    house.patch.player = slow
    house.patch._play(out, 0.0)  # returns at once, with silence
    assert not out.any()
    go_on.set()
    device.join()
