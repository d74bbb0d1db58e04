"""The physics of the room: when, how loud, how fast, and the same again for the same seed."""

import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.bench.room import Devices, Room, Setup
from assistant.bench.room.acoustics import responses
from assistant.bench.room.cone import Cone
from assistant.bench.room.levels import active_dbfs, gain, parts
from assistant.bench.room.noises import KINDS, LENGTH_S, cough
from assistant.bench.room.varispeed import Varispeed
from assistant.errors import EngineMissing

DRY = Setup(rt60=0.15, noises={}, drive=0.0, band=(50.0, 7900.0))
"""A room and devices without anything that would hide what is looked at."""
SOUND_M_S = 343.0


def tone(hertz, seconds, rate=RATE, dbfs=-20.0):
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.rint(gain(dbfs) * 32768 * wave).astype(np.int16)


def hiss(seconds, rate=RATE, seed=1, dbfs=-20.0):
    wave = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return np.rint(gain(dbfs) * 32768 * wave).clip(-32768, 32767).astype(np.int16)


def lag(heard, played):
    """How many samples later than `played` it is in `heard`."""
    size = len(heard) + len(played)
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    return int(np.abs(np.fft.irfft(product, size)).argmax())


def frequency(pcm, about):
    """The Hz of a tone, by how its phase advances."""
    turned = pcm * np.exp(-2j * np.pi * about * np.arange(len(pcm)) / RATE)
    blocks = turned[: len(pcm) // 1600 * 1600].reshape(-1, 1600).mean(axis=1)
    phase = np.unwrap(np.angle(blocks))[2:-2]
    slope = np.polyfit(np.arange(len(phase)) * 0.1, phase, 1)[0]
    return about + slope / (2 * np.pi)


# --- when ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delay", "rate"), [(0.02, 16_000), (0.1, 48_000), (0.25, 24_000)])
def test_the_echo_comes_when_the_delay_and_the_way_are_over(delay, rate):
    room = Room(replace(DRY, delay=delay), rate=rate)
    played = hiss(0.5, rate)
    room.play(played)
    heard = room.hear(RATE)
    at_16k = np.interp(np.arange(RATE // 2) * rate / RATE, np.arange(len(played)), played)
    expected = delay * RATE + DRY.loudspeaker_m / SOUND_M_S * RATE
    assert lag(heard, at_16k) == pytest.approx(expected, abs=2)


def test_what_is_said_arrives_when_it_is_told_to():
    room = Room(DRY)
    room.hear(1000)
    said = hiss(0.3)
    first = room.speak(said, 3000)
    heard = room.hear(RATE)
    assert lag(heard, said) + 1000 == pytest.approx(first, abs=1)
    assert first - 3000 == pytest.approx(DRY.talker_m / SOUND_M_S * RATE, abs=2)


def test_a_loudspeaker_that_is_given_too_little_is_silent():
    room = Room(DRY)
    assert room.wanted(RATE) > 0
    assert not room.hear(RATE).any()
    assert room.wanted(1) > 0


# --- how loud --------------------------------------------------------------------------------


@pytest.mark.parametrize("echo_db", [-20.0, 0.0, 6.0])
def test_the_echo_is_as_loud_as_it_is_said_to_be(echo_db):
    setup = Setup(echo_db=echo_db, noises={})
    room = Room(setup)
    pink = KINDS["pink"](np.random.default_rng(5), ())[: 4 * RATE]
    pink *= gain(setup.reply_dbfs - active_dbfs(pink)) * 32768
    room.play(np.rint(pink).astype(np.int16))
    heard = room.hear(4 * RATE)[RATE:]
    assert active_dbfs(parts(heard)) == pytest.approx(setup.talker_dbfs + echo_db, abs=1.0)


def test_a_muted_loudspeaker_is_not_heard():
    room = Room(replace(DRY, echo_db=-200.0))
    room.play(hiss(1))
    assert not room.hear(RATE).any()


@pytest.mark.parametrize("where", ["talker", "far"])
@pytest.mark.parametrize("louder", [-10.0, 0.0, 5.0])
def test_people_are_as_loud_as_they_are_said_to_be(where, louder):
    room = Room(DRY)
    room.speak(hiss(1, dbfs=-40.0), where=where, louder=louder)
    heard = active_dbfs(parts(room.hear(RATE)))
    assert heard == pytest.approx(DRY.talker_dbfs + louder, abs=0.5)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_noise_is_as_loud_as_it_is_said_to_be_and_has_no_seam(kind):
    voices = [hiss(3, seed=seed) for seed in range(3)]
    rng = np.random.default_rng(3)
    made = KINDS[kind](rng, voices)
    steps = np.abs(np.diff(made))
    assert len(made) == LENGTH_S * RATE
    assert abs(made[0] - made[-1]) <= steps.max()
    room = Room(Setup(noises={kind: -40.0}), seed=3, voices=voices)
    heard = room.hear(LENGTH_S * RATE)
    assert active_dbfs(parts(heard)) == pytest.approx(-40.0, abs=1.0)
    assert np.array_equal(room.hear(RATE), heard[:RATE])


@pytest.mark.parametrize("kind", ["babble", "television"])
def test_noise_of_voices_wants_voices(kind):
    with pytest.raises(ValueError, match="voices"):
        Room(Setup(noises={kind: -40.0}))


def test_what_is_too_loud_is_clipped_and_counted_and_nothing_else_is():
    quiet, loud = Room(Setup()), Room(Setup(talker_dbfs=0.0))
    for room in (quiet, loud):
        room.speak(hiss(0.5))
        room.play(hiss(0.5))
    assert np.abs(quiet.hear(RATE).astype(int)).max() < 32767
    assert quiet.clipped == 0
    assert np.abs(loud.hear(RATE).astype(int)).max() >= 32767
    assert loud.clipped > 0


# --- what the loudspeaker does to it ------------------------------------------------------------


def test_a_loudspeaker_has_no_bass_and_makes_harmonics_of_what_is_loud():
    band = (180.0, 7500.0)

    def partials(hertz, dbfs, drive):
        played = Cone(RATE, band, drive).feed(parts(tone(hertz, 1, dbfs=dbfs)))
        spectrum = 20 * np.log10(np.abs(np.fft.rfft(played * np.hanning(RATE))) / RATE * 4 + 1e-9)
        return spectrum[hertz], spectrum[2 * hertz], spectrum[3 * hertz]

    assert partials(60, -20, 0)[0] == pytest.approx(-20 - 19, abs=2)  # 12 dB an octave below 180
    assert partials(1000, -20, 0)[0] == pytest.approx(-20, abs=0.5)
    assert max(partials(1000, -3, 0)[1:]) < -90
    assert partials(1000, -3, 1)[2] > -40
    assert partials(1000, -3, 1)[1] > -40
    assert partials(1000, -40, 1)[2] < -90


# --- how fast ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ppm", [-200.0, 0.0, 37.0, 200.0])
def test_clocks_drift_by_the_ppm(ppm):
    room = Room(replace(DRY, drift_ppm=ppm), rate=24_000)
    room.play(tone(1000, 8.5, 24_000))
    heard = room.hear(8 * RATE)[RATE:]
    assert frequency(heard, 1000.0) / 1000.0 - 1 == pytest.approx(ppm * 1e-6, abs=0.5e-6)


def test_the_echo_drifts_away_from_the_clock():
    drifting = Room(replace(DRY, drift_ppm=200.0))
    played = hiss(31)
    drifting.play(played)
    heard = drifting.hear(30 * RATE)
    early, late = (lag(heard[at : at + RATE], played[at : at + RATE // 2]) for at in (0, 29 * RATE))
    assert early - late == pytest.approx(29 * RATE * 200e-6, abs=2)


@given(
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=20),
    ratio=st.sampled_from([1.0, 1.5, 1.0002, 3.0]),
)
@settings(deadline=None)
def test_reading_between_samples_does_not_depend_on_how_it_is_cut(cuts, ratio):
    count = sum(cuts)
    sound = parts(hiss(0.5, seed=2))
    sound = np.resize(sound, int(count * ratio) + 500)
    whole, cut = Varispeed(ratio), Varispeed(ratio)
    whole.feed(sound)
    expected = whole.take(np.arange(count) * ratio)
    taken, at, fed = [], 0, 0
    for length in cuts:
        positions = np.arange(at, at + length) * ratio
        needed = cut.needed(positions[-1])
        cut.feed(sound[fed:needed])
        fed, at = max(fed, needed), at + length
        taken.append(cut.take(positions))
    assert np.allclose(np.concatenate(taken), expected, atol=1e-9)


# --- the same again ------------------------------------------------------------------------------

NOISY = Setup(noises={"white": -50.0, "music": -45.0}, drift_ppm=150.0)


def session(seed, length):
    room = Room(NOISY, seed, rate=24_000)
    room.speak(hiss(0.4), 2000)
    heard = []
    played = hiss(1.2, 24_000)
    while room.now < RATE:
        wanted = room.wanted(length)
        room.play(played[:wanted])
        played = played[wanted:]
        heard.append(room.hear(length))
    return np.concatenate(heard)[:RATE]


def test_a_seed_says_it_all():
    first = session(4, 320)
    assert np.array_equal(first, session(4, 320))
    assert np.abs(first - session(4, 640).astype(int)).max() <= 1  # rounding
    assert not np.array_equal(first, session(5, 320))


def test_coughs_differ_and_are_short():
    rng = np.random.default_rng(0)
    coughs = [cough(rng) for _ in range(20)]
    assert len({len(each) for each in coughs}) > 10
    for each in coughs:
        assert 0.3 * RATE < len(each) < 1.1 * RATE
        assert np.abs(each).max() == pytest.approx(0.5)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    with pytest.raises(EngineMissing, match="script/setup --with bench"):
        responses((4, 3, 2.5), 0.3, 0.2, 1.0, np.random.default_rng(0))


# --- as devices ----------------------------------------------------------------------------------


def test_the_devices_hear_what_they_play_and_nothing_but_that():
    setup = replace(NOISY, delay=0.02)
    devices = Devices(Room(setup, 7, rate=24_000))
    source, frames, times = hiss(3, 24_000), [], []

    def fill(out, audible_at):
        at = sum(times_taken for times_taken, _ in times)
        out[:] = source[at : at + len(out)]
        times.append((len(out), audible_at))

    devices.loudspeaker.start(fill)
    devices.microphone.start(frames.append)
    devices.speak(hiss(0.2), wait=0.1)
    while len(frames) < 20:
        time.sleep(0.01)
    devices.loudspeaker.pause()
    while len(frames) < 25:
        time.sleep(0.01)
    devices.loudspeaker.stop()
    devices.microphone.stop()
    count, asked = len(frames), len(times)
    time.sleep(0.05)
    assert (len(frames), len(times)) == (count, asked)
    assert devices.loudspeaker.errors == 0
    again = Room(setup, 7, rate=24_000)
    played = devices.loudspeaker.played(devices.began)
    again.play(played)
    start = round((frames[0].time - devices.began) * RATE)
    expected = again.hear(start + count * FRAME_SAMPLES)[start:]
    quiet = np.concatenate([frame.pcm for frame in frames])
    until = RATE // 10 - start  # then somebody speaks, at a moment that the clock decides
    assert np.abs(quiet[:until] - expected[:until].astype(int)).max() <= 1
    assert np.abs(quiet[until:].astype(int)).max() > 3 * np.abs(expected[until:].astype(int)).mean()
    assert np.allclose(np.diff([frame.time for frame in frames]), 0.02)
    step = np.diff([audible_at for _, audible_at in times])
    assert np.allclose(step, 0.01 / (1 + 150e-6), atol=1e-9)
    assert not played[-2 * 240 :].any()


def test_a_source_that_fails_leaves_silence():
    devices = Devices(Room(DRY))

    def broken(out, audible_at):
        out[:] = 1000
        raise RuntimeError("a fault of the test's")

    devices.loudspeaker.start(broken)
    while devices.loudspeaker.errors < 3:
        time.sleep(0.01)
    devices.loudspeaker.stop()
    assert not devices.loudspeaker.played(devices.began).any()
