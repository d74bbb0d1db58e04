"""The devices without hardware: nothing lost, honest times, an end that is an end."""

import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.silent import SilentLoudspeaker, SilentMicrophone


def ramp(count: int, first: int = 1) -> Pcm:
    return np.arange(first, first + count, dtype=np.int16)


def collect(microphone: FileMicrophone) -> list[Frame]:
    frames: list[Frame] = []
    microphone.start(frames.append)
    assert microphone.ended.wait(30)
    microphone.stop()
    return frames


def sound(frames: list[Frame]) -> Pcm:
    return np.concatenate([np.zeros(0, np.int16), *(frame.pcm for frame in frames)])


@settings(max_examples=50)
@given(
    st.lists(
        st.one_of(st.integers(0, 1000).map(ramp), st.integers(0, 20).map(lambda n: n / 100)),
        max_size=6,
    )
)
def test_every_sample_comes_once_in_order_and_in_frames(pieces: list[float | Pcm]) -> None:
    frames = collect(FileMicrophone(pieces, pace=0, after="end"))
    parts = [np.zeros(round(p * RATE), np.int16) if isinstance(p, float) else p for p in pieces]
    expected = np.concatenate([np.zeros(0, np.int16), *parts])
    heard = sound(frames)
    assert np.array_equal(heard[: len(expected)], expected)
    assert not heard[len(expected) :].any()
    assert len(heard) - len(expected) < FRAME_SAMPLES
    assert all(len(frame.pcm) == FRAME_SAMPLES for frame in frames)
    for one, next_one in itertools.pairwise(frames):
        assert next_one.time == pytest.approx(one.end, abs=1e-6)


def test_a_frame_comes_no_earlier_than_its_last_sample() -> None:
    arrivals: list[tuple[float, Frame]] = []
    microphone = FileMicrophone(ramp(RATE // 4), after="end")
    microphone.start(lambda frame: arrivals.append((time.monotonic(), frame)))
    assert microphone.ended.wait(30)
    assert len(arrivals) == 13
    assert all(at >= frame.end for at, frame in arrivals)


def test_the_sound_comes_when_play_said_that_it_would() -> None:
    frames: list[Frame] = []
    microphone = FileMicrophone([])
    microphone.start(frames.append)
    first_end = microphone.play(ramp(1000))
    second_end = microphone.play(ramp(500, first=2000))
    assert second_end == pytest.approx(first_end + 500 / RATE)
    while not frames or frames[-1].end < second_end + 0.05:
        time.sleep(0.01)
    third_end = microphone.play(ramp(10, first=5000))
    assert third_end > time.monotonic()
    while frames[-1].end < third_end:
        time.sleep(0.01)
    microphone.stop()
    heard, began = sound(frames), frames[0].time
    for value, end in ((1000, first_end), (2499, second_end), (5009, third_end)):
        last = int(np.flatnonzero(heard == value)[0])
        assert began + (last + 1) / RATE == pytest.approx(end, abs=1e-4)
    assert np.count_nonzero(heard) == 1510


def test_after_stop_no_frame_comes() -> None:
    frames: list[Frame] = []
    microphone = FileMicrophone(ramp(RATE))
    microphone.stop()  # before start: allowed
    microphone = FileMicrophone(ramp(RATE))
    microphone.start(frames.append)
    while not frames:
        time.sleep(0.01)
    microphone.stop()
    count = len(frames)
    time.sleep(0.06)
    assert len(frames) == count
    microphone.stop()


def test_a_sink_may_stop_the_microphone() -> None:
    microphone = FileMicrophone(ramp(RATE), pace=0, after="end")
    microphone.start(lambda _: microphone.stop())
    assert microphone.ended.wait(10)


def test_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="never be over"):
        FileMicrophone([], pace=0)
    with pytest.raises(RuntimeError, match="after start"):
        FileMicrophone([]).play(ramp(3))


class Script:
    """A source that plays a fixed sound and notes when it was asked."""

    def __init__(self, pcm: Pcm) -> None:
        self.rest = pcm
        self.asked: list[tuple[float, float, int]] = []
        self.over = threading.Event()

    def __call__(self, out: Pcm, audible_at: float) -> None:
        self.asked.append((time.monotonic(), audible_at, len(out)))
        count = min(len(out), len(self.rest))
        out[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        if not len(self.rest):
            self.over.set()


def test_the_loudspeaker_keeps_everything_and_asks_in_time() -> None:
    pcm = ramp(3000)
    source, loudspeaker = Script(pcm), FileLoudspeaker(24_000)
    loudspeaker.start(source)
    assert source.over.wait(10)
    loudspeaker.stop()
    asked = len(source.asked)
    time.sleep(0.03)
    assert len(source.asked) == asked  # not asked again
    assert np.array_equal(loudspeaker.pcm[:3000], pcm)
    assert len(loudspeaker.pcm) == 240 * asked
    for (_, at, count), (_, following, _) in zip(source.asked, source.asked[1:], strict=False):
        assert following - at == pytest.approx(count / 24_000, abs=1e-6)


def test_bursts_are_told_apart_by_half_a_second() -> None:
    rate, loud = 8000, np.full(80, 5000, np.int16)
    quiet = np.full(40, 100, np.int16)  # below what counts as audible
    pause, end = np.zeros(rate * 3 // 10, np.int16), np.zeros(rate * 6 // 10, np.int16)
    source = Script(np.concatenate([quiet, loud, pause, loud, end, -loud]))
    loudspeaker = FileLoudspeaker(rate)
    loudspeaker.start(source)
    assert source.over.wait(10)
    loudspeaker.stop()
    began = source.asked[0][1]
    second = (40 + 80 + 2400 + 80 + 4800) / rate
    assert [at - began for at in loudspeaker.started] == pytest.approx([40 / rate, second])


def test_what_was_taken_is_forgotten() -> None:
    source, loudspeaker = Script(ramp(500)), FileLoudspeaker(16_000)
    loudspeaker.start(source)
    time.sleep(0.1)
    first = loudspeaker.take()
    time.sleep(0.1)
    loudspeaker.stop()
    second = loudspeaker.take()
    assert len(first) > 0
    assert len(second) > 0
    assert np.array_equal(np.concatenate([first, second])[:500], ramp(500))
    assert len(loudspeaker.pcm) == 0


def test_the_sound_can_go_elsewhere_than_memory() -> None:
    kept: list[Pcm] = []
    source, loudspeaker = Script(ramp(500)), FileLoudspeaker(16_000, keep=kept.append)
    loudspeaker.start(source)
    assert source.over.wait(10)
    loudspeaker.stop()
    assert np.array_equal(np.concatenate(kept)[:500], ramp(500))
    assert len(loudspeaker.pcm) == 0


def test_a_failing_source_becomes_silence_and_the_next_block_is_asked() -> None:
    calls = threading.Semaphore(0)

    def source(out: Pcm, _at: float) -> None:
        out[:] = 999
        calls.release()
        raise ZeroDivisionError

    loudspeaker = FileLoudspeaker()
    loudspeaker.start(source)
    assert all(calls.acquire(timeout=10) for _ in range(3))
    loudspeaker.stop()
    assert loudspeaker.errors >= 3
    assert not loudspeaker.pcm.any()


def test_the_backend_none_keeps_time_and_is_silent() -> None:
    heard: list[Frame] = []
    microphone = SilentMicrophone()
    microphone.start(heard.append)
    source, loudspeaker = Script(ramp(2400)), SilentLoudspeaker(24_000)
    began = time.monotonic()
    loudspeaker.start(source)
    assert source.over.wait(10)
    assert time.monotonic() - began >= 0.09  # a tenth of a second was not swallowed at once
    loudspeaker.stop()
    microphone.stop()
    assert heard == []


def test_a_loudspeaker_can_be_started_again() -> None:
    loudspeaker = FileLoudspeaker()
    loudspeaker.stop()
    for _ in range(2):
        source = Script(ramp(10))
        loudspeaker.start(source)
        assert source.over.wait(10)
        loudspeaker.stop()
        loudspeaker.stop()


def test_a_loudspeaker_that_pauses_asks_for_nothing_until_it_resumes() -> None:
    source, loudspeaker = Script(ramp(10)), FileLoudspeaker()
    loudspeaker.start(source)
    assert source.over.wait(10)
    loudspeaker.pause()
    loudspeaker.take()
    time.sleep(0.1)
    assert len(loudspeaker.take()) == 0
    loudspeaker.resume()
    time.sleep(0.1)
    loudspeaker.stop()
    assert len(loudspeaker.take()) > 0
