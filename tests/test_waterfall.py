import json

from hypothesis import given
from hypothesis import strategies as st

from assistant import waterfall
from assistant.trace import Trace


def example():
    """A turn whose first secret answer was dropped and whose second one was kept."""
    trace = Trace()
    for stage, at, data in [
        ("speech_start", 10.0, {}),
        ("partial", 10.5, {"text": "what"}),
        ("prepared", 10.6, {"text": "what", "took_s": 0.05}),
        ("speech_end", 10.8, {}),
        ("vad_end", 10.9, {}),
        ("settled", 10.95, {"text": "what time"}),
        ("think", 10.96, {"take": 1}),
        ("judged", 10.99, {"take": 1, "complete": 0.01}),
        ("dropped", 11.2, {"why": "other words"}),
        ("speech_end", 11.5, {}),
        ("vad_end", 11.6, {}),
        ("settled", 11.65, {"text": "what time is it"}),
        ("think", 11.66, {"take": 2}),
        ("judged", 11.7, {"take": 2, "complete": 0.9}),
        ("first_token", 11.71, {"take": 2, "prompt_tokens": 90, "cached_tokens": 80}),
        ("first_clause", 11.8, {"take": 2, "characters": 9}),
        ("first_sound_made", 11.88, {"take": 2}),
        ("turn_end", 11.75, {}),
        ("heard", 11.76, {"text": "What time is it?"}),
        ("released", 11.77, {"take": 2}),
        ("first_sample", 11.9, {"take": 2}),
        ("speaking_end", 13.0, {"take": 2}),
    ]:
        trace.mark(3, stage, at, **data)
    trace.keep(3, 2)
    return trace.turn(3)


def test_the_figures_are_those_of_the_answer_that_was_heard():
    timeline = example()
    assert round(waterfall.voice_to_voice(timeline), 3) == 0.4
    found = {span.name: round(span.end - span.start, 3) for span in waterfall.spans(timeline)}
    assert found["speech"] == 1.5
    assert found["silence noticed"] == 0.1
    assert found["question read"] == 0.04
    assert found["first clause"] == 0.09
    assert found["end decided"] == 0.25
    assert found["read along"] == 0.05


@given(st.integers(20, 200))
def test_the_picture_fits_the_terminal(width):
    lines = waterfall.draw(example(), width)
    assert all(len(line) <= width for line in lines)


def test_the_picture_tells_what_was_wasted_and_what_was_cached():
    text = "\n".join(waterfall.draw(example(), 100))
    assert "0.40 s: What time is it?" in text
    assert "80 of 90" in text
    assert "dropped: other words" in text
    assert "kept" in text


def test_a_timeline_survives_the_socket():
    there = json.loads(json.dumps(waterfall.as_json(example())))
    back = waterfall.from_json(there)
    assert waterfall.as_json(back) == there
    assert there["voice_to_voice_s"] == 0.4


def test_the_trace_file_has_a_track_for_each_room():
    content = waterfall.chrome([example()])
    events = content["traceEvents"]
    names = {event["args"]["name"] for event in events if event["ph"] == "M"}
    assert names == {"decider", "ears", "mind", "mouth"}
    whole = [event for event in events if event["ph"] == "X"]
    assert min(event["ts"] for event in whole) == 0
    assert all(event["dur"] >= 0 for event in whole)
    json.dumps(content)


def test_a_turn_of_which_nothing_is_known():
    assert waterfall.draw(Trace().turn(9), 80) == ["turn 9: nothing is known of it"]
    assert waterfall.chrome([])["traceEvents"]
