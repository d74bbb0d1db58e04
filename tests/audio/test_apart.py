"""Devices in processes of their own: what is said to them, and that they can always be killed."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soundcard import SoundCard
from test_portaudio import nobody, wait_for

from assistant.audio import line, owner
from assistant.audio.line import BELIEVED_S, OwnLine, age
from assistant.audio.pace import Block, Collector, Pace
from assistant.audio.portaudio import PortAudioLoudspeaker, PortAudioMicrophone
from assistant.audio.wire import Wish, pack_blocks, unpack_blocks
from assistant.config import Audio
from assistant.errors import DeviceError

blocks = st.builds(
    Block,
    st.binary(max_size=50).map(lambda content: content * 2),
    st.floats(allow_nan=False),
    st.booleans(),
)


def owners() -> list[int]:
    """Return the processes of this one that own a device."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == os.getpid() and owner.__name__ in command:
            found.append(int(folder.name))
    return found


@given(st.lists(blocks, max_size=255))
def test_blocks_come_through_as_they_are(sent: list[Block]) -> None:
    assert list(unpack_blocks(pack_blocks(sent))) == sent


@given(st.builds(Wish, *[st.integers(0, 2**31)] * 3, st.booleans()), st.binary(), st.integers(0, 9))
def test_a_wish_gets_its_samples_and_no_others(wish: Wish, content: bytes, late: int) -> None:
    assert Wish.unpack(wish.pack()) == wish
    assert wish.granted(wish.grant(content)) == content
    other = Wish(wish.number + 1 + late, wish.at, wish.samples, wish.lost)
    assert other.granted(wish.grant(content)) is None


@given(st.sampled_from([8000, 16_000, 44_100, 48_000]), st.lists(st.integers(1, 3000), max_size=30))
def test_blocks_wait_for_a_frame_and_none_is_kept_back(rate: int, sizes: list[int]) -> None:
    pace = Pace(rate, delay=72)
    collector, taken, given_ = Collector(pace), 0, 0
    for size in sizes:
        before, taken = pace.frames(taken), taken + size
        out = collector.add(Block(bytes(2 * size), 0.0))
        given_ += sum(block.samples for block in out)
        assert bool(out) == (pace.frames(taken) > before)
        assert given_ == taken or not out


@given(st.floats(-1e10, 1e10), st.floats(-1e10, 1e10), st.floats(0, 1))
def test_whatever_a_clock_does_no_sound_is_dated_far_away(
    clock: float, stamp: float, otherwise: float
) -> None:
    assert abs(age(clock, stamp, otherwise)) <= BELIEVED_S
    if clock:
        assert age(clock, clock - 0.02, 99.0) == pytest.approx(0.02, abs=1e-5) or abs(clock) > 1e7


@pytest.mark.e2e
@pytest.mark.parametrize("make", [PortAudioMicrophone, PortAudioLoudspeaker])
def test_a_device_that_hangs_is_noticed_killed_and_works_again(card: SoundCard, make: type) -> None:
    lost: list[str] = []
    alive = threading.Event()
    device = make(Audio(), lost.append)
    device.start(lambda *_: alive.set())
    assert alive.wait(20)
    (hung,) = owners()
    os.kill(hung, signal.SIGSTOP)
    wait_for(lambda: lost)
    assert "is gone" in lost[0]
    device.stop()
    assert owners() == []
    alive.clear()
    device.start(lambda *_: alive.set())
    assert alive.wait(20)
    device.stop()
    assert len(lost) == 1
    assert owners() == []


@pytest.mark.e2e
def test_a_device_that_hangs_while_it_is_opened_can_be_stopped(fragile_card: SoundCard) -> None:
    with fragile_card.adopted():
        microphone = PortAudioMicrophone(Audio(), nobody)
        refused: list[DeviceError] = []

        def start() -> None:
            with pytest.raises(DeviceError) as error:
                microphone.start(lambda _: None)
            refused.append(error.value)

        fragile_card.freeze()
        starting = threading.Thread(target=start)
        starting.start()
        wait_for(owners)
        microphone.stop()
        starting.join(5)  # less than the sound system is waited for
        assert refused
        assert owners() == []
        fragile_card.thaw()


@pytest.mark.e2e
def test_a_device_that_refuses_its_own_rate_runs_at_another(
    card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = line.devices.listing

    def claimed() -> list[line.Device]:
        """A sound system that lies; PulseAudio takes every rate below 384 kHz."""
        names = line.Device.__slots__
        fields = [{name: getattr(device, name) for name in names} for device in listing()]
        return [line.Device(**{**each, "rate": 1_000_000}) for each in fields]

    monkeypatch.setattr(line.devices, "listing", claimed)
    asked = threading.Event()
    own = OwnLine("output", "", 0.02, lambda *_: asked.set(), nobody)
    own.open()
    own.start()
    assert asked.wait(20)
    own.close()
    assert own.rate == 48_000


def test_samples_that_come_too_late_are_not_played_for_later_ones() -> None:
    import socket

    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mouth = owner.Mouth(near)
    near.settimeout(0.05)
    first, second = bytearray(8), bytearray(8)
    mouth.called(memoryview(first), 4, 0.0, False)
    late = Wish.unpack(far.recv(99))
    far.send(late.grant(b"\1" * 8))
    waiting = threading.Thread(target=mouth.called, args=(memoryview(second), 4, 0.0, False))
    near.settimeout(20)
    waiting.start()
    far.send(Wish.unpack(far.recv(99)).grant(b"\2" * 8))
    waiting.join(20)
    near.close()
    far.close()
    assert not np.frombuffer(first, np.int16).any()
    assert bytes(second) == b"\2" * 8
