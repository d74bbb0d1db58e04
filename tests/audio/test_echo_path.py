"""The echo path in a made-up room (`tests/echo_room.py`) with recorded speech."""

import math
from dataclasses import replace

import numpy as np
import pytest
from echo_room import CHINESE, ENGLISH, Room, at_level, loss, speech

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame

SECONDS = 12.0


@pytest.mark.parametrize(
    "room",
    [
        Room(),
        Room(rate=44_100, way=0.15),
        Room(rate=16_000, way=0.25),
        Room(ppm=200),
        Room(ppm=-200, echo_db=6),
        Room(way=-0.06),  # stamped too late
        Room(rate=8000, jitter=2e-3),
    ],
    ids=str,
)
def test_its_own_voice_goes_away_whatever_stamps_and_crystals_say(room: Room) -> None:
    heard, left = room.cleaned(room.path(), speech(CHINESE, room.rate, SECONDS))
    assert loss(heard, left, SECONDS - 2) > 10
    assert [usable for _, usable in room.told][-1:] == [True]


def test_after_a_pause_of_the_stream_it_need_not_learn_anew() -> None:
    room = Room()
    path = room.path()
    room.cleaned(path, speech(CHINESE, room.rate, SECONDS))
    quiet = room.microphone(np.zeros(4 * room.rate, np.int16), None)
    for at in range(0, len(quiet), FRAME_SAMPLES):
        path.clean(Frame(quiet[at : at + FRAME_SAMPLES], 100 + SECONDS + at / RATE))
    # The stream begins a second before the voice, and its stamps are off by another time.
    again = np.zeros(room.rate, np.int16), speech(CHINESE, room.rate, 2.5)[room.rate // 2 :]
    moved = replace(room, way=room.way + 0.0007)
    heard, left = moved.cleaned(path, np.concatenate(again), start=100 + SECONDS + 4)
    assert loss(heard, left, 1.5) > 15


def test_with_another_device_nothing_is_trusted_until_it_has_learned_anew() -> None:
    room = Room()
    path = room.path()
    room.cleaned(path, speech(CHINESE, room.rate, 6.0))
    assert path.usable
    before = len(room.told)
    path.renew()
    other = replace(room, way=0.15)
    heard, left = other.cleaned(path, speech(CHINESE, room.rate, 8.0), start=200)
    told = [usable for _, usable in room.told[before:]]
    assert (told[0], told[-1]) == (False, True)
    assert loss(heard, left, 6) > 10


def test_stamps_that_lie_for_some_seconds_move_nothing() -> None:
    room = Room(lies=True)
    heard, left = room.cleaned(room.path(), speech(CHINESE, room.rate, 8.5))
    second = RATE
    each = [
        loss(heard[at : at + second], left[at : at + second], 0)
        for at in range(4 * second, 8 * second, second)
    ]
    assert min(each) > 12


def test_a_loudspeaker_that_runs_dry_is_followed() -> None:
    room = Room(dry=(5.2, 7.3))
    heard, left = room.cleaned(room.path(), speech(CHINESE, room.rate, 9.0))
    for second in (4, 6, 8):
        span = slice(second * RATE, (second + 1) * RATE)
        assert loss(heard[span], left[span], 0) > 12


def test_a_voice_over_it_stays() -> None:
    room = Room()
    pause = np.zeros(round(3 * RATE), np.int16)
    said = speech(ENGLISH, RATE, 2.5)
    spoken = np.concatenate((pause, said))
    _, left = room.cleaned(room.path(), speech(CHINESE, room.rate, 5.5), spoken)
    wanted = at_level(spoken.astype(float), 0.0)
    count = min(len(left), len(wanted))
    off = left[len(pause) : count] / 32768 - wanted[len(pause) : count]
    ratio = np.mean(wanted[len(pause) : count] ** 2) / np.mean(off**2)
    assert 10 * np.log10(ratio) > 6


def test_a_muted_loudspeaker_leaves_every_voice_alone_and_duplex_on() -> None:
    room = Room(echo_db=-math.inf)
    said = speech(ENGLISH, RATE, 4.0)
    heard, left = room.cleaned(room.path(), speech(CHINESE, room.rate, 4.0), said)
    off = np.mean((left.astype(float) - heard) ** 2) / np.mean(heard.astype(float) ** 2)
    assert 10 * np.log10(off) < -10


def test_nothing_plays_and_nothing_is_touched() -> None:
    room = Room()
    path = room.path()
    said = speech(ENGLISH, RATE, 2.0)
    heard, left = room.cleaned(path, np.zeros(2 * room.rate, np.int16), said)
    assert np.array_equal(heard, left)
    assert room.told == []
