"""What the bench of the tools counts; what was found is given here, nothing is loaded."""

import pytest

from assistant.bench.skills import Request
from assistant.bench.tools import Told, drawn, run, shares
from assistant.config import Config
from assistant.errors import BadInput
from assistant.mind.skills.skill import Request as Found


def told(intent, margin, nearest, chosen, slots=None, **found):
    request = Request(text="t", language="en", intent=intent, slots=slots or {})
    near = Found(nearest, "t", "en", found) if nearest else None
    said = Found(chosen, "t", "en", found) if chosen else None
    return Told(request, margin, near, said, 0.01, 0.1, 1.0)


TOLD = [
    told("timer_set", 0.9, "timer_set", "timer_set", {"duration_s": 60}, duration_s=60),
    told("timer_set", 0.9, "timer_set", None, {"duration_s": 60}, duration_s=61),
    told("stop", 0.9, "mute", "stop"),
    told("stop", 0.1, None, None),
    told("none", 0.6, "stop", None),
    told("none", 0.1, None, None),
]


@pytest.mark.parametrize(
    ("how", "threshold", "right", "tool", "false", "none"),
    [
        ("meaning", 0.5, 0.25, 0.5, 0.5, 0.25),
        ("model", 0.5, 0.5, 0.5, 0.0, 0.5),
        ("both", 0.5, 0.25, 0.25, 0.0, 0.75),
        ("meaning", 0.7, 0.25, 0.5, 0.0, 0.25),
        ("model", 1.0, 0.0, 0.0, 0.0, 1.0),
    ],
)
def test_shares(how, threshold, right, tool, false, none):
    found = shares(TOLD, threshold, how)
    assert found["right_call"] == right
    assert found["right_tool"] == tool
    assert found["false_call"] == false
    assert found["no_call"] == none


def test_an_empty_part_has_shares():
    assert shares([], 0.5, "both")["right_call"] == 0.0


def test_the_curve_has_a_line_for_each_threshold():
    at = {"threshold": 0.5, "right_call": 0.25, "false_call": 0.0}
    lines = drawn({"curve": {"meaning": [at], "model": [at | {"right_call": 0.5}]}}).splitlines()
    assert [line.split() for line in lines] == [
        ["threshold", "meaning", "model"],
        ["0.50", "25.0%", "0.0%", "50.0%", "0.0%"],
    ]


def test_a_line_that_is_none_is_named(tmp_path):
    file = tmp_path / "set.jsonl"
    file.write_text('{"text": "louder", "language": "de", "intent": "volume_up"}\n')
    with pytest.raises(BadInput, match="line 1: language"):
        run(Config(), file)
