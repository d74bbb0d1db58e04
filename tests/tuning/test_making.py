"""Making a model for this device: what the shelf and the commands say before, meanwhile and after.

The model is a tiny one that is written here; everything else is as it is shipped.
"""

import gzip
import json
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner, Result
from gguf import GGUFReader
from tuning.notes import Notes

from assistant.commands.models import command
from assistant.config import load
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.fetching import Fetcher
from assistant.models import RECIPE, STAGING, Entry, File, Shelf, digest
from assistant.tuning import making, wanted
from assistant.tuning.vocab import Vocabulary

NAME = "tiny-q8_0"


class Interrupting(Notes):
    """A report during which somebody presses Ctrl-C when the file is half written."""

    def progress(self, what: str, done: int, total: int) -> None:
        super().progress(what, done, total)
        if what.startswith("making") and done > total // 2:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture
def shelf(tmp_path: Path, model: Path) -> Shelf:
    """Return a shelf with the tiny model on it."""
    file = File("tiny.gguf", model.stat().st_size, digest(model))
    entry = Entry(NAME, "llm", "llama", ("en",), "MIT", "made here", "", (file,), None, ())
    other = replace(entry, name="absent", files=(replace(file, sha256="0" * 64),))
    shelf = Shelf(tmp_path / "models", (other, entry))
    shelf.folder(entry).mkdir(parents=True)
    shutil.copy(model, shelf.folder(entry))
    return shelf


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the shipped list be one for the tiny vocabulary, and the size fit it."""
    words = Vocabulary(*tiny.vocabulary())
    counts = [1 / (number + 1) for number in range(len(words.tokens))]
    path = tmp_path / "tokens.gz"
    path.write_bytes(gzip.compress(wanted.Wanted.of(words, counts).packed()))
    monkeypatch.setattr(wanted, "SHIPPED", path)
    monkeypatch.setattr(making, "SIZE", 320)


def source(shelf: Shelf) -> Entry:
    return shelf.named(NAME)


def left_over(shelf: Shelf) -> list[str]:
    """Return what lies in the staging folder, locks apart."""
    return [p.name for p in (shelf.root / STAGING).rglob("*") if not p.name.endswith(".lock")]


@pytest.mark.usefixtures("known")
def test_the_made_model_is_preferred_and_known_by_its_recipe_and_hash(shelf: Shelf) -> None:
    made = making.make(shelf, source(shelf), Notes())
    assert (made.fresh, made.whole) == (True, "")
    path = shelf.folder(made.entry) / making.FILE
    assert shelf.locate("", "llm") == shelf.locate(f"{NAME}-tuned", "llm") == path
    assert shelf.locate(NAME, "llm").name == "tiny.gguf"  # asked for by name
    assert [entry.name for entry in shelf.entries] == ["absent", f"{NAME}-tuned", NAME]
    assert shelf.faults(made.entry) == []
    record = json.loads((path.parent / RECIPE).read_text())
    assert record["source"] == {"name": NAME, "sha256": source(shelf).files[0].sha256}
    assert record["files"] == [
        {"path": making.FILE, "size": path.stat().st_size, "sha256": digest(path)}
    ]
    assert record["recipe"]["words"] == wanted.shipped().digest
    assert record["tokens"] == 320 == len(GGUFReader(path).fields["tokenizer.ggml.tokens"].data)
    assert left_over(shelf) == []


@pytest.mark.usefixtures("known")
def test_it_is_made_once_and_again_when_the_recipe_or_the_source_changes(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = making.make(shelf, source(shelf), Notes())
    assert not making.make(shelf, source(shelf), Notes()).fresh
    again = making.make(shelf, source(shelf), Notes(), again=True)
    assert again.fresh
    assert again.entry == first.entry  # to the byte
    monkeypatch.setattr(making, "SIZE", 384)
    changed = making.make(shelf, source(shelf), Notes())
    assert changed.fresh
    assert changed.entry.files != first.entry.files
    assert shelf.faults(changed.entry) == []


@pytest.mark.usefixtures("known")
def test_what_is_damaged_is_made_again(shelf: Shelf) -> None:
    made = making.make(shelf, source(shelf), Notes())
    path = shelf.folder(made.entry) / making.FILE
    path.write_bytes(path.read_bytes()[:-100])
    assert shelf.locate("", "llm").name == "tiny.gguf"
    assert making.make(shelf, source(shelf), Notes()).fresh
    (path.parent / RECIPE).write_text("[1")
    assert shelf.locate("", "llm").name == "tiny.gguf"
    assert making.make(shelf, source(shelf), Notes()).fresh
    assert shelf.locate("", "llm") == path


@pytest.mark.usefixtures("known")
def test_an_interrupted_one_leaves_nothing_and_begins_anew(shelf: Shelf) -> None:
    with pytest.raises(KeyboardInterrupt):
        making.make(shelf, source(shelf), Interrupting())
    assert left_over(shelf) == []
    assert [entry.name for entry in shelf.entries] == ["absent", NAME]
    assert making.make(shelf, source(shelf), Notes()).fresh


@pytest.mark.usefixtures("known")
def test_the_older_one_serves_until_the_new_one_is_whole(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = making.make(shelf, source(shelf), Notes())
    monkeypatch.setattr(making, "SIZE", 384)
    with pytest.raises(KeyboardInterrupt):
        making.make(shelf, source(shelf), Interrupting())
    assert shelf.faults(first.entry) == []
    assert shelf.locate("", "llm").name == making.FILE


def test_what_a_killed_one_left_is_cleared_away(shelf: Shelf, tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from assistant.models import Entry, File, Shelf
        from assistant.tuning import making

        class Report:
            def note(self, text): pass
            def progress(self, what, done, total):
                if what.startswith("making") and done > total // 2:
                    os.kill(os.getpid(), signal.SIGKILL)

        entry = {source(shelf)!r}
        """
    ).replace("Entry(", "Entry(sources=(), ", 1)
    program += (
        f"shelf = Shelf(Path({str(shelf.root)!r}), (entry,))\nmaking.make(shelf, entry, Report())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    assert making.FILE in left_over(shelf)
    assert shelf.locate("", "llm").name == "tiny.gguf"
    assert making.make(shelf, source(shelf), Notes()).fresh
    assert left_over(shelf) == []


def test_a_vocabulary_that_cannot_be_cut_is_left_alone_and_that_is_said(shelf: Shelf) -> None:
    made = making.make(shelf, source(shelf), Notes())
    assert made.whole == (
        f"the vocabulary of `{NAME}` cannot be cut, because it is another one than that of "
        "Qwen2.5, for which tokens were counted"
    )
    path = shelf.locate("", "llm")
    before = GGUFReader(shelf.locate(NAME, "llm")).fields["tokenizer.ggml.tokens"].contents()
    assert GGUFReader(path).fields["tokenizer.ggml.tokens"].contents() == before
    assert path.stat().st_size < shelf.locate(NAME, "llm").stat().st_size
    again = making.make(shelf, source(shelf), Notes())
    assert (again.fresh, again.whole) == (False, made.whole)


def test_a_full_disk_is_told_before_anything_is_written(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(shelf.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(BadInput, match=r"not enough room for `tiny-q8_0-tuned`.*are needed"):
        making.make(shelf, source(shelf), Notes())
    assert left_over(shelf) == []


def test_a_damaged_source_is_not_used(shelf: Shelf) -> None:
    path = shelf.locate(NAME, "llm")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(AssistantError, match=f"SHA-256.*`assistant models fetch {NAME}` mends it"):
        making.make(shelf, source(shelf), Notes())


def test_a_model_that_is_not_installed_or_no_language_model_is_refused(shelf: Shelf) -> None:
    with pytest.raises(EngineMissing, match="`absent` is not installed"):
        making.make(shelf, shelf.named("absent"), Notes())
    voice = replace(source(shelf), name="voice", purpose="tts", engine="piper")
    with pytest.raises(BadInput, match="only a language model in one file can"):
        making.make(shelf, voice, Notes())
    with pytest.raises(EngineMissing, match=r"no language model.*`assistant models fetch absent`"):
        making.tunable(Shelf(shelf.root / "elsewhere", shelf.published))


def test_progress_is_shown_from_beginning_to_end(shelf: Shelf) -> None:
    report = Notes()
    making.make(shelf, source(shelf), report)
    made = [(done, total) for what, done, total in report.seen if what.startswith("making")]
    assert [done for done, _ in made] == sorted(done for done, _ in made)
    assert made[-1][0] == made[-1][1]


def test_without_its_source_the_made_one_serves_for_it(shelf: Shelf) -> None:
    making.make(shelf, source(shelf), Notes())
    Fetcher(shelf, Notes()).remove(source(shelf))
    path = shelf.locate("", "llm")
    assert path.name == making.FILE
    assert shelf.locate(NAME, "llm") == path
    assert making.tunable(shelf).name == NAME
    assert not making.make(shelf, source(shelf), Notes()).fresh
    # What a set of models wants is there: nothing is fetched.
    entry, fetched = Fetcher(shelf, Notes()).fetch_first([source(shelf)])
    assert (entry.name, fetched) == (f"{NAME}-tuned", False)
    with pytest.raises(EngineMissing, match=f"`assistant models fetch {NAME}` gets it, and then"):
        making.make(shelf, source(shelf), Notes(), again=True)


# The commands, with a catalogue that holds the tiny model


@pytest.fixture
def run(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.setenv("ASSISTANT_MODELS", str(shelf.root))
    monkeypatch.setattr("assistant.models.catalogue", lambda path=None: shelf.published)
    return Run()


class Run:
    """Runs `assistant models ...` in this process."""

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=load)


@pytest.mark.usefixtures("known")
def test_the_commands_know_the_made_model(run: Run, shelf: Shelf) -> None:
    told = run("tune")
    assert told.exit_code == 0
    assert f"`{NAME}-tuned` is made and checked, in {shelf.root / NAME}-tuned" in told.stderr
    assert "is there already" in run("tune", NAME).stderr
    assert f"* {NAME}-tuned" in run("list").stdout
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows[f"{NAME}-tuned"]["made_from"] == NAME
    assert f"{NAME}-tuned: right" in run("verify").stderr
    path = Path(run("path", f"{NAME}-tuned").stdout.strip())
    assert path.name == making.FILE
    refused = run("fetch", f"{NAME}-tuned")
    assert f"not fetched: `assistant models tune {NAME}` makes it" in str(refused.exception)
    path.write_bytes(path.read_bytes() + b"x")
    assert f"`assistant models tune {NAME}` mends them" in str(run("verify").exception)
    assert "is removed" in run("remove", f"{NAME}-tuned").stderr
    assert not path.parent.exists()


@pytest.mark.usefixtures("known")
def test_the_source_goes_when_that_is_wanted(run: Run, shelf: Shelf) -> None:
    kept = run("tune", NAME)
    assert kept.exit_code == 0
    assert shelf.installed(source(shelf))
    gone = run("tune", f"{NAME}-tuned", "--delete-source")
    assert f"`{NAME}` is removed" in gone.stderr
    assert not shelf.folder(source(shelf)).exists()
    assert shelf.locate("", "llm").name == making.FILE
    assert run("tune", "--delete-source").exit_code == 0  # nothing left to do


def test_the_command_says_when_it_left_the_vocabulary_alone(run: Run) -> None:
    told = run("tune")
    assert "cannot be cut, because" in told.stderr
    assert "only its weights were converted" in told.stderr


def test_the_command_without_a_model_says_what_to_do(run: Run, shelf: Shelf) -> None:
    shutil.rmtree(shelf.root)
    assert "`assistant models fetch absent` gets it" in str(run("tune").exception)
    assert "there is no model called" in str(run("tune", "nonsense").exception)


def test_two_at_once_wait_for_each_other(shelf: Shelf) -> None:
    lock = shelf.root / STAGING / f"{NAME}-tuned.lock"
    lock.parent.mkdir()
    program = "import sys; from filelock import FileLock; l = FileLock(sys.argv[1]); l.acquire()\n"
    program += "print('held', flush=True); sys.stdin.read(); l.release()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        class Freeing(Notes):
            def note(self, text: str) -> None:
                super().note(text)
                assert other.stdin is not None
                other.stdin.close()

        report = Freeing()
        assert making.make(shelf, source(shelf), report).fresh
    assert report.lines == [f"another process is at work on `{NAME}-tuned`; waiting for it."]
