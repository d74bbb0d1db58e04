"""The labelled requests by which skills are measured: their form, and that they are apart."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "assistant" / "data" / "skills-held-out.jsonl"
DEVELOPMENT = ROOT / "benchmarks" / "skills-development.jsonl"
INTENTS = set(
    [
        "time_now",
        "date_today",
        "timer_set",
        "timer_status",
        "timer_cancel",
        "alarm_set",
        "reminder_set",
        "arithmetic",
        "convert",
        "volume_up",
        "volume_down",
        "volume_set",
        "rate_up",
        "rate_down",
        "repeat",
        "stop",
        "random",
        "help",
        "status",
        "language_set",
        "sleep",
        "spell",
        "none",
    ]
)
TEXT_SLOTS = {"name", "message", "value", "zone", "language", "word", "time"}


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def bare(text):
    return re.sub(r"\W", "", text.casefold())


@pytest.mark.parametrize("path", [HELD_OUT, DEVELOPMENT], ids=["held out", "development"])
def test_every_line_has_the_documented_form(path):
    for row in read(path):
        assert set(row) == {"text", "language", "intent", "slots"}, row
        assert row["text"].strip()
        assert row["language"] in ("en", "zh")
        assert row["intent"] in INTENTS, row
        assert row["intent"] != "none" or row["slots"] == {}, row
        for slot, value in row["slots"].items():
            if slot == "duration_s":
                assert type(value) is int, row
            elif slot == "all":
                assert value is True, row
            else:
                assert slot in TEXT_SLOTS, row
                assert isinstance(value, str), row
        if time := row["slots"].get("time"):
            assert re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", time), row


def test_there_are_enough_of_each_kind_and_a_third_asks_for_nothing():
    rows = read(HELD_OUT)
    for language in ("en", "zh"):
        kinds = Counter(row["intent"] for row in rows if row["language"] == language)
        assert kinds.total() >= 400
        assert kinds["none"] * 3 >= kinds.total()
        assert set(kinds) == INTENTS
        assert min(kinds.values()) >= 10


def test_no_sentence_is_twice_in_the_sets():
    seen = Counter(bare(row["text"]) for path in (HELD_OUT, DEVELOPMENT) for row in read(path))
    assert [text for text, times in seen.items() if times > 1] == []
