"""`assistant knowledge` on real files, with the real store and embedding."""

import json

import pytest
from click.testing import CliRunner

from assistant.cli import command
from assistant.errors import BadInput

GUIDE = "# Opening hours\nThe museum opens at nine.\n# Tickets\nAn adult ticket costs 12 pounds.\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty store and a folder with a document and a broken one."""
    monkeypatch.setenv("ASSISTANT_CONFIG", "/dev/null")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "visitor-guide.md").write_text(GUIDE)
    (tmp_path / "manuals" / "broken.pdf").write_bytes(b"no pdf")
    return tmp_path


def said(*arguments, **how):
    run = CliRunner().invoke(command, ["knowledge", *arguments], standalone_mode=False, **how)
    assert run.exception is None, run.exception
    return run.stdout


def refused(*arguments, **how):
    run = CliRunner().invoke(command, ["knowledge", *arguments], standalone_mode=False, **how)
    assert isinstance(run.exception, BadInput)
    return str(run.exception)


def test_a_folder_is_added_listed_kept_up_with_and_forgotten(home):
    manuals = home / "manuals"
    guide = str(manuals / "visitor-guide.md")
    run = CliRunner().invoke(command, ["knowledge", "add", str(manuals)])
    assert run.exit_code == 0
    assert run.stdout == f"added: {guide}, 2 passages\n"
    assert "broken.pdf: it is no PDF that can be read" in run.stderr
    listed = json.loads(said("list", "--json"))
    assert listed == {"name": "visitor guide", "path": guide, "passages": 2}
    (manuals / "visitor-guide.md").unlink()
    (manuals / "dogs.txt").write_text("Dogs wait in the garden.")
    assert said("watch", str(manuals), "--once").splitlines() == [
        f"removed: {guide}",
        f"added: {manuals / 'dogs.txt'}, 1 passage",
    ]
    assert said("remove", "dogs") == f"removed: {manuals / 'dogs.txt'}\n"
    assert said("list").startswith("No documents yet")


def test_who_watches_is_told_each_change_once(home, monkeypatch):
    guide, broken = home / "manuals" / "visitor-guide.md", home / "manuals" / "broken.pdf"
    changes = [
        lambda: guide.write_text(GUIDE.replace("nine", "ten")),
        lambda: None,
        guide.unlink,
        lambda: broken.write_text("still none"),
    ]

    def pause(seconds):
        if not changes:
            raise KeyboardInterrupt
        changes.pop(0)()

    monkeypatch.setattr("assistant.commands.knowledge.time.sleep", pause)
    run = CliRunner().invoke(command, ["knowledge", "watch", str(home / "manuals")])
    assert run.stdout.splitlines()[:3] == [
        f"added: {guide}, 2 passages",
        f"changed: {guide}, 2 passages",
        f"removed: {guide}",
    ]
    assert run.stderr.count("broken.pdf") == 1


@pytest.mark.engine
def test_what_is_added_from_a_pipe_is_answered_from(home):
    assert said("add", "-", "--name", "house rules.txt", input=b"The gate closes at ten.\n") == (
        "added: house rules.txt, 1 passage\n"
    )
    assert said("ask", "when", "does the gate close") == (
        "From the house rules: The gate closes at ten.\n"
    )
    found = json.loads(said("search", "--json", "--most", "1", "when does the gate close"))
    assert (found["name"], found["text"]) == ("house rules", "The gate closes at ten.")
    assert found["fits"] > 0.5


@pytest.mark.engine
def test_why_nothing_fits_is_told(home):
    said("add", str(home / "manuals" / "visitor-guide.md"))
    run = CliRunner().invoke(command, ["knowledge", "ask", "who is the director of the museum"])
    assert run.stdout == "I don't know; my documents say nothing about that.\n"
    assert "The museum opens at nine." in run.stderr
    assert "asked for is a name, and it has none" in run.stderr
    assert "not in it: director" in run.stderr
    assert "None of them answers: it had to fit by " in run.stderr
    assert "None of them" in said("search", "who is the director of the museum")
    assert "None of them" not in said("search", "when does the museum open")
    best, _ = map(json.loads, said("search", "--json", "who is the director").splitlines())
    assert (best["lacks"], best["missing"]) == ("name", ["director"])


def test_what_cannot_be_done_is_told(home):
    assert refused("add", str(home / "none.md")).endswith("there is no such file or folder.")
    assert "was not added" in refused("add", str(home / "manuals" / "broken.pdf"))
    assert "no such document" in refused("remove", "none")
    assert "names one document" in refused("add", str(home / "manuals"), "--name", "x")
    assert "allowed are .md" in refused("add", "-", "--name", "x.exe", input=b"MZ")
    assert "there is no such folder" in refused("watch", str(home / "none"), "--once")
