"""`assistant trace` against a running assistant: what it draws, writes and refuses.

Most of it asks the command's own end of the control socket, whose daemon was given the timelines
that a conversation leaves, so that they are known to the millisecond; the last test asks a real
conversation.
"""

import asyncio
import json
import re
import subprocess

import pytest
from shell import Terminal, assistant, is_one_sentence, until
from test_run_command import Json

from assistant.commands import run
from assistant.config import parse
from assistant.errors import AssistantError
from assistant.serve.control import call

SPOKEN = [
    ("wake", 9.0, {}),
    ("speech_start", 10.0, {}),
    ("partial", 10.5, {"text": "what"}),
    ("prepared", 10.6, {"text": "what", "took_s": 0.05}),
    ("speech_end", 11.5, {}),
    ("vad_end", 11.6, {"edge_s": 0.01}),
    ("settled", 11.65, {"text": "What time is it?"}),
    ("think", 11.66, {"take": 1}),
    ("judged", 11.7, {"text": "what time is it", "complete": 0.9}),
    ("first_token", 11.71, {"take": 1, "prompt_tokens": 90, "cached_tokens": 80}),
    ("turn_end", 11.75, {}),
    ("heard", 11.76, {"text": "What time is it?"}),
    ("released", 11.77, {"take": 1}),
    ("first_clause", 11.8, {"take": 1, "characters": 9}),
    ("first_sound_made", 11.88, {"take": 1}),
    ("first_sample", 11.9, {"take": 1}),
    ("reply_end", 12.0, {"take": 1, "reply_tokens": 9}),
    ("speaking_end", 13.0, {"take": 1}),
]
"""A question that was answered in secret, 0.4 s after its end."""
ASKED = [
    ("think", 20.0, {"take": 1}),
    ("first_token", 20.2, {"take": 1, "prompt_tokens": 99, "cached_tokens": 12}),
    ("first_clause", 20.3, {"take": 1, "characters": 12}),
    ("first_sound_made", 20.4, {"take": 1}),
    ("first_sample", 20.5, {"take": 1}),
    ("speaking_end", 22.0, {"take": 1}),
]
"""A question that was typed."""
GIVEN_UP = [
    ("wake", 15.0, {}),
    ("speech_start", 15.5, {}),
    ("dropped", 16.0, {"why": "other words"}),
]
"""Somebody was listened to and not answered."""
TURNS = {3: (SPOKEN, 1), 4: (GIVEN_UP, 0), 5: (ASKED, 1), 6: (GIVEN_UP, 0)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


def served(path, talk, turns=TURNS, *, ready=True):
    """Return ``talk()``, called in a thread while the socket of an assistant answers."""

    async def main():
        sections = {"speech": {"engine": "espeak"}, "audio": {"backend": "none"}}
        config = parse({**sections, "paths": {"socket": str(path)}}, "test")
        foreground = run.Foreground(config, as_json=True)
        daemon = foreground._daemon
        if ready:
            daemon.ready.set()
        for turn, (marks, take) in turns.items():
            for stage, at, data in marks:
                daemon.trace.mark(turn, stage, at, **data)
            if take:
                daemon.trace.keep(turn, take)
        await foreground._control.start()
        try:
            return await asyncio.to_thread(talk)
        finally:
            await foreground._control.stop()
            await daemon.stop()

    return asyncio.run(main())


def trace(path, *arguments, **more) -> subprocess.CompletedProcess:
    return assistant(f"--set=paths.socket={path}", "trace", *arguments, **more)


def on_a_screen(path, columns, *arguments):
    """Return the exit code and the lines on a terminal of that width."""
    options = [f"--set=paths.socket={path}", "trace", *arguments]
    with Terminal(*options, columns=columns) as terminal:
        code, text = terminal.end()
    return code, text.replace("\r\n", "\n").rstrip("\n").split("\n")


# --- the request -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "turns"),
    [
        ({}, [5]),
        ({"turn": "last"}, [5]),
        ({"turn": "all"}, [3, 5]),
        ({"turn": "3"}, [3]),
        ({"turn": 3}, [3]),
        ({"turn": "4"}, []),  # nobody was answered
        ({"turn": "77"}, []),
        ({"turn": "-1"}, []),
        ({"turn": "first"}, []),
        ({"turn": None}, []),
        ({"turn": ["3"]}, []),
        ({"turn": 3.5}, []),
    ],
)
def test_the_socket_gives_the_turns_that_were_answered(path, request_, turns):
    answer = served(path, lambda: call(path, {"command": "trace", **request_}))
    assert [turn["turn"] for turn in answer["turns"]] == turns


def test_a_turn_comes_with_all_its_marks_and_its_figures(path):
    (turn,) = served(path, lambda: call(path, {"command": "trace", "turn": "3"}))["turns"]
    assert (turn["take"], turn["voice_to_voice_s"], turn["origin_s"]) == (1, 0.4, 11.5)
    assert [(mark["stage"], mark["at_s"]) for mark in turn["marks"]] == [
        (stage, pytest.approx(at - 11.5, abs=1e-4)) for stage, at, _ in SPOKEN
    ]
    assert turn["marks"][9]["cached_tokens"] == 80


def test_before_any_turn_there_is_none(path):
    for which in ("last", "all", "1"):
        request = {"command": "trace", "turn": which}
        assert served(path, lambda request=request: call(path, request), {})["turns"] == []


def test_while_it_loads_it_says_so(path):
    with pytest.raises(AssistantError, match="still loading"):
        served(path, lambda: call(path, {"command": "trace"}), ready=False)


def test_what_is_known_names_the_trace(path):
    with pytest.raises(AssistantError, match="trace"):
        served(path, lambda: call(path, {"command": "fly"}))


# --- the command -------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [20, 100])
def test_the_drawing_fits_the_terminal(path, columns):
    code, lines = served(path, lambda: on_a_screen(path, columns, "3"))
    assert code == 0, lines
    assert all(len(line) <= columns for line in lines)
    assert lines[0].startswith("turn 3: answered"[:columns])
    for name in ("speech", "silence noticed", "first token", "until audible"):
        assert any(line.startswith(name) for line in lines)


def test_a_wide_drawing_says_how_long_everything_took(path):
    _, lines = served(path, lambda: on_a_screen(path, 100, "3"))
    assert lines[0] == "turn 3: answered after 0.40 s: What time is it?"
    rows = {line[:16].strip(): line for line in lines if "█" in line}
    assert re.fullmatch(r"silence noticed +\+0 +100 ms +█+", rows["silence noticed"])
    assert re.fullmatch(r"first token +\+160 +50 ms +█+", rows["first token"])
    assert re.fullmatch(r"until audible +\+260 +140 ms +█+", rows["until audible"])
    starts = [rows[name].index("█") for name in ("speech", "silence noticed", "until audible")]
    assert starts == sorted(set(starts))
    assert "tokens read before: 80 of 90" in lines
    assert "whole request: 0.90; secret answer: kept" in lines


def test_the_last_turn_is_drawn_and_all_are_drawn_in_order(path):
    def talk():
        return trace(path), trace(path, "all"), trace(path, "last")

    one, every, last = served(path, talk)
    assert [run.returncode for run in (one, every, last)] == [0, 0, 0]
    assert one.stdout == last.stdout
    assert one.stdout.decode().startswith("turn 5: answered\n")
    assert [b.split(":")[0] for b in every.stdout.decode().split("\n\n")] == ["turn 3", "turn 5"]
    assert one.stdout.decode().rstrip("\n") == every.stdout.decode().rstrip("\n").split("\n\n")[1]


def test_json_is_what_the_socket_gave(path):
    def talk():
        return trace(path, "all", "--json"), call(path, {"command": "trace", "turn": "all"})

    printed, answer = served(path, talk)
    assert (printed.returncode, printed.stderr) == (0, b"")
    assert printed.stdout.count(b"\n") == 1
    assert json.loads(printed.stdout) == {"turns": answer["turns"]}


def test_a_chrome_trace_is_written_and_nothing_drawn(path, tmp_path):
    file = tmp_path / "trace.json"
    file.write_text("old")
    printed = served(path, lambda: trace(path, "all", "--chrome", file))
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, b"", b"")
    events = json.loads(file.read_text())["traceEvents"]
    assert {"turn 3", "turn 5"} == {event["cat"] for event in events if "cat" in event}
    spans = {event["name"]: event for event in events if event["ph"] == "X"}
    assert spans["silence noticed"]["dur"] == pytest.approx(100_000, abs=1)
    assert all(event["ts"] >= 0 for event in events if "ts" in event)
    instants = [event["name"] for event in events if event["ph"] == "i"]
    assert len(instants) == len(SPOKEN) + len(ASKED)


def test_a_chrome_trace_and_json_may_both_be_wanted(path, tmp_path):
    file = tmp_path / "trace.json"
    printed = served(path, lambda: trace(path, "3", "--json", "--chrome", file))
    assert [turn["turn"] for turn in json.loads(printed.stdout)["turns"]] == [3]
    assert json.loads(file.read_text())["traceEvents"]


def test_a_chrome_trace_that_cannot_be_written_says_so(path, tmp_path):
    file = tmp_path / "nowhere" / "trace.json"
    printed = served(path, lambda: trace(path, "--chrome", file))
    assert "cannot be written" in is_one_sentence(printed)
    assert printed.stdout == b""


def test_no_turn_yet_is_one_sentence(path):
    def talk():
        return [trace(path, *arguments) for arguments in ([], ["all"], ["last", "--json"])]

    for printed in served(path, talk, {6: (GIVEN_UP, 0)}):
        assert is_one_sentence(printed) == "assistant: no turn has been spoken yet.\n"
        assert printed.stdout == b""


@pytest.mark.parametrize("which", ["4", "77"])
def test_an_unknown_turn_is_one_sentence_and_leaves_the_file_as_it_was(path, tmp_path, which):
    file = tmp_path / "trace.json"
    file.write_text("old")
    printed = served(path, lambda: trace(path, which, "--chrome", file))
    assert is_one_sentence(printed) == (
        f"assistant: nothing is known of turn {which}; "
        "`assistant trace all` shows those that are.\n"
    )
    assert file.read_text() == "old"


@pytest.mark.parametrize("which", ["first", "-- -1", "3.5", ""])
def test_what_is_no_turn_is_refused_without_asking_anybody(path, which):
    printed = trace(path, *which.split(" "))
    assert f"`{which.split(' ')[-1]}` is no turn; allowed: last, all" in is_one_sentence(printed)


def test_without_a_running_assistant_it_says_how_to_start_one(path):
    assert "start one with `assistant run`" in is_one_sentence(trace(path), 1)


# --- a real conversation -----------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.slow
def test_a_conversation_of_a_running_assistant_is_traced(path, tmp_path):
    with Json("--set=audio.backend=none", f"--set=paths.socket={path}", env=None) as daemon:
        daemon.wait("ready")
        assert "no turn has been spoken yet" in is_one_sentence(trace(path))
        call(path, {"command": "wake"})
        daemon.wait("state", phase="listening")
        call(path, {"command": "stop"})
        asleep = daemon.wait("state", daemon.wait("stop_requested"), phase="asleep")
        assert "no turn has been spoken yet" in is_one_sentence(trace(path))

        call(path, {"command": "ask", "text": "What is the capital of France?"})
        ended = daemon.wait("speaking_ended", asleep)
        turn = daemon.events[ended]["turn"]
        until(lambda: call(path, {"command": "state"})["phase"] == "asleep", "asleep")
        call(path, {"command": "say", "text": "Dinner."})
        said = daemon.events[daemon.wait("speaking_ended", ended + 1)]["turn"]

        (asked,) = call(path, {"command": "trace", "turn": str(turn)})["turns"]
        stages = [mark["stage"] for mark in asked["marks"]]
        order = ["think", "first_token", "first_clause", "first_sample", "speaking_end"]
        assert [stage for stage in dict.fromkeys(stages) if stage in order] == order
        assert asked["voice_to_voice_s"] is None  # nobody spoke
        turns = json.loads(trace(path, "all", "--json").stdout)["turns"]
        assert [each["turn"] for each in turns] == [turn, said]
        code, lines = on_a_screen(path, 20, str(turn))
        assert code == 0, lines
        assert all(len(line) <= 20 for line in lines)
        assert any(line.startswith("first clause") for line in lines)
        file = tmp_path / "trace.json"
        assert trace(path, "all", "--chrome", file).returncode == 0
        names = {event["name"] for event in json.loads(file.read_text())["traceEvents"]}
        assert {"first_token", "first clause", "speaking"} <= names
        assert "nothing is known of turn 999" in is_one_sentence(trace(path, "999"))
