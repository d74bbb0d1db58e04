"""Looks at a language model's file without loading it.

The format is GGUF: a magic number, typed metadata, a table of tensors, the tensors
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Only metadata and table are read, a
few MB; nothing is believed before it is checked against the size of the file.
"""

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import BinaryIO

from assistant.errors import BadInput

MAGIC = b"GGUF"
MAX_HEADER = 64 << 20
"""Bytes of metadata and table that are read at the most; the largest vocabularies take 20 MB."""

MAX_ENTRIES = 100_000
"""Pairs of metadata, and tensors, at the most; the largest models have a few thousand tensors."""

SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
"""Metadata types of a fixed size, as `struct` names them."""
STRING, ARRAY = 8, 9

BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)},
    **{9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176)},
    **{14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98)},
    **{19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1)},
    **{25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18), 42: (64, 18)},
}
"""Tensor type -> (weights in a block, bytes of a block), as `ggml_blck_size` and `ggml_type_size`
say; a test compares them."""

QUANTIZATIONS = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K"},
    **{11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S"},
    **{17: "Q5_K_M", 18: "Q6_K", 25: "IQ4_NL", 30: "IQ4_XS", 32: "BF16"},
}
"""`general.file_type` -> what people call it (`enum llama_ftype`)."""

OTHERS = {
    b"version https://git-lfs": "a Git LFS pointer instead of the file",
    b"<!DOCTYPE": "a web page",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"PK\x03\x04": "a ZIP archive or PyTorch model",
    b"\x1f\x8b": "a gzip archive",
    b"tjgg": "a model in GGML's old format",
    b"lmgg": "a model in GGML's old format",
    b"RIFF": "a WAV or AVI file",
}
"""First bytes of files that are taken for models."""

WORKSPACE = 80 << 20
"""Bytes that llama.cpp takes beside weights and KV cache: vocabulary and buffers (about 60 MB for
the 151,936 words of Qwen2.5, measured; a test compares the sum)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself."""

    path: Path
    size: int
    """Bytes of the file."""
    version: int
    architecture: str
    name: str
    tokenizer: str
    """Kind of vocabulary; empty: none."""
    chat_template: bool
    context_length: int
    """Tokens it was trained for; 0: not told."""
    quantization: str
    kv_bytes: int
    """Bytes of KV cache for one token at 16 bits; 0: not told."""

    def memory(self, context: int) -> int:
        """Bytes of memory wanted with a context of that many tokens, about."""
        return self.size + context * self.kv_bytes + WORKSPACE


Shape = tuple[int, ...]
"""Weights in each direction of a tensor, those that lie side by side first."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A line of the table of tensors."""

    shape: Shape
    kind: int
    """Type of the weights (`enum ggml_type`)."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What any GGUF file holds, apart from the weights."""

    metadata: dict[str, object]
    """Of an array only that it is there."""
    tensors: dict[str, Tensor]

    def text(self, key: str) -> str:
        """Return a text of the metadata, fit for a terminal; empty where there is none."""
        return _text(self.metadata, key)


class _Damaged(Exception):
    """The header cannot be what it says it is; the text says why."""


class _CutShort(Exception):
    """The file ends within its header."""


@dataclass(slots=True)
class _Reader:
    """Takes little-endian values one after the other, never more than the file has."""

    file: BinaryIO
    size: int
    at: int = 0
    metadata: dict[str, object] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        self._claim(count)
        data = self.file.read(count)
        if len(data) < count:  # it became shorter while it was read
            raise _CutShort
        return data

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        self._claim(count)
        self.file.seek(count, os.SEEK_CUR)

    def number(self, kind: str) -> int:
        """Return a whole number; `kind` is a letter of `struct`."""
        return int(struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))[0])

    def text(self) -> str:
        """Return a text."""
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def value(self) -> object:
        """Return a metadata value; of an array only its length."""
        kind = self.number("I")
        if kind == STRING:
            return self.text()
        if kind in SCALARS:
            code = "<" + SCALARS[kind]
            value: object = struct.unpack(code, self.take(struct.calcsize(code)))[0]
            return value
        if kind != ARRAY:
            raise _Damaged(f"it has metadata of type {kind}")
        return self._array()

    def _array(self) -> list[None]:
        kind, length = self.number("I"), self.number("Q")
        if kind in SCALARS:
            self.skip(length * struct.calcsize("<" + SCALARS[kind]))
        elif kind == STRING:
            self._skip_texts(length)
        else:
            raise _Damaged(f"it has an array of type {kind}")
        return []

    def _skip_texts(self, count: int) -> None:
        """Pass over `count` texts; a vocabulary has 300,000, so they are taken by the megabyte."""
        unpack = struct.Struct("<Q").unpack_from
        while count:
            window = self.file.read(1 << 20)
            at = 0
            while count and at + 8 <= len(window):
                at += 8 + unpack(window, at)[0]
                count -= 1
            self._claim(at or 8)
            self.file.seek(at - len(window), os.SEEK_CUR)

    def _claim(self, count: int) -> None:
        self.at += count
        if self.at > self.size:
            raise _CutShort
        if self.at > MAX_HEADER:
            raise _Damaged(f"its header is longer than {MAX_HEADER >> 20} MB")


def inspect(path: Path) -> Header:
    """Read the header of a language model.

    Raises `BadInput` in one sentence for a file that is absent, no file, empty, unreadable, not
    GGUF, damaged, cut short, or no model for conversation.
    """
    with _opened(path) as reader:
        header = _describe(path, reader, _checked(path, reader))
        _check_kind(header, reader.metadata)
        return header


def contents(path: Path) -> Contents:
    """Read metadata and table of any GGUF file; raises `BadInput` for one that is damaged."""
    with _opened(path) as reader:
        _checked(path, reader)
        return Contents(reader.metadata, reader.tensors)


@contextmanager
def _opened(path: Path) -> Iterator[_Reader]:
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            what = "a folder" if stat.S_ISDIR(kind.st_mode) else "no ordinary file"
            raise BadInput(
                "{path}: is {what}; a language model is one file that ends in .gguf.",
                path=path,
                what=what,
            )
        if kind.st_size == 0:
            raise BadInput("{path}: is empty (0 bytes); fetch the model again.", path=path)
        with path.open("rb") as file:
            yield _Reader(file, kind.st_size)
    except FileNotFoundError:
        raise BadInput(
            "{path}: no such file; `assistant models list` shows the language models.", path=path
        ) from None
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read: {strerror}.", path=path, strerror=error.strerror
        ) from error


def check_context(header: Header, context: int) -> None:
    """Raise `BadInput` when the model was not made for as many tokens as `context`."""
    if 0 < header.context_length < context:
        raise BadInput(
            "`llm.context` is {context}; {name} was made for at most {context_length} tokens.",
            context=context,
            name=header.path.name,
            context_length=header.context_length,
        )


def check_memory(header: Header, context: int, available: int | None) -> None:
    """Raise `BadInput` when the model with `context` tokens wants more than `available` bytes."""
    wanted = header.memory(context)
    if available is not None and wanted > available:
        raise BadInput(
            "{path}: wants about {wanted:.0f} MB of memory and only {available:.0f} MB are "
            "free; end other programs, take a smaller model (`assistant models list`) or lower "
            "`llm.context` (now {context}).",
            path=header.path,
            wanted=wanted / 1000000.0,
            available=available / 1000000.0,
            context=context,
        )


def _checked(path: Path, reader: _Reader) -> int:
    """Read all that comes before the weights; return the version of the format."""
    start = reader.file.read(32)
    reader.file.seek(0)
    if not start.startswith(MAGIC[: len(start)]):
        found = next((what for mark, what in OTHERS.items() if start.startswith(mark)), "")
        raise BadInput(
            "{path}: is no GGUF model; found {start} where {magic!r} must be.",
            path=path,
            start=found or repr(start[:8]),
            magic=MAGIC,
        )
    try:
        version, demanded = _read(reader)
    except _CutShort:
        raise BadInput(
            "{path}: is cut short: it ends after {size} bytes, within its header; fetch the "
            "model again.",
            path=path,
            size=reader.size,
        ) from None
    except _Damaged as damage:
        raise BadInput(
            "{path}: is damaged: {damage}; fetch the model again.", path=path, damage=damage
        ) from None
    if demanded > reader.size:
        raise BadInput(
            "{path}: is cut short: it has {demanded}; fetch the model again.",
            path=path,
            demanded=_size(reader.size, demanded),
        )
    return version


def _read(reader: _Reader) -> tuple[int, int]:
    """Read metadata and tensor table; return the version and the file's size that they demand."""
    reader.take(len(MAGIC))
    version = reader.number("I")
    if version not in (2, 3):
        raise _Damaged(f"it has version {version} of the format, known are 2 and 3")
    tensors, pairs = reader.number("Q"), reader.number("Q")
    if max(tensors, pairs) > MAX_ENTRIES:
        raise _Damaged(f"its header speaks of {tensors} tensors and {pairs} pairs of metadata")
    for _ in range(pairs):
        key = reader.text()
        if key in reader.metadata:  # also where the header is overwritten by zeros
            raise _Damaged(f"it has the metadata {short(key)!r} twice")
        reader.metadata[key] = reader.value()
    ends = [_tensor_end(reader) for _ in range(tensors)]
    alignment = reader.metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise _Damaged(f"its alignment is {alignment!r}")
    return version, -(-reader.at // alignment) * alignment + max(ends, default=0)


def _tensor_end(reader: _Reader) -> int:
    """Take down a tensor of the table; return where it ends, from the first tensor's beginning."""
    name, dimensions = reader.text(), reader.number("I")
    if dimensions > 4:
        raise _Damaged(f"a tensor has {dimensions} dimensions")
    shape = tuple(reader.number("Q") for _ in range(dimensions))
    kind, offset = reader.number("I"), reader.number("Q")
    reader.tensors[name] = Tensor(shape, kind)
    per_block, size = BLOCKS.get(kind, (1, 0))  # of a type not known here: at least where it begins
    return offset + prod(shape) // per_block * size


def _describe(path: Path, reader: _Reader, version: int) -> Header:
    told = reader.metadata
    architecture = _text(told, "general.architecture")
    heads = _number(told, f"{architecture}.attention.head_count")
    width = _number(told, f"{architecture}.embedding_length") // heads if heads else 0
    lengths = (
        _number(told, f"{architecture}.attention.{part}_length", width) for part in ("key", "value")
    )
    kv_heads = _number(told, f"{architecture}.attention.head_count_kv", heads)
    file_type = _number(told, "general.file_type", -1)
    return Header(
        path=path,
        size=reader.size,
        version=version,
        architecture=architecture,
        name=_text(told, "general.name") or path.stem,
        tokenizer=_text(told, "tokenizer.ggml.model"),
        chat_template=bool(_text(told, "tokenizer.chat_template")),
        context_length=_number(told, f"{architecture}.context_length"),
        quantization=QUANTIZATIONS.get(file_type, "of unknown quantization"),
        kv_bytes=_number(told, f"{architecture}.block_count") * kv_heads * sum(lengths) * 2,
    )


def _check_kind(header: Header, told: dict[str, object]) -> None:
    """Refuse what is GGUF and yet cannot converse."""
    kind = _text(told, "general.type") or "model"
    if kind != "model":
        wrong = f"it says that it is of the type `{kind}`"
    elif not header.tokenizer:
        wrong = f"it has no vocabulary (its architecture is `{header.architecture}`)"
    elif not header.chat_template:
        wrong = "it has no chat template"
    else:
        return
    raise BadInput(
        "{path}: is no model for conversation: {wrong}; take one made for chat (often called "
        "Instruct).",
        path=header.path,
        wrong=wrong,
    )


def _text(told: dict[str, object], key: str) -> str:
    value = told.get(key)
    return short(value) if isinstance(value, str) else ""


def short(text: str) -> str:
    """Return what of a stranger's text fits into a sentence on a terminal."""
    return "".join(character for character in text[:200] if character.isprintable())


def _number(told: dict[str, object], key: str, default: int = 0) -> int:
    value = told.get(key)
    return value if isinstance(value, int) and value >= 0 else default


def _size(found: int, demanded: int) -> str:
    """Say two sizes so that they differ also when they are rounded."""
    if demanded - found < 1_000_000:
        return f"{found} bytes, its header says {demanded}"
    return f"{found / 1e6:.0f} MB, its header says {demanded / 1e6:.0f} MB"
