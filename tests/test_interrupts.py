"""Ctrl-C at every stage, once and twice quickly: exit code 130, no traceback, nothing left over.

`chat` and `run` sit in a real terminal, which must be as it was before.
"""

import json
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soundfile
from shell import Child, Terminal, has_loaded, until
from soundcard import SoundCard

pytestmark = [pytest.mark.engine, pytest.mark.slow]

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
LLAMA, ONNX = "libllama.so", "onnxruntime"
STORY = "Tell me a very long story about the sea, the ships and the people who live there."
LONG = "All work and no play makes Jack a dull boy. " * 120
ENDS_S = 20.0
"""The end must come by itself; what hangs would take for ever. This is a busy machine's time."""


def is_interrupted(child, patience=ENDS_S):
    """Assert that the child ends as one that was interrupted; return its standard output."""
    code, out, err = child.end(patience)
    assert code == 130, err
    assert "Traceback" not in err
    assert "Exception" not in err  # "Exception ignored in ...": it was lost in a callback from C
    return out


# --- commands that end by themselves ---------------------------------------------------------


def test_ask_while_the_model_loads():
    with Child("ask", "Hello") as child:
        until(lambda: has_loaded(child.process, LLAMA), "the library is loaded")
        child.interrupt(2)
        assert is_interrupted(child).strip() == ""


def has_weights(child):
    """Whether the model's weights are in memory, 290 MB at the least: then it reads."""
    status = Path(f"/proc/{child.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) > 300_000


def test_ask_while_the_model_reads_a_long_question():
    options = ["--set=llm.context=4096", "--set=llm.batch_threads=1", "--set=llm.max_tokens=4000"]
    with Child(*options, "ask", LONG) as child:
        until(lambda: has_weights(child), "the model is loaded")
        time.sleep(1.5)  # the system prompt was read; the question takes ten seconds
        child.interrupt(1)
        assert is_interrupted(child).strip() == ""


def test_ask_while_it_answers():
    with Child("--set=llm.max_tokens=4000", "--set=llm.context=4096", "ask", STORY) as child:
        assert child.process.stdout.read1()
        child.interrupt(2)
        is_interrupted(child)


def test_say_while_it_writes_a_file_keeps_the_old_one(tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"mine")
    with Child("--set=speech.engine=piper", "say", "--out", out, LONG) as child:
        until(lambda: len(list(tmp_path.iterdir())) > 1, "the new file is begun")
        time.sleep(0.5)
        child.interrupt(2)
        is_interrupted(child)
    assert out.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [out]


def test_say_with_espeak_which_calls_back_from_c(tmp_path):
    out = tmp_path / "out.wav"
    with Child("--set=speech.engine=espeak", "say", "--out", out, "-", stdin=-1) as child:
        child.process.stdin.write((LONG * 40).encode())
        child.process.stdin.close()
        child.process.stdin = None
        until(lambda: list(tmp_path.iterdir()), "the new file is begun")
        child.interrupt(1)
        is_interrupted(child)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", ["loading", "hearing"])
def test_transcribe(tmp_path, stage):
    long = tmp_path / "long.wav"
    sound, rate = soundfile.read(QUESTION, dtype="int16")
    soundfile.write(long, np.tile(sound, 300), rate)
    with Child("transcribe", long) as child:
        until(lambda: has_loaded(child.process, ONNX), "the library is loaded")
        if stage == "hearing":
            time.sleep(3)
        child.interrupt(2)
        assert is_interrupted(child).strip() == ""


def test_demo_while_it_loads(tmp_path):
    with Child("demo", "--out", tmp_path) as child:
        until(lambda: has_loaded(child.process, LLAMA), "the library is loaded")
        child.interrupt(2)
        is_interrupted(child)
    assert list(tmp_path.iterdir()) == []


def test_demo_in_the_middle_of_a_question_keeps_the_answers_before_it(tmp_path):
    options = ["--set=speech.engine=espeak", "--set=llm.max_tokens=30"]
    wavs = ["--wav", QUESTION, "--wav", QUESTION]
    with Child(*options, "demo", *wavs, "--out", tmp_path) as child:
        until(lambda: list(tmp_path.glob("reply-1.wav")), "the first answer")
        time.sleep(1)
        child.interrupt(1)
        is_interrupted(child)
    assert [path.name for path in tmp_path.iterdir()] == ["reply-1.wav"]
    assert soundfile.info(tmp_path / "reply-1.wav").frames > 0


def test_bench_while_it_loads():
    with Child("bench", "latency", "--runs", "1") as child:
        until(lambda: has_loaded(child.process, LLAMA), "the library is loaded")
        child.interrupt(1)
        is_interrupted(child)


# --- out loud --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def card():
    with SoundCard() as it:
        yield it


@pytest.mark.parametrize("times", [1, 2])
def test_say_while_it_speaks_is_silent_at_once(card, times):
    recording = card.record()
    with Child("--set=speech.engine=espeak", "say", LONG, env=card.env) as child:
        until(lambda: np.any(np.abs(recording.pcm) > 1000), "sound")
        child.interrupt(times)
        is_interrupted(child)
        before = len(recording.pcm)
        time.sleep(0.5)
    assert not np.any(np.abs(recording.stop()[before:].astype(int)) > 50)


def test_devices_test_ends_well_with_ctrl_c_which_is_how_it_ends(card):
    with Child("devices", "--test", env=card.env) as child:
        until(lambda: b"dB" in child.process.stdout.readline(), "a level")
        child.interrupt(1)
        code, out, err = child.end()
    assert (code, err) == (0, "")
    assert "At the loudest" in out


# --- in a terminal ---------------------------------------------------------------------------


def settings(folder):
    return [f"--set=paths.socket={folder}/s", "--set=speech.engine=espeak"]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("command", ["chat", "run"])
def test_in_a_terminal_while_it_loads(tmp_path, command, times):
    with Terminal(*settings(tmp_path), "--set=audio.backend=none", command) as terminal:
        until(lambda: has_loaded(terminal.process, LLAMA), "the library is loaded")
        for _ in range(times):
            terminal.type("\x03")
            time.sleep(0.05)
        code, text = terminal.end(ENDS_S)
        assert (code, terminal.modes()) == (130, terminal.before), text
    assert "Traceback" not in text
    assert "Exception" not in text


def test_run_told_to_end_while_it_loads(tmp_path):
    path = tmp_path / "s"
    options = [f"--set=paths.socket={path}", "--set=audio.backend=none"]
    with Child(*options, "run", "--json") as child:
        until(lambda: has_loaded(child.process, LLAMA), "the library is loaded")
        assert path.exists()
        child.process.terminate()
        code, _, err = child.end(ENDS_S)
    assert (code, err) == (0, "")
    assert not path.exists()


def test_chat_first_stops_the_answer_and_then_ends(tmp_path):
    options = [*settings(tmp_path), "--set=llm.max_tokens=2000", "--set=llm.context=4096"]
    with Terminal(*options, "chat", columns=200) as terminal:  # the path below fits into a line
        terminal.wait_for("/help lists the commands")
        terminal.type(STORY + "\r")
        terminal.wait_for(r"people who live there\.\s+\S+ \S+ \S+ ")
        terminal.type("\x03")
        terminal.wait_for("> ")
        terminal.type("/state\r")
        terminal.wait_for("asleep, turn 3")
        terminal.wait_for("> ")
        terminal.type(f"/save {tmp_path}/talk.json\r")
        terminal.wait_for("talk.json\r\n.*talk.json")
        terminal.wait_for("> ")
        assert terminal.modes() != terminal.before  # the line editor has it
        terminal.type("half a line\x03")
        code, text = terminal.end(ENDS_S)
        assert (code, terminal.modes()) == (130, terminal.before), text
    assert "Traceback" not in text
    question, answer = json.loads((tmp_path / "talk.json").read_text())
    assert question["text"] == STORY
    assert answer["text"]


def test_chat_ends_with_ctrl_d(tmp_path):
    with Terminal(*settings(tmp_path), "chat") as terminal:
        terminal.wait_for("> ")
        terminal.type("\x04")
        code, text = terminal.end(ENDS_S)
        assert (code, terminal.modes()) == (0, terminal.before), text


@pytest.mark.parametrize("times", [1, 2])
def test_run_while_it_speaks(card, tmp_path, times):
    with Terminal(*settings(tmp_path), "run", env=card.variables) as terminal:
        terminal.wait_for("ready")
        terminal.wait_for("q: quit")
        assert terminal.modes() != terminal.before
        recording = card.record()
        with Child(f"--set=paths.socket={tmp_path}/s", "wake") as child:
            assert child.end()[0] == 0
        terminal.wait_for("listening")
        card.speak(QUESTION)
        terminal.wait_for("you: ")
        terminal.wait_for("speaking")
        for _ in range(times):
            terminal.type("\x03")
            time.sleep(0.05)
        code, text = terminal.end(ENDS_S)
        assert (code, terminal.modes()) == (130, terminal.before), text
    recording.stop()
    assert "Traceback" not in text
    assert times == 2 or not (tmp_path / "s").exists()
