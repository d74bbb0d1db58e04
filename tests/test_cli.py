"""The command line as a shell sees it: exit codes, one sentence, nothing else."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from shell import assistant, is_one_sentence

from assistant import config
from assistant.cli import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(inside, name):
    run = inside(name, "--help")
    assert run.returncode == 0, run.stderr
    assert b"Usage:" in run.stdout


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"config", "models", "bench", "service"}))
def test_help_gives_an_example(inside, name):
    assert f"  assistant {name}".encode() in inside(name, "--help").stdout.replace(b'"$(', b"  ")


def test_the_version():
    assert assistant("--version").stdout.decode().startswith("assistant, version ")


def test_help_and_version_import_nothing_heavy():
    code = (
        "import sys; import assistant.cli;"
        "heavy = {'numpy', 'llama_cpp', 'vosk', 'onnxruntime', 'sounddevice', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout.decode().strip() == "[]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("langauge = 'en'", ["langauge", "language"]),
        ("[turn]\nmax_silence = 99", ["turn.max_silence", "99", "0.1", "5.0"]),
        ("[turn", ["not valid TOML"]),
    ],
)
def test_a_wrong_configuration_is_one_sentence(inside, tmp_path, text, words):
    file = tmp_path / "c.toml"
    file.write_text(text)
    sentence = is_one_sentence(inside("--config", file, "config", "check"))
    assert all(word in sentence for word in [str(file), *words])


def test_a_configuration_of_bytes_and_a_missing_one(inside, tmp_path, monkeypatch):
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in is_one_sentence(inside("--config", file, "config", "check"))
    assert "--config" in is_one_sentence(inside("--config", tmp_path / "no", "config", "show"))
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "no"))
    assert "ASSISTANT_CONFIG" in is_one_sentence(inside("config", "show"))


def test_what_init_writes_is_right_and_never_replaces(inside, tmp_path):
    file = tmp_path / "folder" / "c.toml"
    assert inside("config", "init", file).returncode == 0
    assert config.parse(tomllib.loads(file.read_text()), str(file)) == config.Config()
    uncommented = [
        line[2:] if " = " in line and line.startswith("# ") else line
        for line in file.read_text().splitlines()
        if line.startswith("[") or (line.startswith("# ") and " = " in line)
    ]
    assert config.parse(tomllib.loads("\n".join(uncommented)), "x") == config.Config()
    file.write_text("# mine")
    assert "--force" in is_one_sentence(inside("config", "init", file))
    assert file.read_text() == "# mine"


def test_set_changes_one_setting(inside):
    shown = inside("--set", "turn.max_silence=0.9", "--set", "language=zh", "config", "show")
    settings = tomllib.loads(shown.stdout.decode())
    assert settings["turn"]["max_silence"] == 0.9
    assert settings["language"] == "zh"
    assert "KEY=VALUE" in is_one_sentence(inside("--set", "x", "config", "show"))


@pytest.mark.parametrize("stdin", ["", "  \n ", b"\xff\xfe", b"a\0b"])
@pytest.mark.parametrize("command", ["ask", "say"])
def test_text_that_is_none_is_refused_before_anything_loads(inside, command, stdin):
    is_one_sentence(inside(command, "-", stdin=stdin))


def test_wake_without_a_daemon(inside, tmp_path):
    run = inside("--set", f"paths.socket={tmp_path}/s", "wake")
    assert "assistant run" in is_one_sentence(run, 1)


def test_an_unknown_command_and_option(inside):
    for arguments in (["frobnicate"], ["ask", "--frobnicate", "x"]):
        run = inside(*arguments)
        assert run.returncode == 2
        assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.wav", b""), ("text.wav", b"not sound at all"), ("cut.wav", b"RIFF\x24\0\0\0WAVE")],
)
@pytest.mark.parametrize("command", [["transcribe"], ["demo", "--wav"]])
def test_files_that_are_no_sound(inside, tmp_path, command, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    assert str(file) in is_one_sentence(inside(*command, file))
    assert "no such file" in is_one_sentence(inside(*command, tmp_path / "none.wav")).lower()


@pytest.mark.engine
def test_ask_prints_one_object():
    run = assistant("--set", "llm.temperature=0", "ask", "--json", "What is two plus two?")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert set(answer) == {"reply", "ttft_s", "total_s", "tokens"}
    assert "4" in answer["reply"] or "four" in answer["reply"].lower()


@pytest.mark.engine
def test_a_reader_that_goes_away_is_no_error():
    command = f'{sys.executable} -m assistant ask "Count to fifty." | head -c 3'
    run = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120)
    assert b"Traceback" not in run.stderr
    assert b"Broken" not in run.stderr


@pytest.mark.engine
@pytest.mark.parametrize("lang", ["C", "C.UTF-8"])
def test_chat_reads_lines_in_any_locale_and_width(tmp_path, lang):
    saved = tmp_path / "talk.json"
    lines = f"/help\n/state\nSay hello. 你好\n/trace\n/nonsense\n/save {saved}\n"
    lines += f"/reset\n/save {saved}2\n"
    env = {"LANG": lang, "LC_ALL": lang, "COLUMNS": "20"}
    run = assistant("chat", stdin=lines, env=env, timeout=120)
    text = run.stdout.decode()
    assert run.returncode == 0, run.stderr
    assert "/help lists them" in text
    assert "first_token" in text
    assert [turn["role"] for turn in json.loads(saved.read_text())] == ["user", "assistant"]
    assert json.loads(Path(f"{saved}2").read_text()) == []


@pytest.mark.engine
def test_chat_hears_a_wav(spoken):
    run = assistant("chat", "--trace", stdin=f"/wav {spoken('What is the capital of France?')}\n")
    text = run.stdout.decode()
    assert run.returncode == 0, run.stderr
    assert "france" in text.lower()
    assert "turn_end" in text


@pytest.mark.engine
def test_say_writes_a_wav(tmp_path):
    out = tmp_path / "o.wav"
    assert assistant("say", "--out", out, "Good morning.").returncode == 0
    assert out.stat().st_size > 10_000
    assert "nothing" in is_one_sentence(assistant("say", "--out", out, "🎉"))


@pytest.mark.engine
def test_demo_prints_one_object(tmp_path):
    run = assistant("--set", "llm.temperature=0", "demo", "--json", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    (turn,) = json.loads(run.stdout)["turns"]
    assert "capital of france" in turn["heard"].lower()
    assert "Paris" in turn["reply"]
    assert Path(turn["speech"]).stat().st_size > 10_000
    assert turn["voice_to_voice_s"] > 0
    assert {"heard", "first_token", "first_sample"} <= set(turn["stages"])


@pytest.mark.engine
def test_doctor_and_service_speak_without_hardware():
    run = assistant("doctor", "--json", timeout=120)
    names = {finding["name"] for finding in json.loads(run.stdout)["findings"]}
    assert {"microphone", "recogniser", "language model", "voice"} <= names
    assert b"Traceback" not in run.stderr
