"""Bits per byte."""

from math import log2
from pathlib import Path

import gguf
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from assistant.tuning import quality


@given(st.text(), st.integers(4, 50))
def test_parts_are_the_text_and_never_too_long(text: str, size: int) -> None:
    found = list(quality.parts(text, size))
    assert "".join(found) == text
    assert all(0 < len(part.encode()) <= size for part in found)


def test_lines_are_not_torn_where_they_fit() -> None:
    assert list(quality.parts("one\ntwo\nthree\n", 9)) == ["one\ntwo\n", "three\n"]


def test_a_model_that_knows_nothing_needs_the_bits_of_its_vocabulary(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "tiny.gguf")
    reader = gguf.GGUFReader(path, "r+")
    head = next(tensor for tensor in reader.tensors if tensor.name == "output.weight")
    head.data[:] = 0  # every token is as likely as any other
    reader.data.flush()
    texts = ["the weather in the city", "今天很好"]
    with quality.loaded(path, 1) as model:
        found = quality.measure(model, texts)
        words = model.n_vocab()
    assert found.bytes == sum(len(text.encode()) for text in texts)
    assert found.bits == pytest.approx(found.tokens * log2(words))
    assert found.bits_per_byte == pytest.approx(found.bits / found.bytes)
