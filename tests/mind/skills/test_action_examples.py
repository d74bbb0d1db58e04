"""The files of docs/examples/actions: each of their own examples is the action it stands at."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from mind.skills.owner import Owner

from assistant.mind.skills import actions

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "actions"
FILES = sorted(FOLDER.glob("*.toml"))
LANGUAGE = "zh"
LANGUAGES = [each for each in ("en", "zh") if find_spec(f"assistant.mind.skills.reading_{each}")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_example_is_the_action_it_stands_at(tmp_path, path, language):
    shutil.copy(path, tmp_path)
    if path.stem == "learning":
        shutil.copy(FOLDER / "learning_games.py", tmp_path)
    owner = Owner(tmp_path, language)
    (file,) = owner.shelf.files
    tried = [
        (name, text, slots)
        for name, each in file.actions.items()
        for text, slots in each.examples.get(language, {}).items()
    ]
    assert tried
    for name, text, slots in tried:
        found = owner.sentences.match(text)
        assert found, text
        assert (found.intent, dict(found.slots)) == (actions.intent(name), slots)


@pytest.fixture
def owner(tmp_path):
    for path in FOLDER.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    made = Owner(tmp_path, LANGUAGE)
    yield made
    made.owned.close()


def test_they_say_and_do_what_they_promise(owner):
    assert owner.says("你们几点开门") == "周一到周六，早上九点到下午六点营业。"
    assert owner.says("前进两米") == "前进。"
    assert owner.says("前进九米") == "要在0.1到5之间。"
    assert owner.says("报告三号线故障") == "要报告3号线故障吗？"
    assert owner.says("是的") == "3号线的故障已经报告。"
    assert owner.published[0][:2] == ("factory/line/3/fault", '{"line": 3}')
    assert owner.says("七的乘法表") == "7，14，21，28，35，42，49，56，63，70。"
    assert owner.says("拼写测验") == "garden 怎么拼？"
    assert owner.says("G A R D E N") == "对了！"
