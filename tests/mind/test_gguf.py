import ctypes
import json
import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import gguf_files as files
import pytest
from gguf_files import CHAT, MODEL, pair, start, text, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import BadInput
from assistant.mind import gguf

SPOKEN = Path(gguf.__file__).parents[1] / "data/question-en.wav"


@pytest.fixture(scope="module")
def inspect(tmp_path_factory):
    """Inspect bytes, as a file."""
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"

    def look(data):
        path.write_bytes(data)
        return gguf.inspect(path)

    return look


def refused(path):
    """Return the one sentence that refuses the file at `path`."""
    with pytest.raises(BadInput) as caught:
        gguf.inspect(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < len(str(path)) + 500
    return sentence


def refuse(tmp_path, data):
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    return refused(path)


# --- whole files -------------------------------------------------------------------------------


@pytest.mark.engine
def test_the_real_models_header_is_read():
    header = gguf.inspect(MODEL)
    assert header == gguf.Header(
        path=MODEL,
        size=491_400_064,
        version=3,
        architecture="qwen2",
        name="Qwen2.5 Coder 0.5B Instruct AWQ",
        tokenizer="gpt2",
        chat_template=True,
        context_length=32768,
        quantization="Q4_K_M",
        kv_bytes=24 * 2 * 64 * 2 * 2,  # layers, key-value heads, width, key and value, 16 bits
    )


def test_a_small_model_is_read(inspect):
    header = inspect(whole())
    assert (header.name, header.quantization, header.version) == ("Tiny", "Q4_0", 3)
    assert (header.architecture, header.tokenizer) == ("llama", "gpt2")
    assert (header.context_length, header.kv_bytes) == (512, 256)
    assert header.size == len(whole())
    assert header.memory(100) == header.size + 25_600 + gguf.WORKSPACE


def test_the_width_of_keys_and_values_may_be_told(inspect):
    told = {"llama.attention.key_length": 100, "llama.attention.value_length": 50}
    assert inspect(whole({**CHAT, **told})).kv_bytes == 2 * 2 * 150 * 2


def test_a_model_may_say_next_to_nothing_of_itself(inspect):
    told = {key: value for key, value in CHAT.items() if key.startswith("tokenizer")}
    header = inspect(whole(told))
    assert (header.name, header.quantization) == ("model", "of unknown quantization")
    assert (header.context_length, header.kv_bytes) == (0, 0)


def test_version_2_is_read_too(inspect):
    assert inspect(whole(version=2)).version == 2


def test_what_follows_the_last_tensor_does_not_matter(inspect):
    assert inspect(whole() + b"more").name == "Tiny"


scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(width=32),
    st.text(max_size=20),
)
arrays = st.one_of(
    st.lists(st.text(max_size=20), max_size=20),
    st.lists(st.integers(0, 2**32 - 1), max_size=20),
    st.lists(st.booleans(), max_size=20),
)
metadata = st.dictionaries(st.text(max_size=20).map("x.".__add__), scalars | arrays, max_size=8)


@settings(deadline=None)
@given(metadata, st.integers(0, 12))
def test_unknown_metadata_of_every_type_is_passed_over(inspect, told, place):
    told = list(told.items())
    known = list(CHAT.items())
    assert inspect(whole(dict(known[:place] + told + known[place:]))).kv_bytes == 256


def test_a_vocabulary_larger_than_what_is_read_at_once_is_passed_over(inspect):
    words = ["é" * (n % 700) for n in range(6000)]
    words[3000] = "long" * 1_000_000
    assert inspect(whole({**CHAT, "tokenizer.ggml.tokens": words})).chat_template


@pytest.mark.engine
def test_the_sizes_of_blocks_are_llama_cpps_own():
    import llama_cpp

    base = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib/libggml-base.so"))
    base.ggml_blck_size.restype = ctypes.c_int64
    base.ggml_type_size.restype = ctypes.c_size_t
    sizes = {
        kind: (base.ggml_blck_size(kind), base.ggml_type_size(kind))
        for kind in range(llama_cpp.GGML_TYPE_COUNT)
    }
    assert {kind: size for kind, size in sizes.items() if size != (0, 0)} == gguf.BLOCKS


# --- no model ----------------------------------------------------------------------------------


def test_what_is_not_there_is_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "absent.gguf")
    assert "Not a directory" in refused(Path(gguf.__file__) / "model.gguf")


def test_what_is_no_file_is_refused(tmp_path):
    assert "is a folder" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "is no ordinary file" in refused(tmp_path / "pipe.gguf")
    assert "is no ordinary file" in refused(Path("/dev/zero"))


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot be read: File name too long"):
        gguf.inspect(tmp_path / ("m" * 300))


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    (tmp_path / "model.gguf").symlink_to("model.gguf")
    assert "cannot be read" in refused(tmp_path / "model.gguf")


def test_zero_bytes_are_refused(tmp_path):
    assert "is empty (0 bytes)" in refuse(tmp_path, b"")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (SPOKEN.read_bytes(), "a WAV or AVI file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1d96\nsize 4\n", "Git LFS"),
        (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "a web page"),
        (b"<!doctype html>", "a web page"),
        (b"<html lang=en>", "a web page"),
        (b"\x1f\x8b\x08\x00\x00", "a gzip archive"),
        (b"tjgg\x03\x00\x00\x00", "old format"),
        (b"lmgg", "old format"),
        (b"hello", r"b'hello'"),
        (b"\x00" * 5000, r"b'\x00"),
        (b"GGU?" * 100, r"b'GGU?"),
        (b"FUGG\x03\x00\x00\x00", r"b'FUGG"),
    ],
)
def test_another_kind_of_file_is_named(tmp_path, data, found):
    sentence = refuse(tmp_path, data)
    assert "is no GGUF model" in sentence
    assert found in sentence


def test_a_pytorch_model_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    assert "PyTorch" in refused(tmp_path / "model.bin")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"tokenizer.ggml.model": None}, "has no vocabulary (its architecture is `llama`)"),
        ({"tokenizer.ggml.model": ""}, "has no vocabulary"),
        ({"tokenizer.ggml.model": 7}, "has no vocabulary"),
        ({"tokenizer.chat_template": None}, "has no chat template"),
        ({"tokenizer.chat_template": ["a"]}, "has no chat template"),
        ({"general.type": "mmproj"}, "of the type `mmproj`"),
        ({"general.type": "adapter"}, "of the type `adapter`"),
    ],
)
def test_what_cannot_converse_is_refused(tmp_path, told, why):
    told = {key: value for key, value in {**CHAT, **told}.items() if value is not None}
    sentence = refuse(tmp_path, whole(told))
    assert "is no model for conversation" in sentence
    assert why in sentence


def test_what_a_file_says_of_itself_stays_one_short_sentence(tmp_path, inspect):
    rude = "a\nb\x1b[31m\x00\u2028" + "c" * 10_000
    assert "`ab[31mccc" in refuse(tmp_path, whole({**CHAT, "general.type": rude}))
    del (told := {**CHAT, "general.architecture": rude})["tokenizer.ggml.model"]
    assert "`ab[31mccc" in refuse(tmp_path, whole(told))
    assert inspect(whole({**CHAT, "general.name": rude})).name.isprintable()


# --- damaged -----------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize(
    "length", [5, 100, 4096, 1_000_000, files.HEADER, 245_700_032, 491_400_063]
)
def test_the_real_model_cut_short_is_refused(tmp_path, length):
    sentence = refused(files.cut(tmp_path / "model.gguf", length))
    assert "is cut short" in sentence
    assert "fetch the model again" in sentence
    if length >= files.HEADER:
        assert "491400064" in sentence or "491 MB" in sentence


def test_a_model_cut_anywhere_is_refused(tmp_path):
    data = whole()
    for length in [*range(4, len(data), 7), len(data) - 1]:
        assert "is cut short" in refuse(tmp_path, data[:length])


def test_a_tensor_of_an_unknown_type_reaches_at_least_to_its_beginning(tmp_path, inspect):
    data = bytearray(whole())
    last = data.rindex(b"output.weight") + len("output.weight") + 4 + 2 * 8
    assert data[last : last + 4] == struct.pack("<I", 2)
    data[last : last + 4] = struct.pack("<I", 999)
    assert inspect(bytes(data)).name == "Tiny"
    begins = len(data) - 108
    assert inspect(bytes(data[:begins])).name == "Tiny"
    assert "is cut short" in refuse(tmp_path, bytes(data[: begins - 1]))


ENTRY = text("w") + struct.pack("<IQ", 1, 4)
"""A tensor of the table up to its type."""
HUGE = 2**64 - 1
LIES = {
    "unknown version": (start(0, 0, version=1), "version 1"),
    "big endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version 50331648"),
    "huge counts": (start(HUGE, HUGE), "speaks of"),
    "huge count of pairs": (start(0, HUGE), "speaks of"),
    "huge count of tensors": (start(HUGE, 0) + bytes(1000), "speaks of"),
    "huge key": (start(0, 1) + struct.pack("<Q", HUGE) + b"x", "cut short"),
    "huge text": (start(0, 1) + text("k") + struct.pack("<IQ", 8, HUGE), "cut short"),
    "huge array": (start(0, 1) + text("k") + struct.pack("<IIQ", 9, 4, HUGE), "cut short"),
    "huge array of texts": (
        start(0, 1) + text("k") + struct.pack("<IIQ", 9, 8, HUGE) + bytes(100_000),
        "cut short",
    ),
    "huge text in an array": (
        start(0, 1) + text("k") + struct.pack("<IIQQ", 9, 8, 2, HUGE) + bytes(100_000),
        "cut short",
    ),
    "unknown type": (start(0, 1) + text("k") + struct.pack("<I", 13), "type 13"),
    "array of arrays": (start(0, 1) + text("k") + struct.pack("<IIQ", 9, 9, 1), "array of type 9"),
    "a key twice": (start(0, 2) + pair("k", 1) + pair("k", 2), "'k' twice"),
    "overwritten by zeros": (start(291, 28) + bytes(100_000), "twice"),
    "no alignment": (start(0, 1) + pair("general.alignment", 0), "alignment is 0"),
    "alignment of a text": (start(0, 1) + pair("general.alignment", "x"), "alignment is 'x'"),
    "huge alignment": (start(0, 1) + pair("general.alignment", HUGE), "cut short"),
    "many dimensions": (start(1, 0) + text("w") + struct.pack("<I", 2**32 - 1), "dimensions"),
    "huge tensor": (
        start(1, 0) + text("w") + struct.pack("<I4QIQ", 4, HUGE, HUGE, HUGE, HUGE, 0, HUGE),
        "cut short",
    ),
    "tensor far away": (start(1, 0) + ENTRY + struct.pack("<IQ", 0, HUGE), "cut short"),
    "tensor of an unknown type far away": (
        start(1, 0) + ENTRY + struct.pack("<IQ", 4_000_000_000, HUGE),
        "cut short",
    ),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused_without_taking_memory(tmp_path, lie):
    data, why = LIES[lie]
    tracemalloc.start()
    sentence = refuse(tmp_path, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert why in sentence
    assert "fetch the model again" in sentence
    assert peak < 4_000_000


LARGE_LIES = {
    "pairs": start(0, 99_999),
    "tensors": start(99_999, 0),
    "text": start(0, 1) + text("k") + struct.pack("<IQ", 8, 1 << 40),
    "array": start(0, 1) + text("k") + struct.pack("<IIQ", 9, 4, 1 << 37),
    "array of texts": start(0, 1) + text("k") + struct.pack("<IIQ", 9, 8, 1 << 37),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("lie", LARGE_LIES)
def test_a_lie_in_a_very_large_file_is_refused_without_reading_it_all(tmp_path, monkeypatch, lie):
    monkeypatch.setattr(gguf, "MAX_HEADER", 4 << 20)
    path = tmp_path / "model.gguf"
    path.write_bytes(LARGE_LIES[lie])
    os.truncate(path, 1 << 40)  # a hole
    tracemalloc.start()
    refused(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * gguf.MAX_HEADER


def outcome(inspect, data):
    """Inspect what may or may not be a model; only `BadInput` may come, one sentence."""
    try:
        return inspect(data)
    except BadInput as error:
        said = str(error)
    assert "\n" not in said
    return None


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_model(inspect, data):
    assert outcome(inspect, data) is None
    assert outcome(inspect, b"GGUF" + data) is None


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(st.integers(0, 3), st.integers(0, 3), st.binary(max_size=300))
def test_random_bytes_after_a_good_beginning_are_no_model(inspect, tensors, pairs, data):
    assert outcome(inspect, start(tensors, pairs) + data) is None


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), max_size=4))
def test_overwritten_bytes_never_raise_anything_else(inspect, changes):
    data = bytearray(whole())
    for at, new in changes:
        at %= len(data)
        data[at : at + len(new)] = new
    header = outcome(inspect, bytes(data))
    assert header is None or header.size == len(data)


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*CHAT, "general.type", "general.alignment", "llama.attention.key_length"]),
        scalars | arrays,
        max_size=6,
    )
)
def test_metadata_of_the_wrong_type_never_raises_anything_else(inspect, told):
    header = outcome(inspect, whole({**CHAT, **told}))
    if header:
        gguf.check_memory(header, 2048, None)
        with pytest.raises(BadInput):
            gguf.check_memory(header, 2048, 0)


# --- memory ------------------------------------------------------------------------------------


def test_too_little_memory_is_said_with_figures_and_a_way_out(inspect):
    header = inspect(whole())
    wanted = header.memory(2048)
    gguf.check_memory(header, 2048, wanted)
    gguf.check_memory(header, 2048, None)
    with pytest.raises(BadInput) as caught:
        gguf.check_memory(header, 2048, wanted - 1)
    assert str(caught.value).endswith(
        "model.gguf: wants about 84 MB of memory and only 84 MB are free; end other programs, take "
        "a smaller model (`assistant models list`) or lower `llm.context` (now 2048)."
    )


def test_a_longer_context_wants_more_memory(inspect):
    header = inspect(whole())
    gguf.check_memory(header, 2048, header.memory(2048))
    with pytest.raises(BadInput, match=r"now 4096"):
        gguf.check_memory(header, 4096, header.memory(2048))


MEASURE = """
import json, sys
from pathlib import Path
from assistant.config import Llm
from assistant.mind import gguf
from assistant.mind.llama import LlamaModel
from assistant.mind.model import Message

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

path, context = Path(sys.argv[1]), int(sys.argv[2])
before = resident()
model = LlamaModel(path, Llm(context=context, max_tokens=4, threads=1, batch_threads=1))
list(model.reply([Message("user", "one two " * 80)], lambda: False))
assert model.usage.prompt_tokens > 160  # more than a batch
print(json.dumps([gguf.inspect(path).memory(context), resident() - before]))
"""


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("context", [512, 2048])
def test_the_estimate_is_what_the_model_really_takes(context):
    """The KV cache counts whole from the start: llama.cpp fills it with zeros."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, MODEL, str(context)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=150,
    )
    estimate, taken = json.loads(run.stdout)
    assert 0.85 * estimate < taken < 1.05 * estimate
