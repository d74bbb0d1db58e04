"""`assistant skills`: what a sentence would do, and examples that work as they are."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from shell import assistant, is_one_sentence

from assistant.cli import command
from assistant.errors import BadInput
from assistant.mind.skills import explaining, owned, skills
from assistant.mind.skills.sentences import example

GATE = """
[actions.gate]
en = ["open the gate [by {number:steps} steps]"]
zh = ["打开大门"]
limits.steps = [1, 10]
confirm.en = "Open the gate?"
confirm.zh = "要打开大门吗？"
run = ["touch", "opened"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A configuration with a folder of skills beside it, that every command of the test uses."""
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "gate.toml").write_text(GATE, encoding="utf-8")
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path


def said(*arguments, code=0):
    run = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    assert run.exception is None or code == 2, run.output
    if code == 2:
        assert isinstance(run.exception, BadInput)
        return str(run.exception)
    assert run.return_value in (code, None if code == 0 else code)
    return run.output


def explained(*arguments, code=0):
    return json.loads(said(*arguments, "--json", code=code))


def test_what_is_matched_is_told_and_nothing_is_done(home):
    told = explained("skills", "test", "open", "the gate by five steps")
    assert (told["intent"], told["slots"]) == ("action.gate", {"steps": 5})
    assert told["source"] == str(home / "skills" / "gate.toml")
    assert told["does"] == "ask 'Open the gate?', after a yes run ['touch', 'opened']"
    assert "between 1 and 10" in explained("skills", "test", "open the gate by 20 steps")["does"]
    assert not (home / "opened").exists()
    assert not (home / "skills" / "opened").exists()


def test_in_the_language_of_the_settings(home):
    told = explained("--set=language=zh", "skills", "test", "打开大门")
    assert told["does"] == "ask '要打开大门吗？', after a yes run ['touch', 'opened']"
    told = said("--set=language=zh", "skills", "test", "十分钟的计时器")
    assert "intent: timer_set (from the assistant)\n" in told
    assert "slot duration_s: 600\n" in told


def test_what_is_near_is_told_and_why_it_is_not_it(home):
    told = explained("skills", "test", "open the gates", code=1)
    assert told["intent"] is None
    near = next(each for each in told["near"] if each["intent"] == "action.gate")
    assert near["why"] == {"lacks": ["gate"], "besides": ["gates"]}
    text = said("skills", "test", "open the gates", code=1)
    assert "not said: gate\n" in text
    assert "said besides: gates\n" in text


def test_the_examples_of_the_files_are_tried(home):
    path = home / "skills" / "gate.toml"
    right = '[actions.gate.examples.en]\n"open the gate by two steps" = { steps = 2 }\n'
    path.write_text(GATE + right + '[actions.gate.examples.zh]\n"打开大门" = {}\n')
    assert said("skills", "test", "--examples") == "2 examples, 0 of them wrong\n"
    path.write_text(GATE + right.replace("= 2", "= 3") + '"what time is it" = {}\n')
    told = said("skills", "test", "--examples", code=1)
    assert "'open the gate by two steps' is action.gate, {'steps': 2}, not action.gate" in told
    assert "'what time is it' is time_now, {}, not action.gate, {}" in told
    assert "stands alone" in said("skills", "test", "--examples", "x", code=2)


def test_all_are_listed_with_an_example(home):
    lines = [json.loads(line) for line in said("skills", "list", "--json").splitlines()]
    by_intent = {each["intent"]: each for each in lines}
    assert by_intent["action.gate"]["example"] == "open the gate"
    assert by_intent["timer_set"]["source"] == "the assistant"
    assert "action.gate: 打开大门 (from" in said("--set=language=zh", "skills", "list")


@pytest.mark.parametrize("more", [[], ["--plugin"]])
def test_what_is_written_works_as_it_is(home, more):
    told = said("skills", "new", "garden_lamp", *more)
    assert str(home / "skills" / "garden_lamp") in told
    for language, text in (("en", "try the garden lamp"), ("zh", "试试garden lamp")):
        assert text in told or language == "zh"
        book = owned.load([home / "skills"]).books(language)
        assert any(each.match(text) for each in book)
    again = said("skills", "new", "garden_lamp", *more, code=2)
    assert "is there already" in again


def test_the_example_runs(home):
    from assistant.mind.skills.skill import Request

    said("skills", "new", "lamp")
    said("skills", "new", "counter", "--plugin")
    config = command_config(home)
    own = owned.Owned(owned.load(skills.folders(config)), store=home, announce=print, publish=print)
    room = own.skills({})
    for language, expected in (("en", "The lamp works. It is "), ("zh", "lamp可以用。现在是")):
        answer = room["action.lamp"](Request("action.lamp", "", language), None)
        assert answer.act().startswith(expected)
        answer = room["plugin.counter.counter"](Request("x", "", language), None)
        assert "counter" in answer.act()
    own.close()


def command_config(home):
    from assistant import config

    return config.load(home / "config.toml")


@pytest.mark.parametrize("name", ["", "Lamp", "../x", "a b", "import", "one", "x" * 41, "灯"])
def test_a_name_that_would_not_work_is_refused(home, name):
    assert "name" in said("skills", "new", name, code=2)
    assert sorted(path.name for path in (home / "skills").iterdir()) == ["gate.toml"]


def test_what_is_wrong_in_a_file_is_one_sentence(home):
    (home / "skills" / "gate.toml").write_text("[actions.gate]\nen = ['open']\nrnu = ['x']\n")
    run = assistant("skills", "test", "open")
    assert "gate.toml, line 3, column 1: unknown key" in is_one_sentence(run)


@given(st.text(alphabet="ab [](){}|<>;:门", max_size=30))
def test_any_text_has_a_shortest_form_and_a_difference(text):
    assert isinstance(example(text, {"a": "<a>"}), str)
    explaining.difference(text, text, {})


def test_the_shortest_form_of_a_sentence():
    rules = {"set": "(set|start)", "a": "[a|the]"}
    sentence = "[please] <set> <a> timer (for|of) {duration:duration_s}"
    assert example(sentence, rules) == "set timer for {duration}"
    said = ["start", "a", "timer", "please", "of", "it"]
    assert example(sentence, rules, said) == "please start a timer of {duration}"
