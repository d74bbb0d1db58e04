"""Whether a follow-up was said to the assistant: the score alone; its worth is in a benchmark."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation.addressed import Said, addressed

BENCH = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "addressed.py"))
THRESHOLD = 0.4
REPLIES = st.sampled_from(["", "It is ten past four.", "现在四点。", "Which one?"])


ROWS = [row for row in BENCH["table"](THRESHOLD) if row["half"] == "development"]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_most_talk_is_told_apart(row):
    if row["kind"] == "addressed":
        assert row["answered_percent"] >= 90
    else:
        assert row["answered_percent"] <= 25


@given(st.text(), REPLIES)
def test_any_text_has_a_probability(text, reply):
    assert 0.0 < addressed(Said(text, reply)) < 1.0


@given(st.text(), REPLIES, st.floats(-40, 40), st.floats(0, 20), st.floats(0, 30))
def test_quieter_and_longer_talk_is_never_likelier(text, reply, quieter, more_db, speech_s):
    near = addressed(Said(text, reply, quieter, 1.0))
    assert addressed(Said(text, reply, quieter + more_db, 1.0)) <= near
    assert addressed(Said(text, reply, quieter, 1.0 + speech_s)) <= near


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Tomorrow.", "Which day?"),
        ("明天。", "哪一天？"),
        ("两个都要", "哪个？"),
        ("pick up the kids from school at four", "Remind you of what?"),
        ("接孩子放学", "提醒您什么？"),
    ],
)
def test_a_short_answer_to_its_question_is_for_it(text, reply):
    assert addressed(Said(text, reply)) >= THRESHOLD
