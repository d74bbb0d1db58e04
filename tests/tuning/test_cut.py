"""Writing the file: what llama.cpp makes of it, with a tiny model and with the installed one."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import pytest
import tiny
from gguf import GGMLQuantizationType as Type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.config import Config
from assistant.errors import BadInput
from assistant.mind import gguf as header
from assistant.models import Shelf
from assistant.tuning import cut, making, quality, wanted
from assistant.tuning.recipe import Recipe

AS_IT_IS = Recipe(layers="Q8_0", head="Q8_0", embedding="Q8_0")
TEXT = "the weather in the city: 今天天气很好! zebra"


def write(source: Path, target: Path, recipe: Recipe, kept: Sequence[int] | None) -> Path:
    read = cut.Source(source)
    cut.write(read, cut.plan(read, recipe, kept), recipe, kept, target, lambda *_: None)
    return target


def tensors(path: Path) -> dict[str, gguf.ReaderTensor]:
    return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="module")
def kept(source: Path) -> list[int]:
    return cut.Source(source).vocabulary.choose(range(256, 256 + 100), 320)


@pytest.fixture(scope="module")
def smaller(source: Path, kept: list[int]) -> Path:
    return write(source, source.with_name("smaller.gguf"), AS_IT_IS, kept)


def test_the_kept_tokens_get_the_same_scores_as_before(
    source: Path, smaller: Path, kept: list[int]
) -> None:
    with quality.loaded(smaller, 1) as model:
        new = model.tokenize(TEXT.encode(), add_bos=False)
        model.eval(new)
        scores = model.scores[: len(new)].copy()
    assert scores.shape[1] == len(kept)
    with quality.loaded(source, 1) as model:
        model.eval([kept[token] for token in new])  # the same tokens under their old numbers
        np.testing.assert_allclose(scores, model.scores[: len(new)][:, kept], atol=1e-4, rtol=1e-4)


def test_special_tokens_are_found_under_their_new_numbers(source: Path, smaller: Path) -> None:
    with quality.loaded(smaller, 1) as model:
        end = model.tokenize(b"<|im_end|>", add_bos=False, special=True)
        assert end == [model.token_eos()]
        assert model.token_bos() == model.tokenize(b"<|endoftext|>", False, True)[0]
        assert model.n_vocab() % 64 == 0


def test_the_header_still_tells_what_the_model_is(source: Path, smaller: Path) -> None:
    before, after = header.inspect(source), header.inspect(smaller)
    assert after.size == smaller.stat().st_size
    assert replace(after, path=source, size=before.size) == before


def test_the_same_recipe_gives_the_same_bytes(
    source: Path, kept: list[int], tmp_path: Path
) -> None:
    once, twice = (
        write(source, tmp_path / name, Recipe(), kept).read_bytes() for name in ("a", "b")
    )
    assert once == twice
    assert hashlib.sha256(once).hexdigest() != hashlib.sha256(source.read_bytes()).hexdigest()


def test_weights_become_what_the_recipe_says(source: Path, kept: list[int], tmp_path: Path) -> None:
    recipe = Recipe(layers="Q4_0", head="Q4_0", embedding="Q8_0")
    made = tensors(write(source, tmp_path / "m.gguf", recipe, kept))
    assert made["token_embd.weight"].tensor_type == Type.Q8_0
    assert made["output.weight"].tensor_type == Type.Q4_0
    assert made["blk.0.ffn_up.weight"].tensor_type == Type.Q4_0
    assert made["blk.0.attn_q.bias"].tensor_type == Type.F32
    assert tuple(made["output.weight"].shape) == (tiny.WIDTH, len(kept))
    assert made.keys() == tensors(source).keys()


def test_what_the_publisher_made_q4_0_is_kept_bit_by_bit(kept: list[int], tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "q4_0.gguf", Type.Q4_0)
    before = tensors(source)
    after = tensors(write(source, tmp_path / "m.gguf", Recipe(), kept))
    for name, tensor in after.items():
        # the embedding too: nothing becomes larger than it was published
        assert tensor.tensor_type == before[name].tensor_type
        rows = kept if name in cut.BY_ROW else slice(None)
        assert (tensor.data == before[name].data[rows]).all()


def test_a_model_that_uses_its_embedding_as_its_head_stays_one(
    kept: list[int], tmp_path: Path
) -> None:
    source = tiny.write(tmp_path / "tied.gguf", tied=True)
    made = write(source, tmp_path / "m.gguf", Recipe(), kept)
    with quality.loaded(made, 1) as model:
        model.eval(model.tokenize(TEXT.encode(), add_bos=False))
        assert np.isfinite(model.scores[0]).all()
    # It is read in full for every token, so it gets the type of a head.
    assert tensors(made)["token_embd.weight"].tensor_type == Type.Q4_0


def test_weights_in_a_type_that_cannot_be_read_are_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(rows: np.ndarray, kind: Type) -> np.ndarray:  # as gguf does for newer types
        raise NotImplementedError(kind)

    read = cut.Source(source)
    monkeypatch.setattr(gguf.quants, "dequantize", unreadable)
    with pytest.raises(BadInput, match=r"weights of the type Q8_0, which cannot be converted"):
        cut.plan(read, Recipe(), None)


@pytest.mark.parametrize("size", [0, 3, 40, 1000, 20_000])
def test_a_file_that_is_cut_short_is_refused(source: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "short.gguf"
    path.write_bytes(source.read_bytes()[:size])
    with pytest.raises(BadInput, match=r"short\.gguf"):
        cut.Source(path)


def test_without_the_library_one_is_told_how_to_get_it(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(BadInput, match=r"pip install 'assistant\[tune\]'"):
        cut.Source(source)


# The vocabulary of the installed model, cut as it is shipped; weights are not needed for it


Tokenize = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def real() -> Path:
    shelf = Shelf(Config().models_dir)
    entry = making.tunable(shelf)
    path = shelf.folder(entry) / entry.files[0].path
    if not path.exists():
        pytest.skip(f"{entry.name} was deleted after it was tuned")
    return path


@pytest.fixture(scope="module")
def vocabularies(
    real: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[llama_cpp.Llama, llama_cpp.Llama, list[int]]]:
    """Yield the published vocabulary, the cut one, and the old numbers of the kept tokens."""
    recipe = making.standard()
    source = cut.Source(real)
    kept = making.kept_tokens(source.vocabulary, recipe, wanted.shipped())
    path = tmp_path_factory.mktemp("real") / "vocabulary.gguf"
    cut.write(source, [], recipe, kept, path, lambda *_: None)
    before = llama_cpp.Llama(str(real), vocab_only=True, verbose=False)
    after = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    yield before, after, kept
    before.close()
    after.close()


@pytest.mark.engine
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=60))
def test_any_text_is_read_and_written_as_it_is(
    vocabularies: tuple[llama_cpp.Llama, llama_cpp.Llama, list[int]], text: str
) -> None:
    data = text.encode()
    _, after, _ = vocabularies
    tokens = after.tokenize(data, add_bos=False, special=False)
    assert b"".join(after.detokenize([token]) for token in tokens) == data


@pytest.mark.engine
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.sampled_from("theaio nrs.,\n1今天的我你是了不"), max_size=80))
def test_a_text_of_kept_tokens_is_cut_up_as_before(
    vocabularies: tuple[llama_cpp.Llama, llama_cpp.Llama, list[int]], text: str
) -> None:
    before, after, kept = vocabularies
    old = before.tokenize(text.encode(), add_bos=False, special=False)
    new = [kept[token] for token in after.tokenize(text.encode(), add_bos=False, special=False)]
    if set(old) <= set(kept):
        assert new == old
    else:  # other tokens, as many or more, that say the same
        assert b"".join(before.detokenize([token]) for token in new) == text.encode()


@pytest.mark.engine
@pytest.mark.parametrize(
    "text",
    [
        "What is the weather like today? I don't know, but I'd say it's going to rain.",
        "今天天气怎么样？我不知道，可能会下雨。请提醒我带伞。",
        "def add(first, second):\n    return first + second\n",
        "Sure! Here are three tips:\n\n1. **Sleep** early.\n2. Drink water.\n",
    ],
)
def test_ordinary_text_is_cut_up_as_before(
    vocabularies: tuple[llama_cpp.Llama, llama_cpp.Llama, list[int]], text: str
) -> None:
    before, after, kept = vocabularies
    new = after.tokenize(text.encode(), add_bos=False, special=False)
    assert [kept[token] for token in new] == before.tokenize(text.encode(), False, False)


@pytest.mark.engine
def test_control_tokens_are_read_as_such(
    vocabularies: tuple[llama_cpp.Llama, llama_cpp.Llama, list[int]],
) -> None:
    before, after, kept = vocabularies
    text = b"<|im_start|>user\nhello<|im_end|>"
    new = after.tokenize(text, add_bos=False, special=True)
    assert [kept[token] for token in new] == before.tokenize(text, add_bos=False, special=True)
    assert (after.token_eos(), kept[after.token_eos()]) != (before.token_eos(),) * 2
    assert kept[after.token_eos()] == before.token_eos()


@pytest.mark.engine
def test_the_shipped_list_is_for_this_vocabulary_and_small(real: Path) -> None:
    shipped = wanted.shipped()
    assert shipped.fingerprint == cut.Source(real).vocabulary.fingerprint
    assert wanted.SHIPPED.stat().st_size < 150_000
