"""LoRA adapters: real ones, made here with random matrices, beside real models.

Most tests use a model of 100 kB; it talks nonsense, and the same nonsense each time.
"""

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf as writing
import numpy as np
import pytest
from click.testing import CliRunner, Result
from gguf import GGMLQuantizationType as Type
from gguf import quants
from gguf_files import CHAT, MODEL, tiny, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shell import Child, until

from assistant.commands.adapter import command
from assistant.config import Config, Llm, parse
from assistant.cores import Cores
from assistant.errors import BadInput
from assistant.events import Key
from assistant.mind import adapter, engines
from assistant.mind.adapter import FOLDER
from assistant.mind.llama import LlamaModel
from assistant.mind.model import Message, never
from assistant.mind.thin import NoModel
from assistant.mind.thinker import Thinker
from assistant.models import Entry, File, Shelf, digest
from assistant.trace import Trace

pytestmark = pytest.mark.engine

GREEDY: dict[str, Any] = {
    "threads": 1,
    "batch_threads": 1,
    "context": 256,
    "temperature": 0.0,
    "repeat_penalty": 1.0,
    "max_tokens": 12,
}
ASKED = [Message("system", "Be kind."), Message("user", "Who are you?")]
QUERY, OUT = "blk.{}.attn_q.weight", "blk.{}.attn_output.weight"
Pair = tuple[np.ndarray, np.ndarray]


def matrices(rows: int, columns: int, rank: int = 4, seed: int = 1, size: float = 1.0) -> Pair:
    """Return `lora_a` (rank, columns) and `lora_b` (rows, rank), as numpy counts."""
    chance = np.random.default_rng(seed)
    a = chance.normal(0, columns**-0.5, (rank, columns)).astype(np.float32)
    return a, chance.normal(0, size, (rows, rank)).astype(np.float32)


def write(path: Path, pairs: dict[str, Pair], architecture: str = "llama", **told: Any) -> Path:
    """Write an adapter as convert_lora_to_gguf.py does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = writing.GGUFWriter(path, architecture)
    writer.add_type(told.pop("type", "adapter"))
    writer.add_string("adapter.type", told.pop("kind", "lora"))
    writer.add_float32("adapter.lora.alpha", 8.0)
    small = told.pop("small", Type.F32)
    for key, value in told.items():
        writer.add_array(key.replace("__", "."), value)
    for name, (a, b) in pairs.items():
        packed = a if small is Type.F32 else quants.quantize(a, small)
        writer.add_tensor(f"{name}.lora_a", packed, raw_dtype=None if small is Type.F32 else small)
        writer.add_tensor(f"{name}.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def two_layers(width: int, seed: int = 1) -> dict[str, Pair]:
    names = [name.format(layer) for layer in range(2) for name in (QUERY, OUT)]
    return {name: matrices(width, width, seed=seed + n) for n, name in enumerate(names)}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models with a base, and two adapters for it."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "base.gguf").write_bytes(tiny())
    write(folder / FOLDER / "pirate.gguf", two_layers(32))
    write(folder / FOLDER / "poet.gguf", two_layers(32, seed=20))
    return folder


def load(models: Path, cache: Path | None = None, **changes: Any) -> LlamaModel:
    return LlamaModel(models / "base.gguf", Llm(**GREEDY | changes), cache, models=models)


@pytest.fixture
def model(models: Path):
    made = load(models)
    yield made
    made.close()


def said(model: LlamaModel) -> str:
    return "".join(model.reply(ASKED, never))


def test_an_adapter_changes_the_answers_and_without_it_they_are_as_before(model: LlamaModel):
    plain = said(model)
    model.use_adapter("pirate")
    pirate = said(model)
    model.use_adapter("poet")
    poet = said(model)
    assert len({plain, pirate, poet}) == 3
    model.use_adapter("pirate")
    assert said(model) == pirate
    model.use_adapter("none")
    assert said(model) == plain


def test_what_was_read_with_other_weights_is_read_again(model: LlamaModel):
    said(model)
    said(model)
    assert model.usage.cached_tokens == model.usage.prompt_tokens - 1
    model.use_adapter("pirate")
    said(model)
    assert model.usage.cached_tokens == 0
    model.use_adapter("pirate")  # the same one: nothing is lost
    said(model)
    assert model.usage.cached_tokens == model.usage.prompt_tokens - 1


def test_the_settings_name_one_and_say_how_strong_it_is(models: Path, model: LlamaModel):
    plain = said(model)
    model.use_adapter("pirate")
    full = said(model)
    found = {}
    for scale in (0.0, 1.0, 3.0):
        other = load(models, adapter="pirate", adapter_scale=scale)
        found[scale] = said(other)
        other.close()
    assert (found[0.0], found[1.0]) == (plain, full)
    assert found[3.0] not in (plain, full)


def test_guests_answer_with_the_same_adapter_from_their_next_answer_on(model: LlamaModel):
    plain = said(model)
    guest = model.beside()
    begun = guest.answer(ASKED, Llm(**GREEDY), never)
    beginning = next(begun)
    model.use_adapter("pirate")
    pirate = said(model)
    assert beginning + "".join(begun) == plain  # no answer is changed in its middle
    assert said(guest) == pirate
    guest.close()
    late = model.beside()
    assert said(late) == pirate
    late.close()


def test_what_is_kept_on_disk_serves_only_with_the_same_adapter(models: Path, tmp_path: Path):
    def cached(**changes: Any) -> int:
        """Warm a new model with the system prompt; return how many tokens it had to read."""
        made = load(models, tmp_path, **changes)
        made.warm(ASKED[:1])
        kept = len(list(tmp_path.glob("*.kv")))
        made.close()
        return kept

    assert cached() == 1
    assert cached() == 1  # found
    assert cached(adapter="pirate") == 2
    assert cached(adapter="pirate") == 2
    assert cached(adapter="pirate", adapter_scale=0.5) == 3
    assert cached(adapter="poet") == 4


def test_what_people_said_is_not_kept_on_disk_after_a_switch(models: Path, tmp_path: Path):
    made = load(models, tmp_path)
    said(made)
    made.use_adapter("pirate")
    made.warm(ASKED)
    made.close()
    assert not list(tmp_path.glob("*.kv"))


def test_one_that_was_written_anew_under_its_name_is_loaded_anew(models: Path, model: LlamaModel):
    path = write(models / FOLDER / "mine.gguf", two_layers(32, seed=40))
    model.use_adapter("mine")
    before = said(model)
    path.unlink()  # a new file, as a copy over it would also be refused by careful people
    write(path, two_layers(32, seed=60))
    model.use_adapter("mine")
    assert said(model) != before
    path.unlink()


def test_adapters_are_named_by_file_by_path_or_by_the_catalogue(models: Path, tmp_path: Path):
    path = models / FOLDER / "pirate.gguf"
    assert adapter.locate("pirate", models) == path
    assert adapter.locate("pirate.gguf", models) == path
    assert adapter.locate(str(path), None) == path
    assert adapter.names(models) == ["pirate", "poet"]
    for wanted in ("corsair", str(tmp_path / "no.gguf")):
        with pytest.raises(BadInput):
            adapter.locate(wanted, models)


REFUSED = {
    "a language model": (lambda p: p.write_bytes(whole()), "no LoRA adapter.*type `model`"),
    "a control vector": (lambda p: write(p, {}, kind="control_vector"), "`control_vector`"),
    "another architecture": (
        lambda p: write(p, two_layers(32), "qwen2"),
        "architecture `qwen2`, base.gguf is of `llama`",
    ),
    "another width": (
        lambda p: write(p, two_layers(64)),
        r"64x4 and 4x64 for blk.0.attn_q.weight, which is 32x32 in base.gguf",
    ),
    "more layers": (
        lambda p: write(p, {QUERY.format(7): matrices(32, 32)}),
        "changes blk.7.attn_q.weight, which base.gguf does not have",
    ),
    "ranks that differ": (
        lambda p: write(p, {QUERY.format(0): (matrices(32, 32)[0], matrices(32, 32, rank=5)[1])}),
        "32x4 and 5x32",
    ),
    "integers": (
        lambda p: write(p, {QUERY.format(0): (np.ones((4, 32), np.int32),) * 2}),
        "weights of type 26.*allowed: F32, F16, Q8_0, BF16",
    ),
    "nothing": (lambda p: write(p, {}), "changes nothing"),
    "an activated LoRA": (
        lambda p: write(p, two_layers(32), adapter__alora__invocation_tokens=[1, 2]),
        "activated LoRA",
    ),
    "half a pair": (
        lambda p: half(p, "blk.0.attn_q.weight.lora_a"),
        "one of the two matrices for blk.0.attn_q.weight",
    ),
    "a stranger's tensor": (lambda p: half(p, "blk.0.attn_q.weight"), "no part of a LoRA"),
    "a cut file": (lambda p: cut(p), "cut short"),
    "an empty file": (lambda p: p.write_bytes(b""), "is empty"),
    "a text": (lambda p: p.write_text("hello there"), "is no GGUF"),
}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_changed_in_a_file_it_is_taken_or_refused_in_a_sentence(
    models: Path, tmp_path: Path, data: st.DataObject
):
    content = bytearray((models / FOLDER / "pirate.gguf").read_bytes())
    header = st.integers(0, content.index(b"blk.1.attn_output.weight.lora_b") + 60)
    for at, byte in data.draw(st.lists(st.tuples(header, st.integers(0, 255)), max_size=3)):
        content[at] = byte
    length = data.draw(st.just(len(content)) | st.integers(0, len(content)))
    path = tmp_path / "changed.gguf"
    path.write_bytes(content[:length])
    sentence = f"{path}: is taken"
    try:
        adapter.check(path, models / "base.gguf")
    except BadInput as error:
        sentence = str(error)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence


def half(path: Path, name: str) -> None:
    writer = writing.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_tensor(name, np.ones((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def cut(path: Path) -> None:
    write(path, two_layers(32))
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_the_one_before_stays(
    what: str, model: LlamaModel, tmp_path: Path
):
    path = tmp_path / "new.gguf"
    make, sentence = REFUSED[what]
    make(path)
    model.use_adapter("pirate")
    before = said(model)
    with pytest.raises(BadInput, match=sentence) as caught:
        model.use_adapter(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.exit_code == 2
    assert said(model) == before


@pytest.mark.parametrize("kind", [Type.F16, Type.Q8_0, Type.BF16])
def test_the_smaller_types_that_the_converter_writes_work_too(
    kind: Type, model: LlamaModel, tmp_path: Path
):
    plain = said(model)
    model.use_adapter(str(write(tmp_path / "small.gguf", two_layers(32), small=kind)))
    assert said(model) != plain


EMBEDDING = {
    "token_embd.weight": (matrices(259, 4)[1], matrices(32, 4)[1]),
    "output.weight": matrices(259, 32),
}


@pytest.mark.parametrize("name", EMBEDDING)
def test_embedding_and_head_can_be_changed_where_the_vocabulary_is_whole(
    name: str, model: LlamaModel, tmp_path: Path
):
    plain = said(model)
    model.use_adapter(str(write(tmp_path / "new.gguf", {name: EMBEDDING[name]})))
    assert said(model) != plain


@pytest.mark.parametrize("name", EMBEDDING)
def test_one_for_the_rows_of_a_vocabulary_that_was_cut_is_refused(name: str, tmp_path: Path):
    base = tmp_path / "cut.gguf"
    base.write_bytes(whole({**CHAT, adapter.CUT: "0" * 64}))  # 3 tokens, 64 wide
    pairs = {
        "token_embd.weight": (matrices(259, 4)[1], matrices(64, 4)[1]),
        "output.weight": matrices(259, 64),
    }
    path = write(tmp_path / "new.gguf", {name: pairs[name]})
    with pytest.raises(BadInput, match=f"changes {name}.*the vocabulary of cut.gguf was cut"):
        adapter.check(path, base)


def test_one_for_an_embedding_that_is_the_head_too_would_end_the_process(tmp_path: Path):
    base = tmp_path / "tied.gguf"
    base.write_bytes(whole(tensors=(("token_embd.weight", (64, 3), 0),)))
    pair = (np.ones((3, 4), np.float32), np.ones((64, 4), np.float32))
    path = write(tmp_path / "new.gguf", {"token_embd.weight": pair})
    with pytest.raises(BadInput, match=r"tied.gguf uses as its output, too"):
        adapter.check(path, base)


def test_a_catalogue_may_have_adapters(models: Path, monkeypatch: pytest.MonkeyPatch):
    path = models / "kind" / "kind.gguf"
    write(path, two_layers(32))
    file = File(path.name, path.stat().st_size, digest(path))
    entry = Entry("kind", "adapter", "llama", ("en",), "MIT", "", "", (file,), None, ())
    monkeypatch.setattr(adapter, "Shelf", lambda root: Shelf(root, (entry,)))
    assert adapter.locate("kind", models) == path


# While the assistant runs


def test_what_was_asked_before_a_switch_is_answered_before_it(models: Path):
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    thinker = Thinker(
        lambda: load(models),
        system="Be kind.",
        history_tokens=100,
        secret_tokens=2,
        guests=1,
        cores=Cores(),
        trace=Trace(),
        on_text=lambda key, piece: None,
        on_judged=lambda turn, text, complete: None,
        on_end=lambda key, text: done.put(text),
        on_failed=lambda key, error: done.put(error),
    )
    thinker.load(lambda: None)
    for turn, name in enumerate(("pirate", "corsair", "none"), 1):
        thinker.think(Key(turn, 0), "Who are you?")
        thinker.use_adapter(name, done.put)
    thinker.think(Key(9, 0), "Who are you?")
    plain, switched, pirate, refused, still, back, again = (done.get(timeout=20) for _ in range(7))
    assert thinker.stop()
    assert (switched, back) == (None, None)
    assert "there is no adapter `corsair`" in str(refused)
    assert plain == again != pirate == still


@pytest.fixture(scope="module")
def config(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Return settings for a daemon that has the tiny model and nothing that takes time."""
    own = tmp_path_factory.mktemp("run")
    return parse(
        {
            "paths": {"models": str(models), "socket": str(own / "s"), "cache": str(own)},
            "audio": {"backend": "none"},
            "wake": {"words": []},
            "asr": {"engine": "moonshine", "model": str(Config().models_dir / "moonshine-tiny-en")},
            "speech": {"engine": "espeak"},
            "skills": {"enabled": False},
            "knowledge": {"enabled": False},
            "llm": {"model": str(models / "base.gguf"), "context": 512, "max_tokens": 8},
        },
        "test",
    )


@pytest.fixture
def run(config: Config) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(command, arguments, obj=lambda: config)


def set_to(config: Config) -> Iterator[str]:
    """Yield the settings as options of the command line."""
    for section, values in config.model_dump(exclude_unset=True).items():
        for key, value in values.items():
            yield f"--set={section}.{key}={json.dumps(value)}"


def test_the_running_assistant_is_told_on_the_command_line(
    config: Config, run: Callable[..., Result], models: Path, tmp_path: Path
):
    wide = write(tmp_path / "wide.gguf", two_layers(64))
    assert "no assistant answers" in str(run("pirate").exception)
    with Child(*set_to(config), "run", "--json", env={"STATE_DIRECTORY": str(tmp_path)}) as daemon:
        assert daemon.process.stdout
        until(lambda: b'"ready"' in daemon.process.stdout.readline(), "ready")
        assert run().stdout == "  pirate\n  poet\n"
        assert "answers with the adapter pirate" in run("pirate").stdout
        assert run().stdout == "* pirate\n  poet\n"
        for wanted, sentence in (("corsair", "there is: pirate, poet"), (str(wide), "64x4")):
            refused = run(wanted)
            assert isinstance(refused.exception, BadInput)
            assert sentence in str(refused.exception)
        assert run().stdout == "* pirate\n  poet\n"
        assert "without an adapter" in run("none").stdout
        assert run().stdout == "  pirate\n  poet\n"


def test_whether_one_fits_is_told_without_a_daemon(
    config: Config, run: Callable[..., Result], models: Path, tmp_path: Path
):
    assert run("--check", "pirate").stdout.endswith(f"fits {models / 'base.gguf'}.\n")
    wide = write(tmp_path / "wide.gguf", two_layers(64))
    assert "64x4" in str(run("--check", str(wide)).exception)
    empty = config.model_copy(
        update={"paths": config.paths.model_copy(update={"models": str(tmp_path)})}
    )
    listed = CliRunner().invoke(command, [], obj=lambda: empty)
    assert (listed.stdout, listed.exit_code) == ("", 0)
    assert "there is no adapter" in listed.stderr


def test_a_device_without_a_model_has_nothing_for_an_adapter():
    NoModel("en").use_adapter("none")
    with pytest.raises(BadInput, match="no model here"):
        NoModel("en").use_adapter("pirate")


def test_the_explanation_of_the_model_names_it(config: Config):
    def explained(name: str) -> str:
        llm = config.llm.model_copy(update={"adapter": name})
        return engines.explain(config.model_copy(update={"llm": llm}))

    assert "pirate.gguf at 1" in explained("pirate")
    assert "adapter" not in explained("none")
    with pytest.raises(BadInput, match="no adapter `corsair`"):
        explained("corsair")


def test_the_real_model_answers_otherwise_with_an_adapter_and_then_as_before(tmp_path: Path):
    pairs = {
        name.format(layer): matrices(896, 896, size=2.0, seed=layer)
        for layer in (10, 11)
        for name in (QUERY, OUT)
    }
    path = write(tmp_path / "odd.gguf", pairs, "qwen2")
    model = LlamaModel(MODEL, Llm(**GREEDY | {"max_tokens": 6}))
    plain = said(model)
    model.use_adapter(str(path))
    odd = said(model)
    model.use_adapter("")
    assert said(model) == plain != odd
    model.close()
