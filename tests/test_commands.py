"""The smaller commands: doctor, devices, say aloud, chat, completion; bench has its own folder."""

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from shell import assistant, is_one_sentence
from soundcard import SoundCard

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))


@pytest.fixture(scope="module")
def card():
    with SoundCard() as it:
        yield it


# --- doctor ----------------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.engine
def test_doctor_with_everything_says_what_is_used_and_why(card, tmp_path):
    room = tmp_path / "room.wav"
    speech = np.tile(wav.read(QUESTION), 20)
    wav.write(
        room, speech + np.random.default_rng(1).integers(-30, 30, len(speech), np.int16), RATE
    )
    playing = card.speak(room, wait=False)
    run = assistant("doctor", "--json", env=card.variables)
    assert (run.returncode, run.stderr) == (0, b""), run.stdout
    findings = {f["name"]: f for f in json.loads(run.stdout)["findings"]}
    assert all(finding["ok"] for finding in findings.values())
    hearing = findings["recogniser"]["text"]
    assert "moonshine" in hearing
    assert "the best one installed for `en`" in hearing
    assert "assistant models fetch vosk-small-en" in hearing
    assert "MB of memory" in findings["language model"]["text"]
    assert "piper" in findings["voice"]["text"]
    assert "okay nabu" in findings["wake word"]["text"]
    assert re.fullmatch(r"at the loudest -\d+ dBFS, noise -\d+ dBFS", findings["hearing"]["text"])
    playing.kill()
    plain = assistant("doctor", env=card.variables)  # nothing but zeros now
    assert plain.returncode == 1
    *lines, more = plain.stdout.decode().splitlines()
    marks = {line[5:].partition(":")[0]: line[:4] for line in lines}
    assert marks.keys() == findings.keys()
    assert [name for name, mark in marks.items() if mark == "MISS"] == ["hearing"]
    assert set(marks.values()) <= {"ok  ", "WARN", "MISS"}  # of this machine's clock, for one
    assert "doctor --full" in more
    assert "switched off or muted" in plain.stdout.decode()


def test_doctor_without_models_says_what_is_missing_and_how_to_get_it(tmp_path):
    options = [f"--set=paths.models={tmp_path}/models", "--set=audio.backend=none"]
    run = assistant(*options, "doctor")
    assert (run.returncode, run.stderr) == (1, b"")
    missing = [line for line in run.stdout.decode().splitlines() if line.startswith("MISS")]
    for name in ("recogniser", "language model"):
        (line,) = [line for line in missing if name in line]
        assert "assistant models fetch" in line
    assert any("voice: espeak" in line for line in run.stdout.decode().splitlines())
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("setting", "name", "words"),
    [
        ("wake.words=['okay_naboo']", "wake word", "okay_nabu"),
        ("llm.model=nothing", "language model", "nothing"),
        ("asr.model=nothing", "recogniser", "nothing"),
        ("speech.voice=/nothing.onnx", "voice", "/nothing.onnx"),
    ],
)
def test_doctor_names_a_setting_that_cannot_work(setting, name, words):
    run = assistant("--set=audio.backend=none", f"--set={setting}", "doctor", "--json")
    findings = {f["name"]: f for f in json.loads(run.stdout)["findings"]}
    assert run.returncode == 1
    assert [n for n, f in findings.items() if not f["ok"]] == [name]
    assert words in findings[name]["text"]


# --- devices ---------------------------------------------------------------------------------


@pytest.mark.e2e
def test_devices_are_listed_and_the_ones_in_use_are_marked(card):
    run = assistant("devices", "--json", env=card.variables)
    assert (run.returncode, run.stderr) == (0, b"")
    listed = json.loads(run.stdout)
    used = [kind for device in listed["devices"] for kind in device["used"]]
    assert sorted(used) == ["input", "output"]
    assert listed["problems"] == []
    plain = assistant("devices", env=card.variables).stdout.decode()
    assert plain.count("* ") == len([d for d in listed["devices"] if d["used"]])
    assert "in use as" in plain


@pytest.mark.e2e
def test_a_device_that_is_not_there_is_named_after_the_list(card):
    options = ["--set=audio.input=nothing", "--set=audio.output=neither"]
    run = assistant(*options, "devices", env=card.variables)
    sentence = is_one_sentence(run, 1)
    assert "nothing" in sentence
    assert "neither" in sentence
    assert run.stdout.strip()
    tested = assistant(options[0], "devices", "--test", "--seconds", "1", env=card.variables)
    assert "nothing" in is_one_sentence(tested, 1)
    assert b"A tone" in tested.stdout


@pytest.mark.e2e
def test_the_tone_sounds_and_the_meter_hears(card):
    recording = card.record()
    player = card.speak(QUESTION, wait=False)
    run = assistant("devices", "--test", "--seconds", "3", env=card.variables)
    card.speak(QUESTION, wait=False)
    player.wait()
    assert (run.returncode, run.stderr) == (0, b"")
    pcm = recording.stop().astype(np.float64)
    spectrum = np.abs(np.fft.rfft(pcm))
    assert np.argmax(spectrum) * RATE / len(pcm) == pytest.approx(440, abs=5)
    levels = [float(line.split()[0]) for line in run.stdout.decode().splitlines() if " dB " in line]
    assert len(levels) == pytest.approx(30, abs=4)


# --- say -------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_what_is_said_aloud_is_as_long_as_what_is_written_to_a_file(card, tmp_path):
    text = "One two three. Four five six, seven eight nine ten."
    options = ["--set=speech.engine=espeak", "say"]
    assert assistant(*options, "--out", tmp_path / "out.wav", "-", stdin=text).returncode == 0
    begin, end = speech_span(wav.read(tmp_path / "out.wav"))
    recording = card.record()
    run = assistant(*options, "-", stdin=text, env=card.variables)
    assert (run.returncode, run.stderr, run.stdout) == (0, b"", b"")
    heard_begin, heard_end = speech_span(recording.stop())
    assert (heard_end - heard_begin) / (end - begin) == pytest.approx(1, abs=0.15)


def test_say_without_a_loudspeaker_says_so(tmp_path):
    env = {"PULSE_SERVER": f"unix:{tmp_path}/none", "XDG_RUNTIME_DIR": str(tmp_path)}
    run = assistant("--set=audio.output=nowhere", "say", "Hello.", env=env)
    is_one_sentence(run, 1)


# --- chat ------------------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.engine
def test_chat_knows_its_commands_remembers_and_speaks(card):
    lines = [
        "/wake",
        "/state",
        "/stop",
        "My cat is called Minka.",
        "What is my cat called?",
        "/trace",
        "/say Good bye.",
        "/reset",
        "/quit",
        "never read",
    ]
    options = ["--set=llm.temperature=0", "--set=speech.engine=espeak", "--set=llm.max_tokens=40"]
    recording = card.record()
    run = assistant(
        *options, "chat", "--trace", "--speak", stdin="\n".join(lines), env=card.variables
    )
    assert (run.returncode, run.stderr) == (0, b"")
    text = run.stdout.decode()
    assert "listening, turn 2" in text
    assert "Minka" in text
    assert "first_sample" in text
    assert "\nGood bye.\n" in text
    assert "[speaking, turn" in text
    assert "A new conversation." in text
    assert speech_span(recording.stop())


# --- config and completion -------------------------------------------------------------------


def test_config_says_which_file_is_read(inside, tmp_path):
    env = {"ASSISTANT_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path)}
    file = tmp_path / "assistant" / "config.toml"
    assert f"{file} (not there)" in inside("config", "path", env=env).stdout.decode()
    assert "defaults" in inside("config", "check", env=env).stdout.decode()
    assert inside("config", "init", env=env).stdout.decode().strip() == str(file)
    assert inside("config", "path", env=env).stdout.decode().strip() == str(file)
    assert inside("config", "check", env=env).stdout.decode() == f"{file}: all right.\n"


def completions(lines, tmp_path):
    """What bash offers after each of the lines, of which the last word is being typed."""
    script = 'eval "$(assistant completion bash)"; complete -p assistant >/dev/null || exit 9;'
    for words in lines:
        script += (
            f"COMPREPLY=(); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
            '_assistant_completion assistant; echo "${COMPREPLY[@]}";'
        )
    folder = Path(sys.executable).parent
    env = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path)}
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env)
    assert (run.returncode, run.stderr) == (0, "")
    return [set(line.split()) for line in run.stdout.splitlines()]


def test_bash_completes_commands_and_options(tmp_path):
    offers = {
        "assistant mo": {"models"},
        "assistant models fe": {"fetch"},
        "assistant ask --js": {"--json"},
        "assistant c": {"chat", "config", "completion"},
    }
    assert completions(offers, tmp_path) == list(offers.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_one_for_its_shell(inside, shell):
    run = inside("completion", shell)
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"_ASSISTANT_COMPLETE" in run.stdout
    assert inside("completion", "tcsh").returncode == 2
