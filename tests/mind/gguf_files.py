"""GGUF files made for tests: small, whole, and broken in every way."""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from assistant.config import Config

MODEL = Config().models_dir / "qwen2.5-coder-0.5b-q4_k_m/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
"""The language model that the tests use."""
HEADER = 8 << 20
"""Bytes of `MODEL` that hold all its header."""

CHAT = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "general.file_type": 2,
    "llama.context_length": 512,
    "llama.embedding_length": 64,
    "llama.block_count": 2,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b", "好"],
    "tokenizer.ggml.scores": [0.0, -1.0, -2.0],
    "tokenizer.chat_template": "{{ messages }}",
}
"""Metadata of a model that can converse: a KV cache of 2 * 2 * (16 + 16) * 2 bytes a token."""
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)
TENSORS = (("token_embd.weight", (64, 3), 0), ("output.weight", (64, 3), 2))
"""Name, dimensions and type of each; 768 and 108 bytes."""


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def typed(value: Any) -> tuple[int, bytes]:
    """Return the type and the bytes of a metadata value."""
    match value:
        case bool():
            return 7, struct.pack("<?", value)
        case int() if 0 <= value < 1 << 32:
            return 4, struct.pack("<I", value)
        case int():
            return (10, struct.pack("<Q", value)) if value > 0 else (11, struct.pack("<q", value))
        case float():
            return 6, struct.pack("<f", value)
        case str() | bytes():
            return 8, text(value)
        case np.ndarray():
            return 9, struct.pack("<IQ", 5, len(value)) + value.astype("<i4").tobytes()
    kinds = [typed(item) for item in value]
    kind = kinds[0][0] if kinds else 4
    return 9, struct.pack("<IQ", kind, len(kinds)) + b"".join(data for _, data in kinds)


def pair(key: str, value: Any) -> bytes:
    kind, data = typed(value)
    return text(key) + struct.pack("<I", kind) + data


def start(tensors: int, pairs: int, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs)


def header(metadata: dict[str, Any], tensors=TENSORS, version: int = 3) -> bytes:
    """Return metadata and table, padded to where the first tensor begins."""
    made = start(len(tensors), len(metadata), version)
    made += b"".join(pair(key, value) for key, value in metadata.items())
    offset = 0
    for name, dimensions, kind in tensors:
        made += text(name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
        made += struct.pack("<IQ", kind, offset)
        offset += -(-size(dimensions, kind) // 32) * 32
    return made + bytes(-len(made) % 32)


def size(dimensions, kind: int) -> int:
    """Bytes of a tensor of type F32 (0) or Q4_0 (2)."""
    weights = 1
    for dimension in dimensions:
        weights *= dimension
    return {0: weights * 4, 2: weights // 32 * 18}[kind]


def whole(metadata: dict[str, Any] | None = None, tensors=TENSORS, version: int = 3) -> bytes:
    """Return a complete file; the last tensor is not padded."""
    made = header(CHAT if metadata is None else metadata, tensors, version)
    for number, (_, dimensions, kind) in enumerate(tensors, 1):
        made += b"\x11" * size(dimensions, kind)
        if number < len(tensors):
            made += bytes(-len(made) % 32)
    return made


def cut(path: Path, length: int) -> Path:
    """Write the first `length` bytes of `MODEL`; what comes after its header is a hole."""
    with MODEL.open("rb") as model:
        path.write_bytes(model.read(min(length, HEADER)))
    with path.open("r+b") as file:
        file.truncate(length)
    return path


def tiny(template: str = CHATML, seed: int = 1, **told: Any) -> bytes:
    """Return a working model of 0.1 MB with random weights; it reads bytes and writes nonsense."""
    words = [*byte_words(), "ab", "<|im_start|>", "<|im_end|>"]
    width, inner = 32, 64
    shapes = {
        "token_embd": (width, len(words)),
        "output_norm": (width,),
        "output": (width, len(words)),
        **{f"blk.{n}.{part}_norm": (width,) for n in range(2) for part in ("attn", "ffn")},
        **{f"blk.{n}.attn_{part}": (width, width) for n in range(2) for part in ("q", "output")},
        **{f"blk.{n}.attn_{part}": (width, width // 2) for n in range(2) for part in ("k", "v")},
        **{f"blk.{n}.ffn_{part}": (width, inner) for n in range(2) for part in ("gate", "up")},
        **{f"blk.{n}.ffn_down": (inner, width) for n in range(2)},
    }
    metadata = {
        **CHAT,
        "general.file_type": 0,
        "llama.embedding_length": width,
        "llama.feed_forward_length": inner,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": np.array([1] * (len(words) - 2) + [3, 3]),
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.bos_token_id": len(words) - 2,
        "tokenizer.ggml.eos_token_id": len(words) - 1,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": template,
        **told,
    }
    del metadata["tokenizer.ggml.scores"]
    made = header(metadata, [(f"{name}.weight", shape, 0) for name, shape in shapes.items()])
    random = np.random.default_rng(seed)
    for shape in shapes.values():
        weights = random.normal(0.0, 0.4, shape) if len(shape) > 1 else np.ones(shape)
        made += weights.astype("<f4").tobytes()
    return made


def byte_words() -> list[str]:
    """Return the 256 characters by which GPT-2's vocabulary writes bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    table = {byte: chr(byte) for byte in shown}
    table |= {byte: chr(256 + number) for number, byte in enumerate(hidden)}
    return [table[byte] for byte in range(256)]
