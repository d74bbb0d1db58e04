"""`assistant persona`: what there is, what it says, a new one, what is wrong in one."""

import json

import pytest
from click.testing import CliRunner
from shell import is_one_sentence

from assistant import config
from assistant.cli import command
from assistant.errors import BadInput
from assistant.persona import shelf

GRUMPY = """
name = "Mo"
character.en = "a grumpy cook"
voice.en = "en-gb"
[speech]
rate = 0.8
[llm]
temperature = 0.2
[prompt.en]
spoken = "You are a cook."
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A configuration with a persona beside it, that every command of the test uses."""
    (tmp_path / "config.toml").write_text('persona = "grumpy"\n[speech]\nrate = 1.2\n')
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "grumpy.toml").write_text(GRUMPY)
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def said(*arguments, code=0):
    run = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    assert run.exception is None or code == 2, run.output
    if code == 2:
        assert isinstance(run.exception, BadInput)
        return f"{run.output}{run.exception}"
    return run.output


def test_all_are_listed_and_the_one_in_use_is_marked(home):
    lines = said("persona", "list").splitlines()
    assert lines[0] == f"* grumpy: Mo, a grumpy cook ({home}/personas/grumpy.toml)"
    assert "  child: Pip, a patient friend of small children" in lines
    told = [json.loads(line) for line in said("persona", "list", "--json").splitlines()]
    by_name = {each["name"]: each for each in told}
    assert (by_name["grumpy"]["used"], by_name["grumpy"]["shipped"]) == (True, False)
    assert (by_name["shop"]["used"], by_name["shop"]["shipped"]) == (False, True)
    chinese = said("--set=language=zh", "persona", "list")
    assert "  child: 皮皮, 小朋友的好朋友，很有耐心\n" in chinese


def test_a_broken_one_is_told_beside_the_others(home):
    (home / "personas" / "broken.toml").write_text("nam = 'x'")
    told = said("--set=persona=kind", "persona", "list", code=2)
    assert "broken.toml, line 1, column 1: unknown key `nam`" in told
    assert "* kind: a kind voice assistant\n" in told
    assert told.endswith("1 of the files cannot be used.")


def test_what_one_says_is_shown_and_what_the_configuration_overrules(home):
    told = json.loads(said("persona", "show", "grumpy", "--json"))
    assert (told["calls_itself"], told["spoken"]) == ("Mo", "You are a cook.")
    assert told["written"].startswith("Your name is Mo. You are a grumpy cook. What you write")
    assert told["settings"] == {
        "speech.rate": 0.8,
        "speech.voice": "en-gb",
        "llm.temperature": 0.2,
    }
    assert told["overruled"] == ["speech.rate"]
    text = said("persona", "show", "grumpy")
    assert "speech.rate: 0.8 (your configuration says otherwise)\n" in text
    assert "llm.temperature: 0.2\n" in text
    assert "皮皮" in said("--set=language=zh", "persona", "show", "child")
    assert "there is: grumpy, child, factory" in said("persona", "show", "x", code=2)


def test_what_is_written_works_as_it_is(home):
    told = said("persona", "new", "sea_dog")
    path = home / "personas" / "sea_dog.toml"
    assert told == f"written: {path}\ntry it: assistant chat --persona sea_dog\n"
    loaded = config.load(None, {"persona": "sea_dog"})
    assert loaded.who.name("en") == "Sea Dog"
    assert loaded.who.prompt("en", "spoken").startswith(
        "Your name is Sea Dog. You are a friendly voice assistant. Everything you say"
    )
    whole = path.read_text().replace("# [prompt.en]", "[prompt.en]").replace("# spoken", "spoken")
    path.write_text(whole)  # what stands there as an example is right, too
    assert config.load(None, {"persona": "sea_dog"}).who.own("en", "spoken")
    assert "is there already" in said("persona", "new", "sea_dog", code=2)


def test_without_a_folder_one_is_made_beside_the_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    said("persona", "new", "a")
    assert (tmp_path / "personas" / "a.toml").is_file()
    assert said("persona", "list").startswith("  a: A, a friendly voice assistant (")


@pytest.mark.parametrize("name", ["", "Pip", "../x", "a b", "x" * 41, "-x", "灯", "x.toml"])
def test_a_name_that_would_not_work_is_refused(home, name):
    assert "is no name" in said("persona", "new", "--", name, code=2)
    assert [path.name for path in (home / "personas").iterdir()] == ["grumpy.toml"]


def test_a_file_is_checked_and_what_its_prompts_cost_is_told(home):
    path = home / "personas" / "grumpy.toml"
    told = said("persona", "check", str(path)).splitlines()
    assert told[0] == "prompt.en.spoken: 5 tokens"
    assert told[1].startswith("prompt.en.spoken: does not hold `{name}`, so it does not know")
    assert len(told) == 6
    assert told[-1] == f"{path}: all right."
    without = said("--set=paths.models=/nowhere", "persona", "check", "child")
    assert without == f"{shelf.SHIPPED}/child.toml: all right.\n"


def test_a_wake_word_that_there_is_not_is_told(home):
    path = home / "personas" / "grumpy.toml"
    path.write_text("[wake]\nwords = ['alexa', 'okay_naboo']\n")
    told = said("persona", "check", "grumpy", code=2)
    assert f"{path}: `wake.words` names 'okay_naboo'; allowed: alexa, hey_jarvis" in told
    path.write_text("[wake]\nwords = ['alexa']\n")
    assert said("persona", "check", "grumpy").endswith("all right.\n")


def test_a_broken_file_is_one_sentence_and_exit_code_2(home, inside):
    path = home / "personas" / "grumpy.toml"
    path.write_text("[speech]\nrate = 9\n")
    for arguments in (
        ("--set=persona=kind", "persona", "check", path),
        ("config", "check"),
        ("chat",),
        ("run", "--persona", path),
    ):
        sentence = is_one_sentence(inside(*arguments))
        assert f"{path}, line 2, column 1: `speech.rate` is 9; allowed: a number from" in sentence
