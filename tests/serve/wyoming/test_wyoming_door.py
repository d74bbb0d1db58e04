"""What the settings open, and what is in their way."""

import asyncio
import builtins
import importlib.util

import pytest
from shell import assistant, is_one_sentence
from wyoming.asr import Transcript

from assistant.commands import doctor
from assistant.commands.foreground.view import Status
from assistant.commands.run import Foreground
from assistant.config import Wyoming, parse
from assistant.errors import BadInput, EngineMissing
from assistant.serve import questions
from assistant.serve.wyoming import asking
from assistant.serve.wyoming.asking import Asking
from assistant.serve.wyoming.forms import need_language


def settings(tmp_path, **wyoming):
    data = {
        "audio": {"backend": "none"},
        "speech": {"engine": "espeak"},
        "paths": {"socket": str(tmp_path / "s")},
        "wyoming": wyoming,
    }
    return parse(data, "test")


@pytest.fixture
def foreground():
    """Return a function that makes what `assistant run` runs; its threads end with the test."""
    made = []

    def make(config):
        made.append(Foreground(config, as_json=True))
        return made[-1]

    yield make
    for each in made:
        asyncio.run(each._daemon.stop())


def test_without_the_settings_there_is_no_door(tmp_path, foreground):
    assert not Wyoming().enabled
    assert not Wyoming().satellite
    made = foreground(settings(tmp_path))
    assert made._door is None
    assert made._daemon.outside is None


def test_with_them_only_this_machine_can_reach_it(tmp_path, foreground):
    assert Wyoming().host == "127.0.0.1"
    made = foreground(settings(tmp_path, satellite=True))
    assert made._daemon.outside is made._door.satellite


def test_without_the_packages_it_says_how_to_get_them(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "zeroconf" else real(name)
    )
    with pytest.raises(EngineMissing, match=r"wyoming\.satellite is set, .* zeroconf .* --with"):
        Foreground(settings(tmp_path, satellite=True), as_json=True)
    (found,) = [f for f in doctor.examine(settings(tmp_path, enabled=True)) if f.name == "wyoming"]
    assert not found.ok
    assert "script/setup --with wyoming" in found.text


def test_without_the_settings_the_packages_are_not_missed(tmp_path, monkeypatch, foreground):
    real = builtins.__import__

    def refuse(name, *arguments, **more):
        assert name.partition(".")[0] not in ("wyoming", "zeroconf")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    foreground(settings(tmp_path))


def test_a_wrong_network_is_one_sentence(tmp_path):
    run = assistant(
        "--set=wyoming.enabled=true", '--set=wyoming.allow=["kitchen"]', "run", timeout=60
    )
    assert "wyoming.allow names 'kitchen'" in is_one_sentence(run)


def test_the_doctor_says_what_is_open_and_for_whom(tmp_path):
    wanted = settings(tmp_path, enabled=True, satellite=True, allow=["10.0.0.0/8"])
    (found,) = [f for f in doctor.examine(wanted) if f.name == "wyoming"]
    assert found.ok
    for word in ("10600", "10700", "127.0.0.1", "10.0.0.0/8"):
        assert word in found.text
    assert not [f for f in doctor.examine(settings(tmp_path)) if f.name == "wyoming"]


def test_what_may_leave_is_told():
    options = ["--set=wyoming.satellite=true", "--set=wyoming.enabled=true"]
    run = assistant(*options, '--set=wyoming.allow=["10.0.0.7"]', "privacy")
    text = run.stdout.decode()
    assert "sound of what is said after the wake word goes to the server" in text
    assert text.count("10.0.0.7") == 2


def test_people_are_told_who_answers(tmp_path, capsys):
    status = Status(False, settings(tmp_path))
    status.note("wyoming", {"offers": "satellite", "host": "127.0.0.1", "port": 10700})
    for server in ("ready", "paused", "none"):
        status.note("server", {"server": server, "address": "10.0.0.7"})
    out = capsys.readouterr().out
    assert "port 10700" in out
    assert out.count("10.0.0.7") == 2
    assert "answers by itself" in out


def test_questions_of_others_are_answered_here(tmp_path, monkeypatch):
    asked = []

    async def answer(config, guests, question, hybrid=None, guard=None):
        asked.append((question, hybrid))
        yield {"event": "text", "text": "Yes."}

    monkeypatch.setattr(questions, "answer", answer)

    class Daemon:
        config = settings(tmp_path)
        guests = guard = None

    class Peer:
        address = "192.168.1.20"

        async def say(self, *said):
            pass

    context = {"conversation_id": "a"}
    service = Asking(Daemon)
    for text in ("Ask the cloud why.", "And why that?"):
        event = Transcript(text=text, context=context).event()
        asyncio.run(service.answer(Peer(), event))
    assert [(question.may_leave, hybrid) for question, hybrid in asked] == [(False, None)] * 2
    assert [said.text for said in asked[1][0].messages[1:]] == [
        "Ask the cloud why.",
        "Yes.",
        "And why that?",
    ]


def test_a_long_conversation_stays_within_what_the_model_can_read():
    sessions = asking.Sessions(lambda: 0.0, asking.BOUNDS)
    for _ in range(100):
        sessions.add("a", "x" * 300, "y" * 300)
    history = sessions.history("a")
    assert sum(len(each["text"]) for each in history) <= asking.BOUNDS.size
    assert history


@pytest.mark.parametrize("wanted", [None, "", "en", "en_US", "EN-gb"])
def test_a_language_is_met_in_any_of_its_forms(wanted):
    need_language(wanted, "en")


def test_where_both_are_spoken_both_are_met():
    for wanted in (None, "en_GB", "zh-CN"):
        need_language(wanted, "auto")
    with pytest.raises(BadInput, match="there is: en, zh"):
        need_language("fr", "auto")


@pytest.mark.parametrize("wanted", ["fr", "zh_CN", "eng"])
def test_another_language_is_refused(wanted):
    with pytest.raises(BadInput, match="there is: en"):
        need_language(wanted, "en")
