"""Devices that are lost and come back, on a virtual sound card that is broken."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from soundcard import SoundCard
from test_apart import owners
from test_portaudio import Child, human, likeness, wait_for

from assistant.audio import kept, wav
from assistant.audio.frames import RATE, Frame, Loudspeaker, Microphone, Pcm
from assistant.audio.kept import KeptLoudspeaker, KeptMicrophone, OnLost
from assistant.audio.portaudio import PortAudioLoudspeaker, PortAudioMicrophone
from assistant.config import Audio
from assistant.errors import DeviceError

pytestmark = pytest.mark.e2e
WORDS = human()[RATE // 2 : RATE // 2 + RATE]


to_stop: list[Callable[[], None]] = []


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    yield
    while to_stop:
        to_stop.pop()()


class Ear:
    """A microphone that is kept, all that it gave, and what it told."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.told: list[str] = []
        self.microphone = KeptMicrophone(self.make, self.told.append, lambda: self.told.append(""))
        to_stop.append(self.microphone.stop)

    def make(self, on_lost: OnLost) -> Microphone:
        return PortAudioMicrophone(Audio(), on_lost)

    def start(self) -> None:
        self.microphone.start(self.frames.append)
        wait_for(lambda: self.frames)

    def hears(self, card: SoundCard, file: Path, sink: str = "micfeed") -> bool:
        """Whether what is spoken now is heard."""
        before = len(self.frames)
        card.speak(file, sink=sink)
        said = time.monotonic()
        wait_for(lambda: self.frames[-1].end > said)
        heard = np.concatenate([frame.pcm for frame in self.frames[before:]])
        return len(heard) > RATE and bool(heard.any()) and likeness(heard, WORDS) > 0.9

    def in_order(self) -> bool:
        times = [frame.time for frame in self.frames]
        return all(b - a > 0.01 for a, b in itertools.pairwise(times))


@pytest.fixture
def own_card(fragile_card: SoundCard) -> Iterator[SoundCard]:
    with fragile_card.adopted():
        yield fragile_card


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "question.wav"
    wav.write(path, WORDS, RATE)
    return path


def test_a_microphone_survives_whatever_its_sound_system_does(
    own_card: SoundCard, question: Path
) -> None:
    ear = Ear()
    ear.start()
    wait_for(lambda: ear.hears(own_card, question))  # a machine that stalls loses some

    os.kill(owners()[0], signal.SIGSTOP)  # PortAudio hangs
    wait_for(lambda: ear.told[1:] == [""])
    assert "is gone" in ear.told[0]

    own_card.kill()  # and is away for a while
    wait_for(lambda: len(ear.told) == 3)
    assert ear.microphone.missing == ear.told[2]
    before = len(ear.frames)
    wait_for(lambda: len(ear.frames) > before + 20)  # silence, at the pace of sound
    assert not any(frame.pcm.any() for frame in ear.frames[before:])
    own_card.start()
    wait_for(lambda: ear.told[3:] == [""])
    assert ear.microphone.missing == ""
    wait_for(lambda: ear.hears(own_card, question))  # a machine that stalls loses some

    own_card.freeze()
    wait_for(lambda: len(ear.told) == 5)
    own_card.thaw()
    wait_for(lambda: ear.told[5:] == [""])
    wait_for(lambda: ear.hears(own_card, question))  # a machine that stalls loses some

    ear.microphone.stop()
    assert owners() == []
    count = len(ear.frames)
    assert ear.in_order()
    time.sleep(0.1)
    assert len(ear.frames) == count


def test_a_microphone_that_is_unplugged_and_plugged_is_heard_again(
    own_card: SoundCard, question: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PulseAudio goes on with another source, which is silent; no stream ends."""
    monkeypatch.setattr("assistant.audio.zeros.FIRST_S", 0.5)
    ear = Ear()
    ear.start()
    wait_for(lambda: ear.hears(own_card, question))  # a machine that stalls loses some
    own_card.unplug_microphone()
    time.sleep(0.5)
    own_card.plug_microphone()
    wait_for(lambda: ear.hears(own_card, question))
    ear.microphone.stop()
    assert ear.in_order()
    assert ear.told == []


def test_another_default_device_is_followed(question: Path) -> None:
    more = """
load-module module-null-sink sink_name=feed2 norewinds=1 rate=16000 channels=1
load-module module-remap-source master=feed2.monitor source_name=mic2
"""
    with SoundCard(more) as card, card.adopted():
        ear = Ear()
        ear.start()
        card.make_default("mic2")
        wait_for(lambda: ear.hears(card, question, "feed2"))
        ear.microphone.stop()
        assert ear.told == []


def test_a_device_that_keeps_no_pace_is_given_up_and_keeps_no_core_busy(tmp_path: Path) -> None:
    """ALSA's `null` gives, and takes, sound as fast as the machine can."""
    (tmp_path / ".asoundrc").write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    code = """
        lost = threading.Semaphore(0)
        from assistant.audio.kept import KeptMicrophone
        told = []
        make = lambda on_lost: PortAudioMicrophone(Audio(), on_lost)
        microphone = KeptMicrophone(make, lambda reason: (told.append(reason), lost.release()), int)
        microphone.start(lambda _: None)
        tell(lost=lost.acquire(timeout=30), reason=told[0])
        microphone.stop()
    """
    nowhere = {"PULSE_SERVER": "unix:/nonexistent", "JACK_NO_START_SERVER": "1"}
    child = Child(code, {**os.environ, **nowhere, "HOME": str(tmp_path)})
    facts = child.told()
    assert facts["lost"]
    assert "does not keep the pace of time" in str(facts["reason"])
    assert child.ended() == 0


def test_a_muted_microphone_is_closed_and_no_sound_reaches_anybody(
    own_card: SoundCard, question: Path
) -> None:
    ear = Ear()
    ear.start()
    wait_for(lambda: ear.hears(own_card, question))  # a machine that stalls loses some
    assert own_card.listeners() == 1
    own_card.speak(question, wait=False)
    wait_for(lambda: ear.frames[-1].pcm.any())
    ear.microphone.mute(True)  # in the middle of a word
    before = len(ear.frames)
    wait_for(lambda: owners() == [] and own_card.listeners() == 0)  # nobody could hear it
    own_card.speak(question)
    wait_for(lambda: len(ear.frames) > before + 50)
    assert not any(frame.pcm.any() for frame in ear.frames[before:])
    ear.microphone.mute(False)
    unmuted = time.monotonic()
    wait_for(lambda: own_card.listeners() == 1)
    wait_for(lambda: ear.hears(own_card, question))
    sound = next(frame for frame in ear.frames[before:] if frame.pcm.any())
    assert sound.time > unmuted - 0.1
    assert ear.told == []  # it was not missed
    ear.microphone.stop()


def test_muted_from_the_start_nothing_is_opened(own_card: SoundCard) -> None:
    ear = Ear()
    ear.microphone.mute(True)
    ear.start()
    assert (owners(), own_card.listeners()) == ([], 0)
    ear.microphone.mute(False)
    wait_for(lambda: own_card.listeners() == 1)
    ear.microphone.stop()


class Mouth:
    """A loudspeaker that is kept, what it was asked for, and what it told."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int]] = []
        self.told: list[str] = []
        self.loudspeaker = KeptLoudspeaker(
            self.make,
            lambda reason: self.told.append("lost"),
            lambda reason: self.told.append("late"),
            lambda: self.told.append("back"),
        )
        to_stop.append(self.loudspeaker.stop)

    def make(self, on_lost: OnLost) -> Loudspeaker:
        return PortAudioLoudspeaker(Audio(), on_lost)

    def source(self, out: Pcm, audible_at: float) -> None:
        out[:] = 5000
        self.asked.append((audible_at, len(out)))

    def asks(self) -> bool:
        before = len(self.asked)
        wait_for(lambda: len(self.asked) > before + 5)
        return True


def test_a_loudspeaker_survives_whatever_its_sound_system_does(
    own_card: SoundCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PATIENCE_S", 1.0)
    mouth = Mouth()
    mouth.loudspeaker.start(mouth.source)
    rate = mouth.loudspeaker.rate
    assert mouth.asks()

    os.kill(owners()[0], signal.SIGSTOP)  # PortAudio hangs
    wait_for(lambda: mouth.told[:1] == ["lost"])
    wait_for(lambda: mouth.told[-1] == "back")
    assert mouth.asks()
    mouth.told.clear()

    own_card.kill()
    wait_for(lambda: mouth.told == ["lost", "late"])
    assert mouth.asks()  # nobody hears it, but no answer waits for ever
    mouth.loudspeaker.pause()
    count = len(mouth.asked)
    time.sleep(0.1)
    assert len(mouth.asked) == count
    own_card.start()
    wait_for(lambda: mouth.told == ["lost", "late", "back"])
    time.sleep(0.1)
    assert len(mouth.asked) == count  # it was paused, and is
    mouth.loudspeaker.resume()
    assert mouth.asks()
    listening = own_card.record("spk.monitor")
    wait_for(lambda: (listening.pcm[-100:] > 4000).all() and len(listening.pcm) > 100)
    listening.stop()
    assert mouth.loudspeaker.rate == rate

    mouth.loudspeaker.stop()
    assert owners() == []
    count = len(mouth.asked)
    time.sleep(0.1)
    assert len(mouth.asked) == count


def test_a_device_that_is_not_there_at_the_start_is_a_sentence() -> None:
    def absent(kind: str) -> OnLost:
        raise DeviceError(f"there is no {kind}")

    microphone = KeptMicrophone(lambda _: absent("microphone"), print, print)  # type: ignore[arg-type,return-value]
    with pytest.raises(DeviceError, match="there is no microphone"):
        microphone.start(print)
    microphone.stop()
    loudspeaker = KeptLoudspeaker(lambda _: absent("loudspeaker"), print, print, print)  # type: ignore[arg-type,return-value]
    with pytest.raises(DeviceError, match="there is no loudspeaker"):
        loudspeaker.start(print)
    loudspeaker.stop()
