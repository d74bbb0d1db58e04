"""Real streams on the virtual sound card, and what happens when it breaks."""

import itertools
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from soundcard import SoundCard

from assistant.audio import apart, line, portaudio, wav
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.portaudio import FrameCutter, PortAudioLoudspeaker, PortAudioMicrophone
from assistant.audio.resample import Resampler
from assistant.audio.tones import tone
from assistant.config import Audio
from assistant.errors import DeviceError

HUMAN = Path("/usr/share/pocketsphinx/test/data/goforward.raw")  # "go forward ten meters"
CLOSE = 0.25
"""Seconds within which two clocks of the virtual card agree on a busy machine."""


def nobody(reason: str) -> None:
    raise AssertionError(reason)


@pytest.fixture(params=[True, False], ids=["apart", "within"])
def own_process(request: pytest.FixtureRequest) -> bool:
    """Whether the device has a process of its own."""
    return bool(request.param)


def human() -> Pcm:
    return np.fromfile(HUMAN, np.int16)


def onset(pcm: Pcm, rate: int) -> float:
    """Seconds until the sound first exceeds a tenth of its peak."""
    loud = np.abs(pcm.astype(np.int32))
    return int(np.argmax(loud > loud.max() // 10)) / rate


def likeness(heard: Pcm, original: Pcm) -> float:
    """The highest normalised correlation of `original` anywhere in `heard`."""
    a, b = heard.astype(float), original.astype(float)
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    best = int(np.argmax(product))
    part = a[best : best + len(b)]
    return float(product[best] / np.sqrt((part**2).sum() * (b**2).sum()))


def wait_for(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.e2e
def test_the_microphone_hears_what_is_spoken_and_knows_when(
    card: SoundCard, own_process: bool, tmp_path: Path
) -> None:
    question = tmp_path / "question.wav"
    wav.write(question, human(), RATE)
    frames: list[Frame] = []
    microphone = PortAudioMicrophone(Audio(process=own_process), nobody)
    before = time.monotonic()
    microphone.start(frames.append)
    reference = card.record("micfeed.monitor")
    card.speak(question)
    wait_for(lambda: frames[-1].end > time.monotonic() - CLOSE)
    microphone.stop()
    spoken = reference.stop()
    heard = np.concatenate([frame.pcm for frame in frames])
    assert microphone.name == "default"
    assert likeness(heard, human()) > 0.97
    assert (microphone.dropped, microphone.overflows) == (0, 0)
    assert frames[0].time > before - CLOSE
    for one, following in itertools.pairwise(frames):
        assert len(one.pcm) == FRAME_SAMPLES
        assert one.pcm.dtype == np.int16
        assert abs(following.time - one.end) < 0.01
    said = reference.began + onset(spoken, RATE)
    assert abs(frames[0].time + onset(heard, RATE) - said) < CLOSE


TRIES = 5
"""On a machine that stalls a loudspeaker runs dry: then what was heard has a hole."""


@pytest.mark.e2e
def test_the_loudspeaker_plays_what_the_source_gives_and_knows_when(
    card: SoundCard, own_process: bool
) -> None:
    for _ in range(TRIES):
        loudspeaker, heard, off = play(card, own_process)
        if (alike := likeness(heard, tone(440, 0.5, RATE))) > 0.97:
            break
    assert alike > 0.97
    assert abs(off) < CLOSE
    assert loudspeaker.errors == 0


def play(card: SoundCard, own_process: bool) -> tuple[PortAudioLoudspeaker, Pcm, float]:
    """Play a tone; return what was heard, and how much later, in s, than was said."""
    times: list[float] = []
    playing, over = threading.Event(), threading.Event()
    rest = np.zeros(0, np.int16)
    began: list[float] = []

    def source(out: Pcm, audible_at: float) -> None:
        nonlocal rest
        times.append(audible_at)
        out[:] = 0
        if playing.is_set():
            began[:] = began or [audible_at]
            count = min(len(out), len(rest))
            out[:count], rest = rest[:count], rest[count:]
            if not len(rest):
                over.set()

    loudspeaker = PortAudioLoudspeaker(Audio(process=own_process), nobody)
    loudspeaker.start(source)
    rest = tone(440, 0.5, loudspeaker.rate)
    listening = card.record("spk.monitor")
    playing.set()
    assert over.wait(20)
    wait_for(lambda: np.abs(listening.pcm[-RATE // 10 :]).max() == 0 < np.abs(listening.pcm).max())
    loudspeaker.stop()
    asked = len(times)
    heard = listening.stop()
    assert all(following > one for one, following in itertools.pairwise(times))
    time.sleep(0.1)
    assert len(times) == asked  # not asked again after stop
    return loudspeaker, heard, listening.began + onset(heard, RATE) - began[0]


@pytest.mark.e2e
def test_a_loudspeaker_that_pauses_asks_for_nothing_and_is_not_lost(
    card: SoundCard, own_process: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (line, apart):
        monkeypatch.setattr(module, "QUIET_S", 0.2)
        monkeypatch.setattr(module, "WATCH_S", 0.1)
    times: list[float] = []
    lost: list[str] = []

    def source(out: Pcm, audible_at: float) -> None:
        times.append(audible_at)
        out[:] = 0

    loudspeaker = PortAudioLoudspeaker(Audio(process=own_process), lost.append)
    loudspeaker.pause()  # not open yet: nothing to do
    loudspeaker.resume()
    loudspeaker.start(source)
    underflows = []
    for _ in range(3):
        asked = len(times)
        wait_for(lambda asked=asked: len(times) > asked + 3)
        before = loudspeaker.underflows
        loudspeaker.pause()
        asked = len(times)
        time.sleep(1.0)
        assert len(times) == asked
        loudspeaker.resume()
        wait_for(lambda asked=asked: len(times) > asked)
        assert abs(times[asked] - time.monotonic()) < 0.3
        underflows.append(loudspeaker.underflows - before)
    loudspeaker.stop()
    assert lost == []
    assert min(underflows) == 0  # a machine that stalls may have one, a pause is none


@pytest.mark.e2e
def test_a_failing_source_is_silence_and_the_next_block_is_asked(
    card: SoundCard, own_process: bool
) -> None:
    def source(out: Pcm, _at: float) -> None:
        out[:] = 9999
        raise ZeroDivisionError

    loudspeaker = PortAudioLoudspeaker(Audio(output="default", process=own_process), nobody)
    listening = card.record("spk.monitor")
    loudspeaker.start(source)
    wait_for(lambda: loudspeaker.errors > 30)
    loudspeaker.stop()
    assert not listening.stop().any()


@pytest.mark.e2e
def test_sound_that_nobody_takes_is_counted_and_leaves_the_times_right(
    card: SoundCard, own_process: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portaudio, "INBOX_S", 0.1)
    frames: list[Frame] = []
    go_on = threading.Event()

    def sink(frame: Frame) -> None:
        frames.append(frame)
        if len(frames) == 10:
            go_on.wait(20)

    microphone = PortAudioMicrophone(Audio(process=own_process), nobody)
    microphone.start(sink)
    wait_for(lambda: microphone.dropped > 44_100 // 2)
    go_on.set()
    wait_for(lambda: len(frames) > 40)
    microphone.stop()
    missing = frames[-1].end - frames[0].time - len(frames) * FRAME_SAMPLES / RATE
    assert missing == pytest.approx(microphone.dropped / 44_100, abs=0.03)


@pytest.mark.e2e
@pytest.mark.parametrize("wanted", ["pulse", "PUL", 0, "0"])
def test_a_device_by_name_part_or_number(card: SoundCard, wanted: str | int) -> None:
    first = threading.Event()
    microphone = PortAudioMicrophone(Audio(input=wanted), nobody)
    microphone.start(lambda _: first.set())
    assert first.wait(20)
    microphone.stop()
    microphone.stop()
    assert microphone.name == "pulse"


@pytest.mark.e2e
def test_a_microphone_can_be_started_again(card: SoundCard, own_process: bool) -> None:
    microphone = PortAudioMicrophone(Audio(process=own_process), nobody)
    microphone.stop()
    for _ in range(2):
        first = threading.Event()
        microphone.start(lambda _, first=first: first.set())
        assert first.wait(20)
        microphone.stop()


@pytest.mark.e2e
def test_an_unknown_name_is_a_sentence(card: SoundCard) -> None:
    microphone = PortAudioMicrophone(Audio(input="pluse"), nobody)
    with pytest.raises(DeviceError, match=r"`audio.input` is 'pluse'.*near: 0 \"pulse\""):
        microphone.start(lambda _: None)
    microphone.stop()


# --- the card breaks: in child processes, for PortAudio may hang -------------------------------

PRELUDE = """
    import json, os, sys, threading, time
    from assistant.audio import devices
    from assistant.audio.portaudio import PortAudioLoudspeaker, PortAudioMicrophone
    from assistant.config import Audio
    from assistant.errors import AssistantError
    def tell(**facts):
        print(json.dumps(facts), flush=True)
    def refusal(act):
        try:
            act()
        except AssistantError as error:
            return [type(error).__name__, str(error)]
"""
BOTH = """
    lost, gone, heard, asked = [], threading.Semaphore(0), threading.Event(), threading.Event()
    def on_lost(reason):
        lost.append(reason)
        gone.release()
    microphone = PortAudioMicrophone(Audio(), on_lost)
    loudspeaker = PortAudioLoudspeaker(Audio(), on_lost)
    microphone.start(lambda _: heard.set())
    loudspeaker.start(lambda out, at: (out.fill(0), asked.set()))
    tell(running=heard.wait(20) and asked.wait(20))
    lost_both = gone.acquire(timeout=20) and gone.acquire(timeout=20)
    microphone.stop()
    loudspeaker.stop()
    tell(lost_both=lost_both, lost=sorted(lost))
"""


# As the command does: Python must not be taken away beneath a stream that hangs in native code.
END = """
    if threading.active_count() > 1:
        os._exit(0)
"""


class Child:
    """A program that tells facts, one JSON object a line."""

    def __init__(self, code: str, env: dict[str, str]) -> None:
        program = "\n".join(textwrap.dedent(part) for part in (PRELUDE, code, END))
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, object]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the program ended too early"
        return dict(json.loads(line))

    def go_on(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def ended(self) -> int:
        """Wait for its end, which a hanging stream must not prevent."""
        try:
            return self._process.wait(30)
        finally:
            self._process.kill()
            self._process.communicate()


@pytest.mark.e2e
def test_the_sound_server_dies_and_comes_back(fragile_card: SoundCard) -> None:
    again = """
        tell(refused=refusal(lambda: microphone.start(lambda _: None)))
        sys.stdin.readline()
        heard.clear()
        microphone.start(lambda _: heard.set())
        tell(hears_again=heard.wait(20))
        microphone.stop()
    """
    child = Child(textwrap.dedent(BOTH) + textwrap.dedent(again), fragile_card.env)
    assert child.told() == {"running": True}
    fragile_card.kill()
    facts = child.told()
    assert facts["lost_both"]
    assert isinstance(lost := facts["lost"], list)
    assert [reason.split(" is gone")[0] for reason in lost] == [
        'loudspeaker 1 "default"',
        'microphone 1 "default"',
    ]
    refused = child.told()["refused"]
    assert isinstance(refused, list)
    assert refused[0] == "DeviceError"
    assert "there is no microphone" in refused[1]  # the list of devices is new each time
    fragile_card.start()
    child.go_on()
    assert child.told() == {"hears_again": True}
    assert child.ended() == 0


@pytest.mark.e2e
@pytest.mark.slow
def test_the_sound_server_freezes(fragile_card: SoundCard) -> None:
    child = Child(BOTH, fragile_card.env)
    assert child.told() == {"running": True}
    fragile_card.freeze()
    assert child.told()["lost_both"]
    assert child.ended() == 0


@pytest.mark.e2e
@pytest.mark.slow
def test_a_frozen_sound_server_at_the_start_is_a_sentence(fragile_card: SoundCard) -> None:
    fragile_card.freeze()
    child = Child("tell(refused=refusal(devices.listing))", fragile_card.env)
    refused = child.told()["refused"]
    assert isinstance(refused, list)
    assert refused[0] == "DeviceError"
    assert "the sound system does not answer" in refused[1]
    assert child.ended() == 0


def test_no_device_at_all() -> None:
    cards = Path("/proc/asound/cards")
    if cards.exists() and "no soundcards" not in cards.read_text():
        pytest.skip("this machine has a sound card")
    child = Child(
        "tell(refused=refusal(lambda: PortAudioMicrophone(Audio(), print).start(print)))",
        {**os.environ, "PULSE_SERVER": "unix:/nonexistent", "JACK_NO_START_SERVER": "1"},
    )
    refused = child.told()["refused"]
    assert isinstance(refused, list)
    assert refused[0] == "DeviceError"
    assert "there is no microphone" in refused[1]
    assert child.ended() == 0


@pytest.mark.parametrize(
    ("broken", "way_out"),
    [
        ("import ctypes.util; ctypes.util.find_library = lambda name: None", "apt install libpo"),
        ("sys.modules['sounddevice'] = None", "package `sounddevice` is not installed"),
    ],
)
def test_a_missing_library_says_how_to_get_it(broken: str, way_out: str) -> None:
    child = Child(f"{broken}\ntell(refused=refusal(devices.listing))", dict(os.environ))
    refused = child.told()["refused"]
    assert isinstance(refused, list)
    assert refused[0] == "EngineMissing"
    assert way_out in refused[1]
    assert child.ended() == 0


@given(
    rate=st.sampled_from([8000, 16_000, 44_100, 48_000]),
    cuts=st.lists(st.integers(0, 9000), max_size=40),
    seed=st.integers(0, 9),
)
@example(rate=44_100, cuts=[4475], seed=0)  # just as many samples as the last frame takes
def test_frames_do_not_depend_on_the_blocks(rate: int, cuts: list[int], seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-9000, 9000, 9000).astype(np.int16)
    cutter, frames, position = FrameCutter(rate), [], 0
    for block in np.split(pcm, sorted(cuts)):
        frames += cutter.feed(block, 50 + position / rate)
        position += len(block)
        assert len(frames) == cutter.pace.frames(
            position
        )  # the callback's reason to wake the reader
    whole = Resampler(rate, RATE).feed(pcm)
    assert len(frames) >= len(whole) // FRAME_SAMPLES - 1
    for number, frame in enumerate(frames):
        expected = whole[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
        assert np.abs(frame.pcm.astype(int) - expected).max() <= 1
        assert frame.time == pytest.approx(50 + number * FRAME_SAMPLES / RATE, abs=1e-6)
