"""The owner's actions and plug-ins as tools, from the examples that the documentation has."""

from pathlib import Path

import pytest

from assistant.mind.skills import owned
from assistant.mind.tools.added import tools
from assistant.mind.tools.offer import Heard

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "actions"
PLUGIN = """
from assistant.plugin import Context, intent, tool

@tool("puts something on the shopping list")
@intent(en=["put {thing} on the list"], zh=["把{thing}记到单子上"], free=["thing"])
def put(context: Context, thing: str) -> str:
    return thing

@intent(en=["swap {one} with {other}"], free=["one", "other"])
def swap(context: Context, one: str, other: str) -> str:
    return one
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("skills")
    for path in EXAMPLES.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "list.py").write_text(PLUGIN)
    shelf = owned.load([folder])
    assert not shelf.broken
    return {each: {tool.name: tool for tool in tools(shelf, each)} for each in ("en", "zh")}


@pytest.mark.parametrize(
    ("language", "text", "name", "slots"),
    [
        ("en", "could you roll two metres ahead", "action.forward", {"metres": 2}),
        ("en", "could you roll ahead", "action.forward", None),
        ("en", "now to the left with you", "action.turn_left", {}),
        ("en", "i cannot find any soap", "action.where",
         {"item": "Soap is on shelf three, beside the towels."}),
        ("en", "i cannot find any bread", "action.where", None),
        ("zh", "往前挪两米", "action.forward", {"metres": 2}),
        ("zh", "我找不到灯泡", "action.where", {"item": "灯泡在最里面，左边。"}),
    ],
)  # fmt: skip
def test_slots_of_actions_are_read(found, language, text, name, slots):
    offer = Heard(text, language).offer(found[language][name])
    assert (None if offer is None else dict(offer.settled)) == slots


def test_examples_that_the_owner_has_given_come_first(found):
    assert [each.text for each in found["en"]["action.forward"].examples][:1] == [
        "forward two metres"
    ]


def test_a_plugin_is_described_as_it_describes_itself(found):
    tool = found["en"]["plugin.list.put"]
    assert tool.does == "puts something on the shopping list"
    offer = Heard("we are out of oat milk", "en").offer(tool)
    assert offer
    assert offer.words == ("we are out of oat milk",)


def test_what_cannot_be_said_in_a_language_is_no_tool_of_it(found):
    assert "plugin.list.put" in found["zh"]
    assert "plugin.list.swap" not in found["zh"]


def test_two_free_texts_are_not_told_apart(found):
    assert "plugin.list.swap" not in found["en"]
