"""The live resampler against soxr, and against itself for any cutting of the stream."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import Pcm
from assistant.audio.resample import Resampler, resample

RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000]


def chord(rate: int, seconds: float = 0.25) -> Pcm:
    """Sines at 200, 1000 and 2500 Hz, all below what the lowest rate can hold."""
    time = np.arange(int(rate * seconds)) / rate
    sound = sum(np.sin(2 * np.pi * f * time) for f in (200, 1000, 2500))
    return np.asarray(6000 * sound, dtype=np.int16)


@pytest.mark.parametrize("rate_in", RATES)
@pytest.mark.parametrize("rate_out", [16000, 24000, 44100, 48000])
def test_the_stream_agrees_with_soxr(rate_in: int, rate_out: int) -> None:
    stream = Resampler(rate_in, rate_out)
    live = np.concatenate([stream.feed(chord(rate_in)), stream.flush()])
    whole = resample(chord(rate_in), rate_in, rate_out)
    assert abs(len(live) - len(whole)) <= 1
    edge = rate_out // 50  # both ring where the sound is cut off
    count = min(len(live), len(whole)) - edge
    difference = live[edge:count].astype(float) - whole[edge:count]
    assert np.sqrt((difference**2).mean()) < 12  # 60 dB below the sound


@given(
    cuts=st.lists(st.integers(0, 4000), max_size=12),
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    seed=st.integers(0, 99),
)
def test_no_cutting_changes_the_sound(cuts: list[int], rates: tuple[int, int], seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-32768, 32768, 4000).astype(np.int16)
    whole, cut = Resampler(*rates), Resampler(*rates)
    expected = np.concatenate([whole.feed(pcm), whole.flush()])
    pieces = [cut.feed(piece) for piece in np.split(pcm, sorted(cuts))]
    actual = np.concatenate([*pieces, cut.flush()])
    assert len(actual) == len(expected) == -(-4000 * rates[1] // rates[0])
    assert np.abs(actual.astype(int) - expected).max(initial=0) <= 1


@pytest.mark.parametrize("rate", RATES)
def test_every_block_but_the_first_gives_its_share_at_once(rate: int) -> None:
    stream = Resampler(rate, 16000)
    block = np.zeros(rate // 50, np.int16)
    stream.feed(block)
    for _ in range(20):
        assert abs(len(stream.feed(block)) - 16000 * len(block) / rate) <= 1


def test_what_16_khz_cannot_hold_is_silenced_not_folded_down() -> None:
    time = np.arange(48000) / 48000
    stream = Resampler(48000, 16000)
    folded = stream.feed((20000 * np.sin(2 * np.pi * 9000 * time)).astype(np.int16))[100:]
    assert np.abs(folded).max() <= 4  # more than 70 dB down; folded it would sound at 7 kHz


def test_full_scale_is_clipped_and_never_wraps_around() -> None:
    square = np.tile(np.repeat(np.array([32767, -32768], np.int16), 40), 50)
    stream = Resampler(48000, 16000)
    sound = stream.feed(square)
    assert sound.max() == 32767
    assert sound.min() == -32768
    middles = np.arange(20, 3 * len(sound), 40)  # input samples farthest from the edges
    nearest = np.minimum(np.rint(middles / 3).astype(int), len(sound) - 1)
    assert np.array_equal(np.sign(sound[nearest]), np.sign(square[middles]))


def test_equal_rates_pass_through_untouched() -> None:
    pcm = chord(16000)
    stream = Resampler(16000, 16000)
    assert stream.feed(pcm) is pcm
    assert len(stream.flush()) == 0
    assert resample(pcm, 16000, 16000) is pcm


def test_after_a_flush_it_begins_anew() -> None:
    stream = Resampler(44100, 16000)
    first = np.concatenate([stream.feed(chord(44100)), stream.flush()])
    second = np.concatenate([stream.feed(chord(44100)), stream.flush()])
    assert np.array_equal(first, second)


def test_nothing_in_nothing_out() -> None:
    nothing = np.zeros(0, np.int16)
    assert len(Resampler(44100, 16000).feed(nothing)) == 0
    assert len(resample(nothing, 44100, 16000)) == 0
