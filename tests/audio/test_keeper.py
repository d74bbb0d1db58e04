"""What keeps devices open, without devices: when it tries, and what it tells."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import signs
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.keeper import FIRST_S, LONGEST_S, Keeper, Pauses
from assistant.audio.line import FASTEST, PACE_S, SLOWEST, Flow
from assistant.audio.rated import Rated
from assistant.audio.tones import tone
from assistant.audio.zeros import FIRST_S as ZEROS_S
from assistant.audio.zeros import STEADY_S, Zeros
from assistant.errors import DeviceError

FRAME_S = FRAME_SAMPLES / RATE


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


class Device:
    """A device that can be taken away; no real one can be had on demand."""

    def __init__(self, patience: float = 0.0) -> None:
        self.there = True
        self.tries = 0
        self.told: list[str] = []
        self.sign = 0
        self.keeper = Keeper(
            "thing",
            self.open,
            lambda: self.told.append("closed"),
            lambda reason: self.told.append(reason),
            lambda: self.told.append("back"),
            signs=lambda: self.sign,
            on_late=lambda: self.told.append("late"),
            patience=patience,
        )

    def open(self) -> None:
        self.tries += 1
        if not self.there:
            raise DeviceError("no thing")


def test_the_pauses_grow_to_a_limit_and_begin_anew() -> None:
    pauses = Pauses()
    taken = [pauses.next() for _ in range(30)]
    assert taken[0] == FIRST_S
    assert taken == sorted(taken)
    assert taken[-1] == LONGEST_S
    assert sum(1 for each in taken if each < LONGEST_S) < 12  # soon it is no burden
    pauses.reset()
    assert pauses.next() == FIRST_S


def test_what_is_lost_is_told_once_and_opened_again() -> None:
    device = Device(patience=99)
    device.keeper.start()
    for _ in range(2):
        device.keeper.lost("gone")
        wait_for(lambda: device.told[-1] == "back")
    device.keeper.stop()
    device.keeper.join()
    assert device.told == ["gone", "back"] * 2
    assert device.tries == 2
    assert device.keeper.missing == ""
    device.keeper.lost("too late")
    assert len(device.told) == 4


def test_what_stays_away_is_tried_in_pauses_and_at_once_when_there_is_a_sign() -> None:
    device = Device()
    device.there = False
    device.keeper.start()
    device.keeper.lost("gone")
    device.keeper.lost("gone again")
    wait_for(lambda: device.tries == 3)
    assert device.keeper.missing == "gone"
    assert device.told == ["gone", "late"]
    device.there = True
    device.sign = 1
    wait_for(lambda: device.told[-1] == "back")
    device.keeper.stop()
    device.keeper.join()
    assert device.tries == 4


def test_an_end_in_a_pause_is_at_once_an_end() -> None:
    device = Device(patience=99)
    device.there = False
    device.keeper.start()
    device.keeper.lost("gone")
    wait_for(lambda: device.tries == 2)
    device.keeper.stop()
    device.keeper.join()
    tries = device.tries
    time.sleep(2 * FIRST_S)
    assert (device.tries, device.told) == (tries, ["gone"])


def test_what_dies_while_it_is_opened_is_opened_again() -> None:
    device = Device()
    once = threading.Event()

    def dies() -> None:
        device.tries += 1
        if not once.is_set():
            once.set()
            device.keeper.lost("dead again")

    device.keeper._open = dies
    device.keeper.start()
    device.keeper.lost("gone")
    wait_for(lambda: device.told[-1] == "back")
    device.keeper.stop()
    device.keeper.join()
    assert device.tries == 2
    assert device.told == ["gone", "late", "back"]


def test_what_dies_as_soon_as_it_lives_is_no_busy_loop() -> None:
    device = Device()
    device.keeper._on_back = lambda: device.keeper.lost("dead again")
    device.keeper.start()
    device.keeper.lost("gone")
    began = time.monotonic()
    wait_for(lambda: device.tries == 4)
    assert time.monotonic() - began > 3 * FIRST_S  # each pause is longer than the one before
    device.keeper._on_back = lambda: device.told.append("back")
    wait_for(lambda: device.told[-1] == "back")
    device.keeper.stop()
    device.keeper.join()


PACES = st.lists(st.floats(0.0, 9.0), min_size=1, max_size=12)


@given(PACES)
def test_only_what_keeps_no_pace_for_long_is_no_real_sound(paces: list[float]) -> None:
    flow, now, bad = Flow(48_000, 50.0), 50.0, 0
    for pace in paces:
        for _ in range(5):
            assert flow.wrong(now) == (bad > 1)
            now += PACE_S / 5
            flow.came(round(pace * 48_000 * PACE_S / 5))
        now += 1e-6
        bad = 0 if SLOWEST <= pace / (1 + 1e-6 / PACE_S) <= FASTEST else bad + 1
        assert flow.wrong(now) == (bad > 1)
    flow.begin(now)
    assert not flow.wrong(now)


def test_what_is_not_wanted_is_closed_and_not_missed() -> None:
    device = Device()
    device.keeper.start()
    device.keeper.want(False)
    wait_for(lambda: device.told == ["closed"])
    device.keeper.lost("gone")
    assert device.keeper.missing == ""
    device.there = False
    device.keeper.want(True)
    wait_for(lambda: "no thing" in device.told)
    device.there = True
    wait_for(lambda: device.told[-1] == "back")
    device.keeper.stop()
    device.keeper.join()
    assert device.told == ["closed", "no thing", "late", "back"]


def frames(seconds: float, begin: float, value: int) -> list[Frame]:
    pcm: Pcm = np.full(FRAME_SAMPLES, value, np.int16)
    return [Frame(pcm, begin + number * FRAME_S) for number in range(round(seconds / FRAME_S))]


def test_zeros_after_sound_are_suspicious_ever_more_rarely() -> None:
    zeros = Zeros()
    assert not any(map(zeros.dead, frames(ZEROS_S * 3, 0, 0)))  # never heard: muted, or a test's
    assert not any(map(zeros.dead, frames(1, 100, 7)))
    ends = [frame.end for frame in frames(ZEROS_S * 7.5, 200, 0) if zeros.dead(frame)]
    assert ends == pytest.approx([200 + ZEROS_S, 200 + 3 * ZEROS_S, 200 + 7 * ZEROS_S], abs=0.1)


def suspected(zeros: Zeros, *parts: list[Frame]) -> list[float]:
    """Return the begins of the parts in which it is opened again, each time with a new stream."""
    begins = []
    for part in parts:
        for frame in part:
            if zeros.dead(frame):
                begins.append(part[0].time)
                zeros.renewed()
    return begins


def test_zeros_that_a_new_stream_ends_are_suspicious_at_once_the_next_time() -> None:
    died = frames(ZEROS_S, 101, 0), frames(1, 101 + ZEROS_S, 7)  # heard again as it is opened
    again = frames(ZEROS_S, 201, 0)
    assert suspected(Zeros(), frames(1, 100, 7), *died, again) == [101, 201]


def test_a_microphone_that_is_silent_between_words_is_soon_left_alone() -> None:
    pause = 3.3 * ZEROS_S
    words = [
        part
        for number in range(100)
        for begin in [1000.0 + number * (1 + pause)]
        for part in (frames(1, begin, 7), frames(pause, begin + 1, 0))
    ]
    zeros = Zeros()
    assert set(suspected(zeros, *words)) == {1001.0}
    hisses = frames(STEADY_S + 1, 5000, 7)  # another one, or its switch
    assert suspected(zeros, hisses, frames(ZEROS_S, 5100, 0)) == [5100]


@given(
    st.sampled_from([(48_000, 44_100), (44_100, 48_000), (16_000, 48_000), (48_000, 8000)]),
    st.lists(st.integers(1, 700), min_size=1, max_size=20),
)
def test_a_source_at_another_rate_sounds_the_same_at_the_same_time(
    rates: tuple[int, int], sizes: list[int]
) -> None:
    rate, to = rates
    whole = tone(300, 1.0, rate)
    place = 0
    late: list[float] = []

    def source(out: Pcm, audible_at: float) -> None:
        nonlocal place
        late.append(audible_at - 50 - place / rate)
        out[:] = whole[place : place + len(out)]
        place += len(out)

    rated, given_ = Rated(source, rate, to), 0
    heard = []
    for size in sizes:
        out: Pcm = np.zeros(size, np.int16)
        rated(out, 50 + given_ / to)
        given_ += size
        heard.append(out)
    expected = tone(300, 1.0, to)[:given_]
    assert np.abs(np.concatenate(heard).astype(int) - expected).max() < 400
    assert max(map(abs, late)) < 1e-6


def test_a_new_socket_and_a_new_card_are_signs(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    monkeypatch.setattr(signs, "CARDS", folder / "snd")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{folder}/pa")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    seen = {signs.signs()}
    (folder / "snd").mkdir()
    seen.add(signs.signs())
    (folder / "snd" / "pcmC1D0c").touch()
    seen.add(signs.signs())
    (folder / "pa").touch()
    seen.add(signs.signs())
    (folder / "pipewire-0").touch()
    seen.add(signs.signs())
    assert len(seen) == 5
    assert signs.signs() in seen
