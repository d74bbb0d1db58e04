"""docs/knowledge.md, followed as it is written."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli import command

PAGE = Path(__file__).parents[3] / "docs" / "knowledge.md"


def block(inside):
    """Return the one indented block of the page that has `inside`, and no commands."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    parts = [
        part for each in blocks for part in re.split(r"\n(?=    question,answer|    \$ )", each)
    ]
    (found,) = [each for each in parts if inside in each and "    $ " not in each]
    return textwrap.dedent(found).strip() + "\n"


def steps():
    """Yield each `assistant knowledge` command of the page, and what it shows."""
    text = PAGE.read_text(encoding="utf-8")
    for said, shown in re.findall(
        r"^    \$ (assistant knowledge .*)\n((?:    (?!\$).+\n)*)", text, re.M
    ):
        yield shlex.split(said)[1:], textwrap.dedent(shown)


def plain(text):
    """Return it without how near a passage is, which is not the same on every processor."""
    return re.sub(r"0\.\d{3}, fits \d+%", "", text)


@pytest.mark.engine
def test_the_visitor_guide(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSISTANT_CONFIG", "/dev/null")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "visitor-guide.md").write_text(block("# Harbour Museum"))
    (tmp_path / "front-desk.csv").write_text(block("question,answer"))
    tried = 0
    for arguments, shown in steps():
        run = CliRunner().invoke(command, arguments)
        assert run.exit_code == 0, run.output
        assert plain(run.output) == plain(shown.replace("/home/me", str(tmp_path)))
        tried += 1
    assert tried == 5
