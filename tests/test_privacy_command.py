"""`assistant privacy`: what may leave the device, and what did."""

import json

import pytest
from shell import is_one_sentence

from assistant.errors import AssistantError
from assistant.mind.remote import ledger as module
from assistant.mind.remote.ledger import Ledger

OUT = ["--set=remote.endpoint=http://brain.local:8000/v1", "--set=remote.model=large"]


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "privacy.jsonl")


def sent(ledger, text, outcome="whole"):
    told = [{"role": "system", "text": "Be kind."}, {"role": "user", "text": text}]
    ledger.write(
        event="sent", to="brain.local", model="large", source="voice", why="meaning", messages=told
    )
    ledger.write(event="answered", outcome=outcome, characters=12, seconds=1.0)


@pytest.fixture
def said(inside):
    """Return a function that runs a command, which must succeed, and gives what it says."""

    def run(*arguments):
        done = inside(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    return run


def test_by_default_nothing_leaves(said):
    assert said("privacy") == "Nothing leaves this device: remote.endpoint is not set.\n"
    assert said("privacy", "log") == "Nothing has left this device.\n"
    assert said("privacy", "log", "--json") == ""


def test_what_may_leave_is_told(said):
    told = said(*OUT, "--set=remote.history=2", "privacy")
    assert "large at http://brain.local:8000/v1" in told
    assert "2 earlier exchanges" in told
    assert "names, numbers, addresses" in told


def test_where_an_action_sends_is_told(said, tmp_path):
    (tmp_path / "own.toml").write_text(
        """
[actions.lamp]
en = ["lamp on"]
mqtt = { topic = "lamp", payload = "on" }
[actions.order]
en = ["order {number:pieces}"]
http = { url = "https://shop.local:8443/order/{pieces}" }
[actions.gate]
en = ["open the gate"]
run = ["gate"]
[actions.hours]
en = ["when do you open"]
say.en = "At nine."
"""
    )
    folder = f"--set=skills.folder={tmp_path}"
    told = said(folder, "--set=mqtt.host=broker.local", "privacy")
    assert "action `lamp` sends what its sentence takes to broker.local." in told
    assert "action `order` sends what its sentence takes to shop.local:8443." in told
    assert "action `gate` runs a program of yours" in told
    assert "`hours`" not in told
    assert "Nothing else leaves" in told


def test_what_goes_to_a_broker_is_told(said):
    told = said("--set=mqtt.host=broker.local", "privacy")
    assert "metrics go to the broker broker.local, never what was said." in told
    assert "Nothing else leaves this device" in told
    told = said("--set=mqtt.host=broker.local", "--set=mqtt.text=true", "privacy")
    assert "broker.local, with what was said and answered." in told


def test_sound_and_text_that_go_to_other_hosts_are_told(said):
    ears = ["--set=asr.engine=wyoming", "--set=asr.uri=tcp://brain:10300"]
    told = said(*ears, "privacy")
    assert "The sound of what is said to it goes to tcp://brain:10300" in told
    assert "Nothing else leaves this device: remote.endpoint is not set." in told
    mouth = ["--set=speech.engine=wyoming", "--set=speech.uri=auto"]
    told = said(*mouth, *OUT, "privacy")
    assert "The text of what it says goes to the first service that is found" in told
    assert "large at http://brain.local:8000/v1" in told


def test_a_shared_brain_is_told_as_such(said):
    told = said(*OUT, "--set=remote.share=all", "privacy")
    assert told.startswith("All questions go to large at http://brain.local:8000/v1:")
    assert "but those with a private topic" in told


def test_what_left_is_shown_word_for_word_the_newest_last(said, ledger):
    for number in range(3):
        sent(ledger, f"question {number} \x1b[31m红", "cut" if number == 2 else "whole")
    told = said("privacy", "log", "--last", "2")
    assert "question 0" not in told
    assert told.index("question 1") < told.index("question 2")
    assert "user: question 2  [31m红" in told
    assert "\x1b" not in told
    assert "Be kind" not in told  # our own words, the same every time
    assert told.splitlines()[-1].endswith("cut, 12 characters came back")
    lines = said("privacy", "log", "--json").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["sent", "answered"] * 3


def test_clear_forgets_after_asking(inside, ledger):
    sent(ledger, "question")
    assert inside("privacy", "clear", stdin="n\n").returncode != 0
    assert list(ledger.read())
    assert inside("privacy", "clear", stdin="y\n").returncode == 0
    assert not list(ledger.read())


def test_a_damaged_line_hides_no_other_and_line_ends_in_a_text_are_none(ledger):
    sent(ledger, "one\u2028two\nthree\ud800")
    with ledger.file.open("ab") as file:
        file.write(b'{"half": \xff\n[1]\n')
    sent(ledger, "four")
    texts = [e["messages"][1]["text"] for e in ledger.read() if e["event"] == "sent"]
    assert texts == ["one\u2028two\nthree\ud800", "four"]


def test_it_is_for_the_owner_only_and_does_not_grow_for_ever(ledger, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    for number in range(40):
        sent(ledger, f"question {number}")
    assert ledger.file.stat().st_mode & 0o077 == 0
    files = list(ledger.file.parent.iterdir())
    assert len(files) == 2
    assert all(file.stat().st_size < 2600 for file in files)
    assert "question 39" in str(list(ledger.read()))


def test_a_disk_that_takes_nothing_is_one_sentence(inside, ledger, tmp_path):
    (tmp_path / "privacy.jsonl").mkdir()
    with pytest.raises(AssistantError, match="cannot be written"):
        sent(ledger, "question")
    is_one_sentence(inside("privacy", "log"))
