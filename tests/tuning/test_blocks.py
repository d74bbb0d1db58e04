"""Quantizing to 4 bits: llama.cpp's own formats, and never worse than its own way of doing it."""

import hashlib

import numpy as np
import pytest
from gguf import GGMLQuantizationType, quants
from hypothesis import given
from hypothesis import strategies as st

from assistant.tuning import blocks

Q4_0 = GGMLQuantizationType.Q4_0
FORMS = pytest.mark.parametrize("name", sorted(blocks.FORMS))


def some(seed: int, rows: int, columns: int, spread: float) -> np.ndarray:
    """Return weights of many kinds: a bell curve, with zeros and a few far out."""
    chance = np.random.default_rng(seed)
    values = chance.normal(0, spread, (rows, columns))
    values[chance.random(values.shape) < 0.1] = 0
    values[chance.random(values.shape) < 0.02] *= 20
    return values.astype(np.float32)


weights = st.builds(
    some,
    st.integers(0, 2**32),
    st.integers(1, 5),
    st.sampled_from([32, 64, 96]),
    st.sampled_from([0.01, 1, 30]),
)


def pack(rows: np.ndarray, name: str = "Q4_0") -> np.ndarray:
    return blocks.pack(rows, blocks.FORMS[name])


def unpack(packed: np.ndarray, name: str = "Q4_0") -> np.ndarray:
    """Return the weights as llama.cpp's authors read them."""
    return quants.dequantize(packed, GGMLQuantizationType[name])


def plain(rows: np.ndarray, name: str) -> np.ndarray:
    """Return the weights after the plain way: the scale hits the largest one, and no other."""
    form = blocks.FORMS[name]
    split = rows.reshape(-1, blocks.SIZE)
    largest = split[np.arange(len(split)), np.abs(split).argmax(1)]
    scale = (largest / form.reach[0]).astype(np.float16).astype(np.float64)[:, None]
    values = np.array(form.values) * scale
    places = np.abs(split[:, :, None] - values[:, None, :]).argmin(2)
    return np.take_along_axis(values, places, 1).reshape(rows.shape)


def off(rows: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Return the squared error of each block."""
    return ((rows - back).astype(np.float64) ** 2).reshape(-1, blocks.SIZE).sum(1)


def lost(rows: np.ndarray) -> np.ndarray:
    """The scale is kept in 16 bits: that much of a block may be lost after the best is found."""
    return (rows**2).reshape(-1, blocks.SIZE).sum(1) * 1e-4


@given(weights)
def test_no_block_is_further_off_than_with_llama_cpps_own_quantizer(rows: np.ndarray) -> None:
    ours, theirs = off(rows, unpack(pack(rows))), off(rows, unpack(quants.quantize(rows, Q4_0)))
    assert (ours <= theirs * 1.01 + lost(rows)).all()


def test_on_weights_as_models_have_them_the_error_is_clearly_smaller() -> None:
    chance = np.random.default_rng(3)
    rows = quants.dequantize(
        quants.quantize(
            chance.normal(0, 0.02, (64, 896)).astype(np.float32), GGMLQuantizationType.Q5_0
        ),
        GGMLQuantizationType.Q5_0,
    )
    ours, theirs = off(rows, unpack(pack(rows))), off(rows, unpack(quants.quantize(rows, Q4_0)))
    assert ours.sum() < 0.8 * theirs.sum()


@FORMS
def test_it_is_clearly_nearer_than_in_the_plain_way(name: str) -> None:
    rows = np.random.default_rng(4).normal(0, 0.02, (64, 896)).astype(np.float32)
    ours, theirs = off(rows, unpack(pack(rows, name), name)), off(rows, plain(rows, name))
    assert ours.sum() < 0.9 * theirs.sum()


@FORMS
@given(st.integers(0, 15), st.integers(1, 31), st.floats(2**-10, 8, width=16))
def test_what_is_in_the_format_already_stays_as_it_is(
    name: str, number: int, at: int, scale: float
) -> None:
    values = blocks.FORMS[name].values
    whole = np.zeros((1, 32), np.float32)
    whole[0] = values[8] * scale  # the one next to zero
    whole[0, 0], whole[0, at] = values[0] * scale, values[number] * scale
    assert (unpack(pack(whole, name), name) == whole).all()


@FORMS
def test_zeros_stay_zeros(name: str) -> None:
    assert not unpack(pack(np.zeros((2, 64), np.float32), name), name).any()


@FORMS
@given(weights)
def test_a_row_does_not_depend_on_its_neighbours(name: str, rows: np.ndarray) -> None:
    alone = [pack(rows[n : n + 1], name) for n in range(len(rows))]
    assert (pack(rows, name) == np.concatenate(alone)).all()


@pytest.mark.parametrize(
    ("name", "digest"), [("Q4_0", "3d51397b76e161d6"), ("IQ4_NL", "82ae9566b9b1f988")]
)
def test_every_machine_gets_the_same_bytes(name: str, digest: str) -> None:
    integers = np.random.default_rng(5).integers(-(10**6), 10**6, (1000, 96))
    packed = pack((integers / 2.0**20).astype(np.float32), name)
    assert hashlib.sha256(packed.tobytes()).hexdigest()[:16] == digest
