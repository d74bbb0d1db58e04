"""Timelines: what is read from them is what was marked, whatever the order and the threads."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from assistant.trace import KEPT_TURNS, SPEECH_END, Timeline, Trace

STAGES = st.sampled_from(["wake", SPEECH_END, "heard", "first_token", "first_sample"])
TIMES = st.floats(0, 1e6, allow_nan=False)


def timeline(*marks):
    trace = Trace()
    for stage, at in marks:
        trace.mark(1, stage, at)
    return trace.turn(1)


@given(st.lists(st.tuples(STAGES, TIMES)))
def test_first_and_last_are_those_that_came_first_and_last(marks):
    line = timeline(*marks)
    for stage, _ in marks:
        times = [at for name, at in marks if name == stage]
        assert (line.first(stage), line.last(stage)) == (times[0], times[-1])
    assert (line.first("never"), line.last("never")) == (None, None)


@given(st.lists(st.tuples(STAGES, TIMES)))
def test_stages_count_from_the_last_end_of_speech(marks):
    line = timeline(*marks)
    zero = line.last(SPEECH_END)
    if zero is None:
        zero = marks[0][1] if marks else 0
    wanted = {stage: round(at - zero, 3) for stage, at in marks if stage != SPEECH_END}
    assert line.stages() == wanted


def test_a_pause_within_the_question_does_not_count_as_its_end():
    line = timeline(
        ("wake", 1.0),
        (SPEECH_END, 2.0),
        (SPEECH_END, 4.0),
        ("first_sample", 4.75),
        ("first_sample", 6.0),
    )
    assert line.between(SPEECH_END, "first_sample") == 0.75
    assert line.between("first_sample", "never") is None
    assert line.stages()["wake"] == -3.0


def test_a_typed_question_counts_from_its_first_mark():
    assert timeline(("think", 5.0), ("first_token", 5.2)).stages() == {
        "think": 0.0,
        "first_token": 0.2,
    }


def test_a_mark_keeps_its_figures():
    trace = Trace()
    trace.mark(2, "first_token", 1.0, cached_tokens=40)
    assert trace.turn(2).marks[0].data == {"cached_tokens": 40}


def test_an_unknown_turn_is_empty_and_stays_unknown():
    trace = Trace()
    assert trace.turn(5) == Timeline(5)
    assert trace.turn(5).stages() == {}
    assert trace.turns() == []


@given(st.integers(1, 3 * KEPT_TURNS))
def test_only_the_latest_turns_are_kept(count):
    trace = Trace()
    for turn in range(count):
        trace.mark(turn, "wake", float(turn))
        trace.mark(turn, "heard", float(turn))
    assert trace.turns() == list(range(max(0, count - KEPT_TURNS), count))
    assert len(trace.turn(count - 1).marks) == 2


def test_what_was_handed_out_does_not_grow():
    trace = Trace()
    trace.mark(1, "wake", 1.0)
    before = trace.turn(1)
    trace.mark(1, "heard", 2.0)
    assert len(before.marks) == 1


def test_any_thread_may_mark():
    trace = Trace()

    def mark(stage):
        for at in range(1000):
            trace.mark(at % 8, stage, float(at))

    threads = [threading.Thread(target=mark, args=(f"stage {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(trace.turn(turn).marks) for turn in trace.turns()) == 4000
