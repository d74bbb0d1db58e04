"""Times of blocks: smooth, never backwards, and true again after a gap."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.clock import BACK_S, JUMP_S, StreamClock

RATE = 48_000


@given(st.lists(st.tuples(st.integers(48, 4800), st.floats(-2, 2), st.booleans()), max_size=200))
def test_time_always_goes_on_whatever_the_device_says(
    blocks: list[tuple[int, float, bool]],
) -> None:
    clock, true = StreamClock(RATE), 100.0
    times = []
    for samples, noise, lost in blocks:
        times.append((clock.advance(samples, true + noise, lost), samples / RATE))
        true += samples / RATE
    for (one, length), (following, _) in itertools.pairwise(times):
        assert following - one >= min(length * 0.75, length - BACK_S) - 1e-9
        assert following - one >= 0


@given(st.lists(st.floats(-0.02, 0.02), min_size=60, max_size=200))
def test_jitter_is_averaged_away(noise: list[float]) -> None:
    clock = StreamClock(RATE)
    times = [clock.advance(480, 5 + n * 0.01 + e) for n, e in enumerate(noise)]
    steps = [b - a for a, b in itertools.pairwise(times[50:])]
    assert all(abs(step - 0.01) < 0.001 for step in steps)  # the jitter was up to 40 ms
    assert all(abs(at - (5 + n * 0.01)) < 0.021 for n, at in enumerate(times))


@given(drift=st.floats(-2e-4, 2e-4))
def test_another_clocks_drift_is_followed(drift: float) -> None:
    clock = StreamClock(RATE)
    for n in range(3000):
        measured = 7 + n * 0.01 * (1 + drift)
        at = clock.advance(480, measured)
    assert abs(at - measured) < 0.0003


@given(jump=st.floats(JUMP_S + 0.001, 3600))
def test_a_long_gap_is_believed_at_once(jump: float) -> None:
    clock = StreamClock(RATE)
    clock.advance(480, 1.0)
    assert clock.advance(480, 1.01 + jump) == 1.01 + jump
    assert abs(clock.gap - jump) < 1e-6
    clock.advance(480, 1.02 + jump)
    assert clock.gap == 0.0


def test_a_short_gap_is_believed_when_the_device_says_so() -> None:
    clock = StreamClock(RATE)
    for n in range(100):
        clock.advance(480, n * 0.01)
    assert clock.advance(480, 1.03, lost=True) == 1.03
    assert abs(clock.gap - 0.03) < 1e-9
