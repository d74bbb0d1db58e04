"""What docs/personas.md says of the files is so."""

import re
from pathlib import Path

import pytest

from assistant.config import Config
from assistant.errors import BadInput
from assistant.mind import llama
from assistant.models import Shelf
from assistant.persona import shelf
from assistant.persona.reading import KEYS, SETTINGS, read

PAGE = (Path(__file__).parent.parent / "docs" / "personas.md").read_text(encoding="utf-8")


def rows(heading):
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_all_shipped_personas_are_told_with_their_names():
    told = {cells[0].strip("`"): cells[1] for cells in rows("name")}
    assert sorted(told) == shelf.names(Config())
    for name, called in told.items():
        persona = read(shelf.find(Config(), name))
        assert called == ", ".join(filter(None, (persona.name("en"), persona.name("zh"))))


@pytest.fixture
def pirate(tmp_path):
    """The file of the tutorial."""
    block = r"(?:^    .*\n|^\n)*"
    indented = re.search(rf"({block}?    name\.en = \"Jack\"\n{block})", PAGE, re.MULTILINE)
    text = re.sub(r"^    ", "", indented[1].strip("\n") + "\n", flags=re.MULTILINE)
    path = tmp_path / "pirate.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.engine
def test_the_tokens_are_those_of_the_model(pirate):
    count = llama.counter(Shelf(Config().models_dir).locate("", "llm"))
    for cells in rows("name"):
        persona = read(shelf.find(Config(), cells[0].strip("`")))
        counted = [count(persona.prompt(language, "spoken")) for language in ("en", "zh")]
        assert cells[3] == " / ".join(map(str, counted))
    told = re.findall(r"^    prompt\.(en|zh)\.(spoken|written): (\d+) tokens$", PAGE, re.MULTILINE)
    assert len(told) == 4
    for language, way, tokens in told:
        assert count(read(pirate).prompt(language, way)) == int(tokens)


def test_every_key_is_told():
    told = {cells[0].strip("`"): cells[1] for cells in rows("key")}
    assert tuple(told) == KEYS
    for setting in SETTINGS:
        table, _, key = setting.partition(".")
        assert f"`{key}`" in told[table]


def test_the_file_of_the_tutorial_is_right_and_breaks_as_it_says(pirate):
    assert read(pirate).greeting("en", "start") == "Ahoy! Jack is aboard."
    pirate.write_text(pirate.read_text().replace("rate = 0.9", "rate = 9"))
    told = re.search(r"pirate\.toml, (line .*)", PAGE)[1]
    with pytest.raises(BadInput, match=re.escape(told)):
        read(pirate)
