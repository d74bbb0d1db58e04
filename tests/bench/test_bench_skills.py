"""What the bench counts; the matcher here is a fake that knows its answers by heart."""

import json

import pytest

from assistant.bench import skills as bench
from assistant.errors import BadInput
from assistant.mind.skills.skill import Request as Found

SET = [
    ("ten minutes", "timer_set", {"duration_s": 600}),
    ("tea timer", "timer_set", {"name": "green tea"}),
    ("louder", "volume_up", {}),
    ("hello", "none", {}),
    ("my timer broke", "none", {}),
]
KNOWN = {
    "ten minutes": ("timer_set", {"duration_s": 600, "day": "+1"}),
    "tea timer": ("timer_set", {"name": "Green  tea."}),
    "louder": ("volume_down", {}),
    "my timer broke": ("timer_status", {}),
}


def requests(lines=SET):
    return [
        bench.Request(text=text, language="en", intent=intent, slots=slots)
        for text, intent, slots in lines
    ]


def match(text):
    if text not in KNOWN:
        return None
    intent, slots = KNOWN[text]
    return Found(intent, text, "en", slots)


def test_shares_are_of_those_that_they_are_about():
    result = bench.measure(requests(), {"en": match})
    assert result["intent_accuracy"] == 0.6
    assert sum(found for found, _ in result["intents"].values()) == 0.6 * result["requests"]
    assert sum(each for _, each in result["intents"].values()) == result["requests"]
    assert result["slot_accuracy"] == 1.0
    assert result["false_take_rate"] == 0.5
    assert result["languages"] == {
        "en": {
            name: result[name] for name in ("intent_accuracy", "slot_accuracy", "false_take_rate")
        }
    }
    assert [each["text"] for each in result["wrong"]] == ["louder", "my timer broke"]


@pytest.mark.parametrize(
    "slots", [{}, {"duration_s": 60}, {"duration_s": 600, "name": "tea"}, {"duration_s": 600.5}]
)
def test_one_wrong_slot_makes_it_wrong(slots):
    one = requests([("ten minutes", "timer_set", slots)])
    result = bench.measure(one, {"en": match})
    assert (result["intent_accuracy"], result["slot_accuracy"]) == (1.0, 0.0)


def test_spaces_beside_chinese_characters_do_not_count():
    found = {"zh": lambda text: Found("spell", text, "zh", {"word": "打 喷嚏"})}
    one = [bench.Request(text="x", language="zh", intent="spell", slots={"word": "打喷嚏"})]
    assert bench.measure(one, found)["slot_accuracy"] == 1.0


def test_a_set_that_cannot_be_used_is_one_sentence(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"text": "x", "language": "de", "intent": "none"}))
    with pytest.raises(BadInput, match=r"set.jsonl, line 1: language: .*timer_set"):
        bench.read(path)
