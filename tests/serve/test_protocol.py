"""What may be asked over the control socket, and that its page tells all of it."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import assistant, is_one_sentence
from test_trace_command import served

from assistant.errors import AssistantError, BadInput
from assistant.serve import protocol
from assistant.serve import settings as changes
from assistant.serve.control import ControlServer, call, stream
from assistant.serve.protocol import COMMANDS, PROTOCOL
from assistant.serve.questions import Question

PAGE = (Path(__file__).parent.parent.parent / "docs" / "control.md").read_text(encoding="utf-8")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=3,
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_with_all_its_fields_is_known(name):
    protocol.check({"command": name, "protocol": PROTOCOL, **dict.fromkeys(COMMANDS[name])})


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"command": "wake", "protocol": 2}, ["`protocol` is 2", f"speaks {PROTOCOL}"]),
        ({"command": "wake", "protocol": "1"}, ["'1'"]),
        ({"command": "wake", "protocol": True}, ["True"]),
        ({"command": "wake", "text": "hm"}, ["`wake` has no field 'text'", "command, protocol"]),
        ({"command": "say", "txet": "hm"}, ["'txet'", "text"]),
        ({"command": "fly"}, ["'fly'", "wake", "trace"]),
        ({"command": ""}, ["''"]),
        ({}, ["is not like"]),
        ({"command": ["wake"]}, ["is not like"]),
    ],
)
def test_what_is_not_known_is_named(request_, words):
    with pytest.raises(BadInput) as error:
        protocol.check(request_)
    assert all(word in str(error.value) for word in words)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["command", "protocol", "text"]) | st.text(), json_values))
def test_any_object_is_known_or_refused_in_a_short_sentence(request_):
    sentence = ""
    try:
        protocol.check(request_)
    except BadInput as error:
        sentence = str(error)
    assert len(sentence) < 600


def test_fields_are_those_of_the_forms():
    assert set(COMMANDS["chat"]) == set(Question.model_fields) - {"command"}
    assert set(COMMANDS["set"]) == set(changes.NAMES)


def test_the_page_tells_every_command_and_field():
    told = {}
    for row in re.findall(r"^\| `([a-z_-]+)` \|([^|]*)\|", PAGE, re.M):
        told.setdefault(row[0], set(re.findall(r"`(\w+)`", row[1])))
    assert told.keys() >= COMMANDS.keys()
    assert [name for name in COMMANDS if not told[name].issuperset(COMMANDS[name])] == []
    assert f"protocol is {PROTOCOL}" in PAGE


# --- a running assistant, and its commands -----------------------------------------------------


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "s"


def run(path, *arguments):
    return assistant(f"--set=paths.socket={path}", *arguments)


def test_a_handshake_tells_who_answers_while_it_loads_too(path):
    told = served(path, lambda: call(path, {"command": "hello", "protocol": 1}), ready=False)
    assert told["protocol"] == PROTOCOL
    assert told["commands"] == list(COMMANDS)


def test_what_is_not_known_is_refused_over_the_socket(path):
    def talk():
        for request in ({"command": "wake", "phrase": "x"}, {"command": "watch", "levles": True}):
            with pytest.raises(BadInput, match="has no field"):
                call(path, request)
        with pytest.raises(AssistantError, match="unknown or incomplete"):
            call(path, {"command": "say"})
        return True

    assert served(path, talk)


# the daemon is not started, so its voice has nowhere to go
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_is_muted_and_unmuted_and_that_is_kept(path, tmp_path):
    kept = tmp_path / "state" / "settings.json"

    def talk():
        found = []
        for command in ("mute", "unmute"):
            ended = run(path, command)
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
            told = call(path, {"command": "settings"})
            found.append((told["muted"], json.loads(kept.read_text())["muted"]))
        return found

    assert served(path, talk) == [(True, True), (False, False)]


def test_the_state_is_said_once_and_streamed(path):
    def talk():
        once = [run(path, "state"), run(path, "state", "--json")]
        events = stream(path, {"command": "watch"})
        first = next(events)
        events.close()
        return once, first

    (plain, as_json), first = served(path, talk)
    assert (plain.returncode, plain.stdout) == (0, b"asleep\n")
    assert json.loads(as_json.stdout) == {"phase": "asleep", "turn": 0, "out": False}
    assert (first["event"], first["phase"]) == ("state", "asleep")


def test_the_metrics_are_printed_for_prometheus(path):
    printed = served(path, lambda: run(path, "metrics"))
    assert (printed.returncode, printed.stderr) == (0, b"")
    lines = printed.stdout.decode().splitlines()
    assert "assistant_up 1" in lines
    assert 'assistant_turns_total{outcome="answered"} 0' in lines
    assert "assistant_voice_to_voice_seconds_count 0" in lines


def test_stop_asks_for_silence(path):
    asked = []

    async def main():
        server = ControlServer(path, lambda request: asked.append(request) or {})
        await server.start()
        ended = await asyncio.to_thread(run, path, "stop")
        await server.stop()
        return ended

    ended = asyncio.run(main())
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert asked == [{"command": "stop"}]


@pytest.mark.parametrize(
    "command", ["stop", "mute", "unmute", "state", "state --follow", "metrics"]
)
def test_without_a_running_assistant_each_says_how_to_start_one(path, command):
    assert "`assistant run`" in is_one_sentence(run(path, *command.split()), 1)
