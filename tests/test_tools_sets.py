"""The labelled requests by which the choice of tools is measured: their form, and that they differ.

What is held out is never shown, not by a test that fails either.
"""

import re
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from assistant.bench.skills import NONE, SLOTS, read
from assistant.bench.tools import HELD_OUT
from assistant.mind.skills.registry import SKILLS
from assistant.mind.tools.tool import own

DEVELOPMENT = Path(__file__).parent.parent / "benchmarks" / "tools-development.jsonl"
SETS = {"held out": read(HELD_OUT), "development": read(DEVELOPMENT)}


def bare(text):
    return re.sub(r"\W", "", text.casefold())


@pytest.mark.parametrize("rows", SETS.values(), ids=SETS)
def test_intents_and_slots_are_known(rows):
    assert {each.intent for each in rows} <= {*SKILLS, NONE}
    assert {name for each in rows for name in each.slots} <= set(SLOTS)
    assert not any(each.slots for each in rows if each.intent == NONE)
    assert len({bare(each.text) for each in rows}) == len(rows)


def test_the_held_out_set_is_large_enough_and_two_fifths_are_for_nobody():
    languages = Counter(each.language for each in SETS["held out"])
    none = Counter(each.language for each in SETS["held out"] if each.intent == NONE)
    for language in ("en", "zh"):
        assert languages[language] >= 150
        assert none[language] >= 0.4 * languages[language]


def test_nothing_that_is_held_out_is_used_elsewhere():
    known = {bare(each.text) for each in SETS["development"]}
    for language in ("en", "zh"):
        catalogue = own(language)
        known |= {bare(each.text) for tool in catalogue.tools for each in tool.examples}
        known |= {bare(each) for each in catalogue.others}
    held = {bare(each.text) for each in SETS["held out"]}
    assert len(held & known) == 0


def test_the_package_has_what_it_needs():
    folder = resources.files("assistant") / "data"
    assert (folder / HELD_OUT.name).is_file()
    assert (folder / "tools" / "zh.yaml").is_file()
