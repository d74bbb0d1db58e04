"""The catalogue, what is installed, and the command line around them."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from assistant.commands.models import command
from assistant.config import Config, load
from assistant.errors import BadInput, EngineMissing
from assistant.language import spoken
from assistant.models import (
    RECORD,
    Archive,
    Entry,
    File,
    Shelf,
    catalogue,
    catalogue_path,
    default_set,
    digest,
    fingerprint,
)

REAL = Config().models_dir
"""The models of who runs the tests."""
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
MODEL = f"""
[sets]
en = [["small"]]

[[model]]
name = "small"
purpose = "llm"
engine = "llama"
languages = ["en"]
licence = "MIT"
pin = "made for this test"
files = [{{ path = "a/small.gguf", size = 5, sha256 = "{HELLO}" }}]
[[model.source]]
kind = "hub"
repo = "me/small"
revision = "v1"
[[model.source]]
kind = "url"
base = "https://example.org/"
[[model.source]]
kind = "index"
packages = ["small-part==1.0"]
download = 9
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(BadInput) as caught:
        catalogue(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    return message


def sentence(read: Callable[[], object]) -> str:
    """Return what is wrong, or nothing; any other error is a bug and fails the test."""
    try:
        read()
    except BadInput as error:
        return str(error)
    return ""


def entry(name: str, engine: str = "llama", purpose: str = "llm", path: str = "m.gguf") -> Entry:
    return Entry(
        name=name,
        purpose=purpose,
        engine=engine,
        languages=("en",),
        licence="MIT",
        pin="made for this test",
        note="",
        files=(File(path, 5, HELLO),),
        archive=None,
        sources=(),
    )


def put(shelf: Shelf, entry: Entry, content: bytes = b"hello") -> Path:
    path = shelf.folder(entry) / entry.files[0].path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# The catalogue that is shipped


def test_the_shipped_catalogue_has_what_the_product_promises() -> None:
    entries = {entry.name: entry for entry in catalogue()}
    assert {"qwen2.5-0.5b-q4_k_m", "qwen2.5-0.5b-q4_0", "qwen2.5-0.5b-q8_0"} <= entries.keys()
    assert {"vosk-small-en", "vosk-small-cn", "vosk-ko", "moonshine-tiny-en"} <= entries.keys()
    assert {"whisper-base", "piper-en-joe", "piper-zh-huayan"} <= entries.keys()
    assert all(entry.pin and entry.licence and entry.sources for entry in entries.values())


@pytest.mark.parametrize("language", ["en", "zh", "auto"])
def test_a_default_set_has_a_model_and_a_recogniser_but_no_voice(language: str) -> None:
    choices = default_set(language)
    assert [{entry.purpose for entry in choice} for choice in choices] == [{"llm"}, {"asr"}]
    assert all(
        set(spoken(language)) <= set(entry.languages) for choice in choices for entry in choice
    )


def test_an_unknown_language_has_no_default_set() -> None:
    with pytest.raises(BadInput, match=r"`fr`.*allowed: en, zh, auto"):
        default_set("fr")


def test_no_index_host_is_named() -> None:
    assert not re.search(r"pypi|pythonhosted", catalogue_path().read_text("utf-8"))


@pytest.mark.engine
@pytest.mark.parametrize(
    "name", ["qwen2.5-coder-0.5b-q4_k_m", "moonshine-tiny-en", "vosk-ko", "whisper-base"]
)
def test_the_hashes_are_those_of_the_real_files(name: str) -> None:
    shelf = Shelf(Config().models_dir)
    assert shelf.faults(shelf.named(name)) == []


# Catalogues that are broken


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("licence =", "license =", ["`small`", "`licence`", "is missing"]),
        ('pin = "', 'pinned = 1\npin = "', ["`small`", "unknown key `pinned`", "mean `pin`"]),
        ("size = 5", 'size = "5"', ["`small`", "`size`", "'5'", "whole number above 0"]),
        ("size = 5", "size = true", ["`size`", "True"]),
        ("size = 5", "size = 0", ["`size`", "is 0"]),
        (HELLO, HELLO.upper(), ["`sha256`", "64 hexadecimal digits"]),
        ("a/small.gguf", "../small.gguf", ["`path`", "without `..`"]),
        ("a/small.gguf", "/small.gguf", ["`path`", "without `..`"]),
        ('"llm"', '"lmm"', ["`purpose`", "'lmm'", "llm, asr, tts"]),
        ('"llama"', '"vosk"', ["`engine`", "'vosk'", "allowed: llama"]),
        ('languages = ["en"]', 'languages = "en"', ["`languages`", "a list of texts"]),
        ('kind = "hub"', 'kind = "ftp"', ["source 1", "`kind`", "hub, url, index"]),
        ("me/small", "small", ["`repo`", "owner/name"]),
        ("https://example.org/", "https://example.org", ["`base`", "ends with `/`"]),
        ("small-part==1.0", "small-part>=1", ["source 3", "`packages`", "name==1.0"]),
        ('name = "small"', 'name = "../x"', ["model 1", "`name`", "small letters"]),
    ],
)
def test_a_broken_catalogue_is_refused_by_name(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    message = refusal(tmp_path, MODEL.replace(old, new))
    assert all(word in message for word in words), message


def test_two_models_with_one_name_are_refused(tmp_path: Path) -> None:
    twice = MODEL + MODEL[MODEL.index("[[model]]") :]
    assert "no other model has" in refusal(tmp_path, twice)


def test_a_model_without_files_or_without_sources_is_refused(tmp_path: Path) -> None:
    assert "or one `archive`" in refusal(tmp_path, re.sub("(?m)^files.*$", "", MODEL))
    assert "[[model.source]]" in refusal(tmp_path, MODEL[: MODEL.index("[[model.source]]")])


def test_a_catalogue_that_is_missing_or_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent.toml: the catalogue cannot be read"):
        catalogue(tmp_path / "absent.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not valid TOML"):
        catalogue(path)


def test_a_set_with_an_unknown_model_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, MODEL.replace('[["small"]]', '[["small", "smaller"]]'))
    with pytest.raises(BadInput, match=r"key `en`.*not `smaller`"):
        default_set("en", path)


LITERALS = ["1", "-1", "0.5", "true", '""', '"x"', '"../x"', "[]", "[1]", "[[]]", "{}", "{ a = 1 }"]


@given(
    line=st.integers(0, len(MODEL.splitlines()) - 1),
    change=st.sampled_from(["drop", "double", "unknown", *LITERALS]),
)
def test_a_changed_line_is_understood_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, line: int, change: str
) -> None:
    lines = MODEL.splitlines()
    key = lines[line].partition(" = ")[0]
    replacements = {"drop": [], "double": [lines[line]] * 2, "unknown": [lines[line], "oops = 1"]}
    lines[line : line + 1] = replacements.get(change, [f"{key} = {change}"])
    path = write(tmp_path_factory.getbasetemp(), "\n".join(lines))
    for read in (lambda: catalogue(path), lambda: default_set("en", path)):
        assert re.fullmatch("|.*(allowed|unknown key|not valid TOML).*", sentence(read))


@given(st.text())
def test_any_text_is_understood_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "replace"))
    assert sentence(lambda: catalogue(path)).partition(":")[0] in ("", str(path))


# What is installed


def test_a_model_is_installed_when_every_file_has_its_size(tmp_path: Path) -> None:
    small = entry("small")
    shelf = Shelf(tmp_path, (small,))
    assert not shelf.installed(small)
    path = put(shelf, small)
    assert shelf.installed(small)
    path.write_bytes(b"hell")
    assert not shelf.installed(small)


def test_what_lies_in_the_staging_folder_is_not_installed(tmp_path: Path) -> None:
    small = entry("small")
    shelf = Shelf(tmp_path, (small,))
    staged = shelf.staging(small) / "files" / "m.gguf"
    staged.parent.mkdir(parents=True)
    staged.write_bytes(b"hello")
    assert not shelf.installed(small)
    assert shelf.best("llm") is None


def test_the_best_is_the_first_installed_one_that_fits(tmp_path: Path) -> None:
    entries = (
        entry("first"),
        entry("second"),
        entry("ear", "vosk", "asr", "am/final.mdl"),
        entry("other-ear", "whisper", "asr", "model.bin"),
    )
    shelf = Shelf(tmp_path, entries)
    for one in entries[1:]:
        put(shelf, one)
    assert shelf.best("llm") == entries[1]
    assert shelf.best("asr", engine="whisper") == entries[3]
    assert shelf.best("asr", language="zh") is None
    assert shelf.best("tts") is None


def test_locate_gives_each_engine_what_it_opens(tmp_path: Path) -> None:
    brain, ear = entry("brain"), entry("ear", "vosk", "asr", "am/final.mdl")
    voice = entry("voice", "piper", "tts", "joe.onnx")
    shelf = Shelf(tmp_path, (brain, ear, voice))
    for one in shelf.entries:
        put(shelf, one)
    assert shelf.locate("", "llm") == tmp_path / "brain" / "m.gguf"
    assert shelf.locate("voice", "tts") == tmp_path / "voice" / "joe.onnx"
    assert shelf.locate("ear", "asr", engine="vosk") == tmp_path / "ear"


def test_locate_says_how_to_get_what_is_not_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, (entry("brain"),))
    with pytest.raises(EngineMissing, match="`assistant models fetch brain`"):
        shelf.locate("brain", "llm")
    with pytest.raises(EngineMissing, match=r"no llama language model for `en`.*fetch brain"):
        shelf.locate("", "llm", engine="llama", language="en")
    with pytest.raises(EngineMissing, match=r"no voice for `zh`.*name a path"):
        shelf.locate("", "tts", language="zh")


def test_locate_refuses_unknown_names_and_other_kinds(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, (entry("brain"), entry("ear", "vosk", "asr")))
    with pytest.raises(BadInput, match="no model called `brian`; did you mean `brain`"):
        shelf.locate("brian", "llm")
    with pytest.raises(BadInput, match="`ear` is no language model; allowed: brain, or a path"):
        shelf.locate("ear", "llm")
    with pytest.raises(BadInput, match="`ear` is no whisper speech recogniser"):
        shelf.locate("ear", "asr", engine="whisper")


def test_locate_takes_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.gguf").write_bytes(b"x")
    shelf = Shelf(tmp_path / "models", ())
    assert shelf.locate(str(own / "a.gguf"), "llm") == own / "a.gguf"
    assert shelf.locate(str(own), "llm") == own / "a.gguf"
    assert shelf.locate(str(own), "asr", engine="vosk") == own
    with pytest.raises(BadInput, match=r"gone: no such file or folder \(wanted: a voice\)"):
        shelf.locate(str(tmp_path / "gone"), "tts")
    (own / "b.gguf").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"holds 2 files \*.gguf"):
        shelf.locate(str(own), "llm")
    monkeypatch.chdir(own)
    assert shelf.locate("a.gguf", "llm") == Path("a.gguf")


@pytest.mark.parametrize("record", ["", "[]", '{"files": [1]}', '{"files": [], "archive": "x"}'])
def test_a_damaged_record_of_an_archive_means_not_installed(tmp_path: Path, record: str) -> None:
    zipped = Archive("m.zip", 9, HELLO, "m", 5)
    model = Entry(**{**vars(entry("small", "vosk", "asr")), "files": (), "archive": zipped})
    shelf = Shelf(tmp_path, (model,))
    shelf.folder(model).mkdir()
    (shelf.folder(model) / RECORD).write_text(record)
    assert not shelf.installed(model)
    assert "record" in shelf.faults(model)[0]


def test_faults_name_every_file(tmp_path: Path) -> None:
    files = tuple(File(name, 5, HELLO) for name in ("right", "wrong", "short", "gone"))
    model = Entry(**{**vars(entry("small")), "files": files})
    shelf = Shelf(tmp_path, (model,))
    shelf.folder(model).mkdir()
    for name, content in (("right", b"hello"), ("wrong", b"HELLO"), ("short", b"hell")):
        (shelf.folder(model) / name).write_bytes(content)
    told: list[tuple[int, int]] = []
    wrong, short, gone = shelf.faults(model, lambda done, total: told.append((done, total)))
    assert HELLO in wrong
    assert digest(shelf.folder(model) / "wrong") in wrong
    assert "has 4 bytes instead of 5" in short
    assert gone.endswith("gone: missing")
    assert told == [(5, 20), (10, 20)]


# The command line


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models on which the commands work, with one (too small) voice in it."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "piper-en-joe").mkdir()
    (tmp_path / "piper-en-joe" / "en_US-joe-medium.onnx").write_bytes(b"half")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=load)


@pytest.mark.parametrize("width", [20, 40, 120])
def test_list_fits_the_terminal(root: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = run("list")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= width
    words = result.stdout.replace("\n", "").replace(" ", "")
    assert all(entry.name in words and entry.licence in words for entry in catalogue())
    assert result.stdout.isascii()


def test_list_marks_what_is_installed(root: Path) -> None:
    sparse_model(root)
    lines = run("list").stdout.partition("* is installed")[0].splitlines()
    assert [line.split()[1] for line in lines if line.startswith("*")] == ["moonshine-tiny-en"]
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows if row["installed"]] == ["moonshine-tiny-en"]
    assert set(rows[0]) >= {"name", "purpose", "languages", "size", "licence", "installed", "pin"}


def test_verify_names_bad_and_missing_files(root: Path) -> None:
    result = run("verify")
    assert result.exit_code == 1
    assert "en_US-joe-medium.onnx: has 4 bytes instead of 63201294" in result.stderr
    assert "en_US-joe-medium.onnx.json: missing" in result.stderr
    assert "1 of 1 models are not right" in str(result.exception)
    assert "`assistant models fetch piper-en-joe`" in str(result.exception)


def test_remove_says_what_it_freed(root: Path) -> None:
    result = run("remove", "piper-en-joe")
    assert result.exit_code == 0
    assert "0.0 kB" in result.stderr
    assert not (root / "piper-en-joe").exists()
    again = run("remove", "piper-en-joe")
    assert isinstance(again.exception, BadInput)
    assert "nothing was removed" in str(again.exception)


def test_path_prints_the_folder_or_the_way_to_it(root: Path) -> None:
    assert run("path").stdout.strip() == str(root)
    assert isinstance(run("path", "piper-en-joe").exception, EngineMissing)
    assert "did you mean `vosk-ko`" in str(run("path", "vosk-kr").exception)


@pytest.mark.parametrize("arguments", [(), ("vosk-ko", "--for", "en")])
def test_fetch_wants_names_or_a_language(root: Path, arguments: tuple[str, ...]) -> None:
    assert "say what to fetch" in str(run("fetch", *arguments).exception)


def sparse_model(root: Path) -> None:
    """Put files on the shelf that have the right sizes and wrong content."""
    for file in Shelf(root).named("moonshine-tiny-en").files:
        path = root / "moonshine-tiny-en" / file.path
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as stream:
            stream.truncate(file.size)


def test_without_a_terminal_progress_is_a_line_now_and_then(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.commands.models.PLAIN_EVERY", 1e-9)
    sparse_model(root)
    told = run("verify", "moonshine-tiny-en").stderr
    assert re.search(r"moonshine-tiny-en: 31 MB of 44 MB \(71 %\), \S+ MB/s, \d+ s left", told)


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
from assistant.commands.models import command
from assistant.config import load
from assistant.errors import AssistantError
try:
    command(sys.argv[1:], standalone_mode=False, obj=load)
except (AssistantError, KeyboardInterrupt):
    sys.exit(1)
"""


@pytest.mark.parametrize("width", [20, 80])
def test_a_terminal_gets_a_bar_that_fits(root: Path, width: int) -> None:
    sparse_model(root)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    program = [sys.executable, "-c", PROGRAM, "verify", "moonshine-tiny-en"]
    plain = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    with subprocess.Popen(program, env=plain | {"TERM": "xterm"}, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while block := os.read(ours, 65536):
                shown += block
        assert process.wait() == 1
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert max(map(len, re.split(r"[\r\n]+", text))) <= width
    assert "%" in text
    assert ("/43.9 MB" in text) == (width == 80)
    assert "encoder_model.ort" in re.sub(r"\s", "", text)


def test_ctrl_c_says_that_the_fetch_can_go_on(root: Path) -> None:
    shelf = Shelf(root)
    lock = shelf.staging(shelf.named("vosk-ko")).with_name("vosk-ko.lock")
    lock.parent.mkdir()
    program = [sys.executable, "-c", PROGRAM, "fetch", "vosk-ko"]
    with (
        FileLock(lock),
        subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        assert "another process is at work on `vosk-ko`" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert "interrupted; the same command goes on from here" in process.stderr.read()
        assert process.wait() == 1


@pytest.mark.engine
def test_fetch_takes_a_real_model_from_a_folder(
    root: Path,
) -> None:
    result = run("fetch", "moonshine-tiny-en", "--from", str(REAL / "moonshine-tiny-en"))
    assert result.exit_code == 0
    assert "`moonshine-tiny-en` is fetched and checked" in result.stderr
    assert run("verify", "moonshine-tiny-en").exit_code == 0
    assert "there already" in run("fetch", "moonshine-tiny-en").stderr


@pytest.mark.parametrize("name", ["list", "fetch", "verify", "remove", "path"])
def test_every_help_ends_with_an_example(name: str) -> None:
    text = run(name, "--help").stdout
    assert f"assistant models {name}" in text.partition("Example:")[2]


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_small_files_have_fingerprints_too(tmp_path_factory, a, b):
    folder = tmp_path_factory.mktemp("f")
    (folder / "a").write_bytes(a)
    (folder / "b").write_bytes(b)
    assert (fingerprint(folder / "a") == fingerprint(folder / "b")) == (a == b)
