"""docs/privacy.md says what leaves the device; each of its sentences must have its test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"\| (?P<sentence>.+?) \| (?P<tests>`tests/.+?) \|$")
ROWS = [
    (row["sentence"], row["tests"])
    for line in (ROOT / "docs" / "privacy.md").read_text().splitlines()
    if (row := ROW.match(line))
]


def test_there_are_sentences():
    assert len(ROWS) > 10


@pytest.mark.parametrize(("sentence", "tests"), ROWS)
def test_each_sentence_has_its_test(sentence, tests):
    names = re.findall(r"`([^`]+)`", tests)
    source = ""
    for name in names:
        if name.startswith("tests/"):
            source = (ROOT / name).read_text()
            assert "def test_" in source
        else:
            assert re.search(rf"def test_\w*{name}", source), (sentence, name)
