"""The room of all skills: what the owner has added comes before what the assistant has."""

import pytest

from assistant import bell, config
from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.mind.skills import skills

GATE = """
[actions.gate]
zh = ["芝麻开门"]
run = ["echo", "门开了。"]
"""
LAMP = """
[actions.lamp]
zh = ["开灯"]
mqtt = { topic = "lamp", payload = "on" }
"""


class FakeDevice:
    """A fake device: nothing of it is used here."""


def settings(folder, **more):
    return config.parse({"language": "zh", "skills": {"folder": str(folder)}, **more}, "test")


def make(wanted):
    return skills.make(wanted, FakeDevice(), bell.alarms(None), lambda _: None)


@pytest.fixture(autouse=True)
def _kept(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def says(room, text):
    request = room.find(text)
    answer = room.answer(request)
    return answer.text + room.act(request, answer)


def test_the_owners_and_the_own_skills_answer(tmp_path):
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    room = make(settings(tmp_path))
    assert says(room, "芝麻开门") == "门开了。"
    assert says(room, "设一个十分钟的计时器")
    assert room.find("芝麻关门") is None
    room.stop()
    room.end()


def test_those_who_write_have_the_assistants_own_skills_but_what_is_about_the_talk(tmp_path):
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    room = make(settings(tmp_path))
    known = room.written("设一个十分钟的计时器", "page")
    assert known.act
    assert "十分钟" in known.text + known.act()
    for aloud in ("芝麻开门", "说慢一点", "去睡觉吧"):
        assert room.find(aloud)
        assert room.written(aloud, "page") is None
    room.end()


def test_what_was_asked_in_one_language_may_be_answered_in_the_other():
    room = make(Config(language="auto"))
    assert says(room, "set a pasta timer") == "A timer for how long?"
    assert says(room, "十分钟").startswith("pasta的计时器，十分钟，开始。")
    assert says(room, "提醒我给妈妈打电话") == "什么时候提醒你？"
    assert "给妈妈打电话" in says(room, "at five")
    room.end()


def test_files_for_the_other_language_alone_are_no_harm(tmp_path):
    (tmp_path / "gate.toml").write_text("[actions.gate]\nen = ['open']\nrun = ['true']\n")
    room = make(settings(tmp_path))
    assert room.find("设一个十分钟的计时器").intent == "timer_set"
    room.end()


def test_without_a_folder_there_are_the_own_ones():
    room = make(Config(language="zh"))
    assert room.find("设一个十分钟的计时器").intent == "timer_set"
    room.stop()
    room.end()


def test_what_is_wrong_is_told_before_anything_is_made(tmp_path):
    with pytest.raises(BadInput, match=r"`skills.folder` is .*; there is no such folder"):
        skills.check(settings(tmp_path / "none"))
    (tmp_path / "lamp.toml").write_text(LAMP, encoding="utf-8")
    with pytest.raises(BadInput, match=r"lamp.toml: `actions.lamp.mqtt` has no broker"):
        make(settings(tmp_path))
    (tmp_path / "lamp.toml").write_text("[actions\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"lamp.toml, line 1, column"):
        skills.explain(settings(tmp_path))


def test_a_message_goes_to_the_broker_of_the_settings(tmp_path):
    (tmp_path / "lamp.toml").write_text(LAMP, encoding="utf-8")
    wanted = settings(tmp_path, mqtt={"host": "127.0.0.1", "port": 1})
    assert "1 actions" in skills.explain(wanted)
    with pytest.raises(AssistantError, match=r"127.0.0.1:1"):
        skills.publisher(wanted)("lamp", "on", False, 5.0)
    assert says(make(wanted), "开灯") == "抱歉，这个没做成。"


def test_the_folder_beside_the_configuration_file_is_taken(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("")
    assert skills.folders(config.load(file)) == []
    (tmp_path / "skills").mkdir()
    assert skills.folders(config.load(file)) == [tmp_path / "skills"]
    (tmp_path / "mine").mkdir()
    file.write_text(f"skills.folder = '{tmp_path / 'mine'}'")
    assert skills.folders(config.load(file)) == [tmp_path / "mine"]
