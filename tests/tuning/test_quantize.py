"""A model in fewer bits: made by llama.cpp, whole or not at all, and measured against its source.

The model is a tiny one that is written here; everything else is as it is shipped.
"""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
from click.testing import CliRunner, Result
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader
from hypothesis import given
from hypothesis import strategies as st
from tuning.notes import Notes

from assistant import machine
from assistant.commands.models import command
from assistant.config import Llm, load
from assistant.errors import AssistantError, BadInput
from assistant.mind import gguf
from assistant.models import RECIPE, STAGING, Entry, File, Shelf, digest
from assistant.tuning import comparison, quantizing
from assistant.tuning.making import FILE

pytestmark = pytest.mark.engine

NAME = "tiny-q4_0-quantized"
LEAST = {"threads": 1, "batch_threads": 1}


class Interrupting(Notes):
    """A report during which somebody presses Ctrl-C while the file is written."""

    def progress(self, what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of 16 bits."""
    return tiny.write(tmp_path_factory.mktemp("tiny") / "tiny-f16.gguf", Type.F16)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", ())


def make(shelf: Shelf, source: Path, kind: str = "Q4_0", again: bool = False) -> Entry:
    entry, _ = quantizing.onto(shelf, quantizing.wish(source, kind), Notes(), again=again)
    return entry


def kinds(path: Path) -> set[str]:
    return {tensor.tensor_type.name for tensor in GGUFReader(path).tensors}


def left_over(shelf: Shelf) -> list[str]:
    """Return what lies in the staging folder, locks apart."""
    return [p.name for p in (shelf.root / STAGING).rglob("*") if not p.name.endswith(".lock")]


def test_the_made_model_is_known_to_the_shelf_by_its_name_and_hash(half: Path, shelf: Shelf):
    entry = make(shelf, half)
    path = shelf.folder(entry) / FILE
    assert (entry.name, entry.purpose, entry.made_from) == (NAME, "llm", str(half))
    assert [each.name for each in shelf.entries] == [NAME]
    assert shelf.locate(NAME, "llm") == shelf.locate("", "llm") == path
    assert (shelf.installed(entry), shelf.faults(entry), left_over(shelf)) == (True, [], [])
    assert gguf.inspect(path).quantization == "Q4_0"
    assert "Q4_0" in kinds(path)
    assert "F16" not in kinds(path)
    record = json.loads((path.parent / RECIPE).read_text())
    assert record["files"] == [{"path": FILE, "size": path.stat().st_size, "sha256": digest(path)}]


def test_published_ones_are_preferred_and_their_licence_goes_on(half: Path, tmp_path: Path):
    file = File(half.name, half.stat().st_size, digest(half))
    entry = Entry("tiny-f16", "llm", "llama", ("en", "zh"), "MIT", "here", "", (file,), None, ())
    shelf = Shelf(tmp_path / "models", (entry,))
    shelf.folder(entry).mkdir(parents=True)
    shutil.copy(half, shelf.folder(entry))
    made = make(shelf, shelf.locate("tiny-f16", "llm"))
    assert (made.name, made.languages, made.licence) == (NAME, ("en", "zh"), "MIT")
    assert [each.name for each in shelf.entries] == ["tiny-f16", NAME]
    assert shelf.locate("", "llm").name == half.name


def test_it_is_made_once_and_of_another_source_only_when_that_is_said(half: Path, shelf: Shelf):
    first = make(shelf, half)
    path = shelf.folder(first) / FILE
    before = path.stat().st_mtime_ns
    make(shelf, half)
    assert path.stat().st_mtime_ns == before
    other = tiny.write(shelf.root / "tiny-f32.gguf", Type.F32)
    with pytest.raises(BadInput, match=f"made of another file, {half}; `--again`"):
        make(shelf, other)
    assert make(shelf, other, again=True).made_from == str(other)
    path.write_bytes(path.read_bytes()[:-9])  # damaged: made again without a question
    assert shelf.faults(make(shelf, half)) == []


@pytest.mark.parametrize(
    ("stem", "kind", "name"),
    [
        ("Qwen2.5-0.5B-Instruct-f16", "Q4_K_M", "qwen2.5-0.5b-instruct-q4_k_m-quantized"),
        ("model.Q8_0", "q4_0", "model-q4_0-quantized"),
        ("a b/ü", "Q6_K", "a-b-q6_k-quantized"),
        ("F16", "Q8_0", "model-q8_0-quantized"),
        ("x-q8_0-quantized", "Q4_0", "x-q4_0-quantized"),
    ],
)
def test_the_name_says_what_it_is_made_of(half: Path, stem: str, kind: str, name: str):
    header = gguf.inspect(half)
    source = Path("/folder") / f"{stem.replace('/', ' ')}.gguf"
    assert quantizing.name_for(quantizing.Wish(source, header, kind.upper())) == name
    within = Path("/models") / stem.replace("/", " ") / FILE  # one from the shelf
    assert quantizing.name_for(quantizing.Wish(within, header, kind.upper())) == name


@given(st.text(min_size=1).filter(lambda text: "/" not in text and "\0" not in text))
def test_any_name_makes_one_that_a_folder_can_have(stem: str):
    header = gguf.Header(Path("x"), 1, 3, "", "", "", True, 0, "F16", 0)
    name = quantizing.name_for(quantizing.Wish(Path(f"/folder/{stem}.gguf"), header, "Q4_0"))
    assert name.endswith("-q4_0-quantized")
    assert name.isascii()
    assert not name.startswith((".", "-"))
    assert "/" not in name


@pytest.mark.parametrize("kind", quantizing.TYPES)
def test_every_type_that_is_allowed_can_be_made_and_read(half: Path, kind: str, tmp_path: Path):
    path = tmp_path / "made.gguf"
    quantizing.into(path, quantizing.wish(half, kind.lower()), Notes())
    assert gguf.inspect(path).quantization == kind
    assert path.stat().st_size < half.stat().st_size


def test_what_makes_no_sense_is_refused(half: Path, tmp_path: Path):
    quantized = tiny.write(tmp_path / "tiny.gguf")
    text = tmp_path / "notes.gguf"
    text.write_text("no model")
    for source, kind, sentence in (
        (half, "Q9_K", "'Q9_K' is no type.*allowed: Q8_0, Q6_K.*Q4_0"),
        (half, "F16", "allowed: Q8_0"),
        (half, "", "allowed: Q8_0"),
        (quantized, "Q8_0", "tiny.gguf: is Q8_0 already"),
        (text, "Q4_0", "notes.gguf: is no GGUF model"),
        (tmp_path / "absent.gguf", "Q4_0", "no such file"),
        (tmp_path, "Q4_0", "is a folder"),
    ):
        with pytest.raises(BadInput, match=sentence):
            quantizing.wish(source, kind)
    four = tiny.write(tmp_path / "four.gguf", Type.Q4_0)
    with pytest.raises(BadInput, match="is Q4_0, and Q8_0 would be larger and no better"):
        quantizing.wish(four, "Q8_0")


def test_one_that_is_quantized_already_is_converted_and_known_as_such(half: Path, shelf: Shelf):
    source = tiny.write(shelf.root.parent / "tiny.gguf")
    assert quantizing.wish(source, "Q4_0").again
    assert not quantizing.wish(half, "Q4_0").again
    assert "Q4_0" in kinds(shelf.folder(make(shelf, source)) / FILE)


def test_weights_that_are_no_numbers_are_told_and_nothing_stays(shelf: Shelf):
    path = tiny.write(shelf.root.parent / "nan.gguf", Type.F32)
    reader = GGUFReader(path, "r+")
    next(t for t in reader.tensors if t.name == "blk.1.ffn_up.weight").data[:] = np.nan
    reader.data.flush()
    with pytest.raises(AssistantError, match=r"nan.gguf: llama.cpp cannot quantize it: .*invalid"):
        make(shelf, path)
    assert (left_over(shelf), shelf.entries) == ([], ())


def test_a_process_that_crashes_is_told_too(half: Path, shelf: Shelf, monkeypatch):
    crash = "import ctypes; print(100, flush=True); input(); ctypes.string_at(0)"
    monkeypatch.setattr(sys, "executable", _program(shelf.root.parent, crash))
    with pytest.raises(AssistantError, match="it ended with signal 11"):
        make(shelf, half)
    assert (left_over(shelf), shelf.entries) == ([], ())


def _program(folder: Path, code: str) -> str:
    """Return a program that does what `code` says, whatever it is asked for."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return str(path)


def test_a_full_disk_is_told_before_anything_is_written(half: Path, shelf: Shelf, monkeypatch):
    usage = shutil.disk_usage(half)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(BadInput, match=r"not enough room for .*are needed"):
        make(shelf, half)
    out = half.with_name("out.gguf")
    with pytest.raises(BadInput, match=r"not enough room for `out.gguf`"):
        quantizing.into(out, quantizing.wish(half, "Q4_0"), Notes())
    assert (left_over(shelf), shelf.entries) == ([], ())
    assert [path.name for path in half.parent.iterdir()] == [half.name]


def test_an_interrupted_one_leaves_nothing(half: Path, shelf: Shelf, monkeypatch):
    monkeypatch.setattr(quantizing, "LOOK_S", 0)
    asked = quantizing.wish(half, "Q4_0")
    with pytest.raises(KeyboardInterrupt):
        quantizing.onto(shelf, asked, Interrupting())
    assert (left_over(shelf), shelf.entries) == ([], ())
    out = half.with_name("out.gguf")
    with pytest.raises(KeyboardInterrupt):
        quantizing.into(out, asked, Interrupting())
    assert [path.name for path in half.parent.iterdir()] == [half.name]
    make(shelf, half)


def test_what_a_killed_one_left_is_cleared_away_and_its_process_is_gone(half: Path, shelf: Shelf):
    program = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from assistant.models import Shelf
        from assistant.tuning import quantizing

        class Report:
            def note(self, text): pass
            def progress(self, what, done, total): os.kill(os.getpid(), signal.SIGKILL)

        quantizing.LOOK_S = 0
        asked = quantizing.wish(Path({str(half)!r}), "Q4_0")
        quantizing.onto(Shelf(Path({str(shelf.root)!r}), ()), asked, Report())
        """
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert shelf.entries == ()
    assert shelf.faults(make(shelf, half)) == []
    assert left_over(shelf) == []


def test_a_file_elsewhere_is_not_written_over(half: Path, tmp_path: Path):
    out, asked = tmp_path / "out.gguf", quantizing.wish(half, "Q8_0")
    quantizing.into(out, asked, Notes())
    with pytest.raises(BadInput, match="exists already"):
        quantizing.into(out, asked, Notes())
    quantizing.into(out, quantizing.wish(half, "Q4_0"), Notes(), again=True)
    assert gguf.inspect(out).quantization == "Q4_0"
    for path, sentence in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "out.gguf", "there is no folder"),
        (half, "exists already"),
    ):
        with pytest.raises(BadInput, match=sentence):
            quantizing.into(path, asked, Notes(), again=path == half)
    assert [path.name for path in tmp_path.iterdir()] == ["out.gguf"]


# What it costs


def test_fewer_bits_cost_something_and_the_report_says_how_much(half: Path, tmp_path: Path):
    samples = comparison.texts()
    assert list(samples) == ["en", "zh"]
    paths = [half, tmp_path / "Q8_0.gguf", tmp_path / "Q4_0.gguf"]
    for path in paths[1:]:
        quantizing.into(path, quantizing.wish(half, path.stem), Notes())
    report = Notes()
    rows = comparison.compare(paths, samples, Llm(**LEAST, adapter="not looked at"), report)
    for path, row, kind in zip(paths, rows, ("F16", "Q8_0", "Q4_0"), strict=True):
        assert row
        assert (row.path, row.kind, row.size) == (path, kind, path.stat().st_size)
        assert row.decode_tps > 0
    ends = [(done, total) for _, done, total in report.seen if done == total]
    assert len(ends) == 3
    for name in samples:
        plain, eight, four = (row.bits_per_byte[name] for row in rows)
        assert 0 < abs(eight - plain) < abs(four - plain) < 0.05


def test_a_model_for_which_there_is_no_memory_is_not_measured(half: Path, monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 1000)
    report = Notes()
    assert comparison.compare([half], comparison.texts(), Llm(**LEAST), report) == [None]
    assert "not measured" in report.lines[0]
    assert "MB of memory" in report.lines[0]


def test_without_memory_for_both_they_are_measured_one_after_the_other(half: Path, monkeypatch):
    one = gguf.inspect(half).memory(comparison.CONTEXT)
    monkeypatch.setattr(machine, "available_memory", lambda: one + 1000)
    loaded: list[Path] = []
    load_ = comparison.LlamaModel

    class Watched(load_):
        def __init__(self, path: Path, settings: Llm) -> None:
            loaded.append(path)
            assert len(loaded) == 1
            super().__init__(path, settings)

        def close(self) -> None:
            loaded.remove(self._path)
            super().close()

    monkeypatch.setattr(comparison, "LlamaModel", Watched)
    other = half.with_name("other.gguf")
    shutil.copy(half, other)
    rows = comparison.compare([half, other], {"en": ["Hello."]}, Llm(**LEAST), Notes())
    other.unlink()
    assert [row.path for row in rows if row] == [half, other]
    assert loaded == []


def test_texts_of_ones_own(tmp_path: Path):
    with pytest.raises(BadInput, match="there are no texts"):
        comparison.texts(tmp_path)
    (tmp_path / "shop.txt").write_text("Open from nine to five.\n" * 100, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("")
    found = comparison.texts(tmp_path)
    assert list(found) == ["shop"]
    assert "".join(found["shop"]) == "Open from nine to five.\n" * 100
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"bad.txt: cannot be read"):
        comparison.texts(tmp_path)


# The command


@pytest.fixture
def run(shelf: Shelf, monkeypatch) -> Callable[..., Result]:
    """Run `assistant models ...` in this process."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(shelf.root))
    monkeypatch.setattr("assistant.models.catalogue", lambda path=None: ())
    return lambda *arguments: CliRunner().invoke(command, list(map(str, arguments)), obj=load)


def test_the_commands_know_the_made_model(half: Path, shelf: Shelf, run: Callable[..., Result]):
    told = run("quantize", half, "--no-report")
    assert told.exit_code == 0, told.exception
    assert f"`{NAME}` is made, in {shelf.root / NAME}" in told.stderr
    assert f'`llm.model = "{NAME}"`' in told.stdout
    assert "is there already" in run("quantize", half, "--no-report").stderr
    assert f"* {NAME}" in run("list").stdout
    assert f"{NAME}: right" in run("verify").stderr
    path = Path(run("path", NAME).stdout.strip())
    refused = run("fetch", NAME)
    assert f"not fetched: `assistant models quantize {half} --to Q4_0" in str(refused.exception)
    assert "only a published model can be tuned" in str(run("tune", NAME).exception)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    told = str(run("verify").exception)
    way = f"quantize {half} --to Q4_0 --again"
    assert f"`assistant models {way}` mends them" in told
    assert run(*way.split(), "--no-report").exit_code == 0
    assert run("verify").exit_code == 0
    (path.parent / RECIPE).write_text("[1")
    assert f"  {NAME}" in run("list").stdout  # damaged, and still to be removed
    assert "is removed" in run("remove", NAME).stderr
    assert not path.parent.exists()


def test_the_report_for_people_and_for_programs(half: Path, run: Callable[..., Result]):
    told = run("quantize", half).stdout.splitlines()
    assert [line.split()[0] for line in told] == ["F16", "Q4_0", "change", "`llm.model"]
    assert all("en" in line and "zh" in line for line in told[:3])
    out = half.with_name("own.gguf")
    found = json.loads(run("quantize", half, "--to", "q8_0", "--out", out, "--json").stdout)
    out.unlink()
    assert (found["name"], found["path"], found["type"]) == ("", str(out), "Q8_0")
    for row, kind in ((found["source"], "F16"), (found["made"], "Q8_0")):
        assert row["type"] == kind
        assert set(row["bits_per_byte"]) == {"en", "zh"}
        assert row["size"] > 0
        assert row["decode_tps"] > 0


def test_it_warns_of_a_source_that_has_lost_something(
    half: Path, run: Callable[..., Result], tmp_path: Path
):
    source = tiny.write(tmp_path / "tiny.gguf")
    assert "stays lost" in run("quantize", source, "--no-report").stderr
    assert "stays lost" not in run("quantize", half, "--no-report", "--again").stderr
