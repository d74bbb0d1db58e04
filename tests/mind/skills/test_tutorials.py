"""What docs/actions.md and docs/plugins.md let an owner write does what they show."""

import re
import textwrap
from pathlib import Path

import pytest
from mind.skills.owner import Owner

DOCS = Path(__file__).parents[3] / "docs"


def block(page, inside):
    """Return the one indented block of a page that has `inside`, and no commands."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    (found,) = [each for each in blocks if inside in each and "    $ " not in each]
    return textwrap.dedent(found)


@pytest.fixture
def owner(tmp_path):
    (tmp_path / "gate.toml").write_text(block("actions.md", "[actions.gate]"), encoding="utf-8")
    (tmp_path / "game.py").write_text(block("plugins.md", "@intent(en"), encoding="utf-8")
    made = []

    def make(language):
        made.append(Owner(tmp_path, language))
        return made[-1]

    yield make
    for each in made:
        each.owned.close()


def test_the_gate_of_the_actions(owner):
    it = owner("en")
    assert it.says("unlock the gate") == "Open the gate?"
    assert re.fullmatch(r"The gate is open, at \d\d:\d\d.", it.says("yes"))
    assert it.says("open the gate") == "Open the gate?"
    assert it.says("better not") == "All right, I leave it."
    assert it.says("open the gates") is None
    it = owner("zh")
    assert it.says("打开大门") == "要打开大门吗？"
    assert it.says("好") == "大门开了。"


def test_the_game_of_the_plugins(owner):
    it = owner("en")
    assert re.fullmatch(r"Ann rolls (\d) and has \1.", it.says("roll for Ann"))
    assert it.says("clear the dice") == "Forget all sums?"
    assert it.says("yes") == "All begin at zero."
    assert re.fullmatch(r"小明掷了(\d)，一共\1。", owner("zh").says("给小明掷骰子"))
