"""The parts of the echo path, each alone; time and sound are made up."""

import numpy as np
import pytest
from echo_room import CHINESE, ENGLISH, Room, loss, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.echo.delay import DelayFinder
from assistant.audio.echo.judge import Judge
from assistant.audio.echo.kalman import KalmanCanceller
from assistant.audio.echo.reference import PAUSE_S, Reference
from assistant.audio.echo.steady import SteadyClock
from assistant.audio.frames import FRAME_SAMPLES, RATE, Pcm

# --- the clock -------------------------------------------------------------------------------


@settings(max_examples=20)
@given(ppm=st.floats(-200, 200), seed=st.integers(0, 99), block=st.sampled_from([120, 320]))
def test_drift_is_found_however_stamps_jitter(ppm: float, seed: int, block: int) -> None:
    random, clock = np.random.default_rng(seed), SteadyClock(RATE)
    for number in range(0, 30 * RATE, block):
        true = 50.0 + number / RATE * (1 + ppm * 1e-6)
        clock.stamp(number, true + float(random.standard_normal()) * 2e-4)
    assert abs(clock.skew * 1e6 - ppm) < 25
    # what was off before the rate was known stays: the echo itself tells where it is
    assert abs(clock.time(number) - true) < 1.5e-3
    assert abs(clock.number(clock.time(number + 77.5)) - number - 77.5) < 1e-3


def test_a_pause_begins_a_new_time_and_the_crystal_stays() -> None:
    clock = SteadyClock(RATE)
    jumps = [
        number
        for number in range(0, 20 * RATE, 320)
        if clock.stamp(number, 10.0 + number / RATE * (1 + 1e-4)) is not None
    ]
    assert jumps == [0, RATE // 2]  # and once more, as soon as it is known well
    skew = clock.skew
    assert clock.stamp(20 * RATE, 99.0) == 0.0
    assert clock.time(20 * RATE) == 99.0
    assert clock.skew == skew


def test_the_stamps_of_the_first_burst_do_not_count() -> None:
    clock = SteadyClock(RATE)
    for number in range(0, RATE, 80):
        clock.stamp(number, 10.0 + number / RATE - (0.047 if number < RATE // 4 else 0.0))
    assert abs(clock.time(RATE) - 11.0) < 1e-6


def test_steps_are_told_and_move_nothing_until_they_are_taken() -> None:
    clock, steps = SteadyClock(RATE), []
    for number in range(0, 20 * RATE, 80):
        late = 0.012 if 5 * RATE < number < 12 * RATE else 0.0
        if step := clock.stamp(number, number / RATE + late):
            steps.append((round(number / RATE), step))
    assert steps == [(5, pytest.approx(0.012, abs=5e-4)), (12, pytest.approx(-0.012, abs=5e-4))]
    assert abs(clock.time(20 * RATE) - 20.0) < 2e-4
    assert abs(clock.skew) < 1e-5
    clock.step(0.012)
    assert abs(clock.time(20 * RATE) - 20.012) < 2e-4


@settings(max_examples=30)
@given(
    steps=st.lists(st.sampled_from([-0.015, 0.009, 0.03, 0.1]), max_size=4),
    jitter=st.floats(0, 4e-4),
    seed=st.integers(0, 9),
)
def test_who_takes_every_step_is_where_the_stamps_are(
    steps: list[float], jitter: float, seed: int
) -> None:
    random, clock = np.random.default_rng(seed), SteadyClock(48_000)
    late = 0.0
    for number in range(0, 48_000 * (2 * len(steps) + 2), 240):
        second = number // 48_000
        late = sum(steps[: second // 2])
        stamp = number / 48_000 + late + float(random.standard_normal()) * jitter
        if (step := clock.stamp(number, stamp)) is not None:
            clock.step(step)
    assert abs(clock.time(number) - number / 48_000 - late) < 5e-3


def test_after_half_an_hour_it_is_where_the_stamps_are() -> None:
    random, clock = np.random.default_rng(0), SteadyClock(RATE)
    for number in range(0, 1800 * RATE, 1600):
        true = number / RATE * (1 + 30e-6)
        lie = 0.012 if number > 600 * RATE else 0.0
        clock.stamp(number, true + lie + float(random.standard_normal()) * 3e-4)
    assert abs(clock.time(number) - true) < 1e-3


def test_a_device_that_lies_about_its_rate_is_not_believed() -> None:
    clock = SteadyClock(RATE)
    for number in range(0, 60 * RATE, 320):
        clock.stamp(number, number / RATE * 1.005)
    assert abs(clock.skew) <= 4e-4


# --- the reference ---------------------------------------------------------------------------


def chirp(rate: int, seconds: float) -> Pcm:
    time = np.arange(round(rate * seconds)) / rate
    return np.rint(9000 * np.sin(2 * np.pi * (200 * time + 900 * time**2))).astype(np.int16)


def played(reference: Reference, sound: Pcm, rate: int, start: float, sizes: list[int]) -> None:
    at = 0
    for size in sizes * (len(sound) // min(sizes) + 1):
        if at < len(sound):
            reference.sounded(sound[at : at + size], start + at / rate)
            at += size


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
@settings(max_examples=8)
@given(sizes=st.lists(st.integers(40, 900), min_size=1, max_size=5), at=st.floats(0.1, 0.7))
def test_what_sounded_is_found_by_its_time(rate: int, sizes: list[int], at: float) -> None:
    reference = Reference(rate)
    played(reference, chirp(rate, 1.0), rate, 20.0, sizes)
    reference.update()
    read = reference.read(20.0 + at, 20.0 + at + 0.02, FRAME_SAMPLES)
    time = at + np.arange(FRAME_SAMPLES) / RATE
    wanted = 9000 * np.sin(2 * np.pi * (200 * time + 900 * time**2))
    assert np.abs(read - wanted).max() < 60


def test_before_and_after_there_is_silence_and_what_is_missing_is_known() -> None:
    reference = Reference(RATE)
    assert not reference.sounds(0.0)
    played(reference, chirp(RATE, 0.5), RATE, 20.0, [160])
    reference.update()
    assert not reference.read(10.0, 10.02, FRAME_SAMPLES).any()
    assert not reference.read(30.0, 30.02, FRAME_SAMPLES).any()
    assert reference.missing(20.4) == 0.0
    assert 0.1 < reference.missing(20.6) < 0.11
    assert reference.sounds(20.49)
    assert not reference.sounds(20.51)


def test_after_a_pause_of_the_stream_it_goes_on_at_the_new_time() -> None:
    reference = Reference(RATE)
    played(reference, chirp(RATE, 0.5), RATE, 20.0, [160])
    silence = np.zeros(160, np.int16)
    for block in range(round((PAUSE_S + 0.2) * 100)):
        reference.sounded(silence, 20.5 + block / 100)
    played(reference, chirp(RATE, 0.5), RATE, 80.0, [160])
    reference.update()
    again = reference.read(80.2, 80.22, FRAME_SAMPLES)
    time = 0.2 + np.arange(FRAME_SAMPLES) / RATE
    assert np.abs(again - 9000 * np.sin(2 * np.pi * (200 * time + 900 * time**2))).max() < 60


def test_what_nobody_reads_is_not_kept_for_ever() -> None:
    reference = Reference(RATE)
    block = chirp(RATE, 0.01)
    for number in range(10_000):
        reference.sounded(block, number / 100)
    assert len(reference._inbox) < 5000
    reference.update()
    assert len(reference._kept) <= 2 * RATE


# --- the delay -------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [-800, 0, 320, 4000])
def test_the_delay_is_found_under_a_voice(samples: int) -> None:
    far = speech(CHINESE, RATE, 3.0)
    near = np.roll(far, samples) // 2 + speech(ENGLISH, RATE, 3.0) // 2
    finder = DelayFinder()
    found = [
        finder.feed(near[at : at + FRAME_SAMPLES], far[at : at + FRAME_SAMPLES])
        for at in range(0, 3 * RATE - FRAME_SAMPLES, FRAME_SAMPLES)
    ]
    assert [round(late * RATE) for late in found if late is not None][-1] == samples


def test_where_nothing_of_it_is_heard_there_is_no_delay() -> None:
    far, near = speech(CHINESE, RATE, 6.0), speech(ENGLISH, RATE, 6.0)
    finder = DelayFinder()
    for at in range(0, 6 * RATE - FRAME_SAMPLES, FRAME_SAMPLES):
        assert finder.feed(near[at : at + FRAME_SAMPLES], far[at : at + FRAME_SAMPLES]) is None


# --- the canceller ---------------------------------------------------------------------------


def test_without_sound_nothing_is_changed_and_after_a_reset_it_knows_nothing() -> None:
    canceller, room = KalmanCanceller(0.1), Room(way=0.005)
    far = speech(CHINESE, RATE, 4.0)
    near = room.microphone(speech(CHINESE, room.rate, 4.0), None)
    silence = np.zeros(FRAME_SAMPLES, np.int16)
    frame = near[-FRAME_SAMPLES:]
    assert np.array_equal(canceller.cancel(frame, silence), frame)
    left = [
        canceller.cancel(near[at : at + FRAME_SAMPLES], far[at : at + FRAME_SAMPLES])
        for at in range(0, len(near), FRAME_SAMPLES)
    ]
    assert loss(near, np.concatenate(left), 2.0) > 10
    canceller.reset()
    assert np.array_equal(canceller.cancel(frame, far[-FRAME_SAMPLES:]), frame)


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_no_sound_however_loud_breaks_it(seed: int) -> None:
    random, canceller = np.random.default_rng(seed), KalmanCanceller(0.1)
    for _ in range(60):
        near, far = random.integers(-32768, 32768, (2, FRAME_SAMPLES)).astype(np.int16)
        far *= random.integers(0, 2)
        assert np.isfinite(canceller._filter).all()
        assert canceller.cancel(near, far).dtype == np.int16


# --- the judge -------------------------------------------------------------------------------


def frames(level: float, seconds: float) -> list[Pcm]:
    random = np.random.default_rng(round(level))
    sound = random.standard_normal((round(seconds * 50), FRAME_SAMPLES)) * level
    return list(sound.astype(np.int16))


def judged(judge: Judge, near: float, cleaned: float, seconds: float) -> list[bool]:
    three = zip(frames(near, seconds), frames(cleaned, seconds), frames(3000, seconds), strict=True)
    told = [judge.feed(*each) for each in three]
    return [each for each in told if each is not None]


def test_it_is_usable_once_the_echo_is_gone_and_no_longer_when_it_comes_back() -> None:
    judge = Judge()
    for frame in frames(10, 3):
        judge.quiet(frame)
    assert judged(judge, 2000, 1800, 3) == [False]
    assert judged(judge, 2000, 100, 3) == [True]
    assert judged(judge, 2000, 2000, 1.5) == []  # somebody talks over it
    assert judged(judge, 2000, 2000, 4) == [False]


def test_somebody_much_louder_says_nothing_about_it() -> None:
    judge = Judge()
    for frame in frames(10, 3):
        judge.quiet(frame)
    assert judged(judge, 500, 10, 5) == [True]
    assert judged(judge, 4000, 4000, 6) == []
    assert judge.usable


def test_an_echo_that_is_no_louder_than_the_room_is_none() -> None:
    judge = Judge()
    for frame in frames(50, 3):
        judge.quiet(frame)
    assert judged(judge, 55, 55, 3) == [True]


def test_a_loudspeaker_that_is_silent_says_nothing_about_it() -> None:
    judge = Judge()
    for _ in range(400):
        assert judge.feed(*frames(1000, 0.02), *frames(1000, 0.02), *frames(3, 0.02)) is None
