"""A language model of 100 kB in the form of Qwen2.5, with weights by chance, for the tuner."""

import itertools
from collections import Counter
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

WIDTH, LAYERS, HEADS, KV_HEADS, INNER = 64, 2, 2, 1, 96
TEXT = (
    "the weather in the city is warm and the water in the river is cold so we walk there together "
    "yesterday morning somebody brought several interesting questions about computers gardens "
    "music history numbers kitchens bicycles mountains languages animals children birthdays "
    "今天的天气很好我们今天去看天安门今天不下雨 你喜欢吃什么水果 学习语言需要很多时间 "
) * 3
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PADS = 5
FILE_TYPES = {Type.F32: 0, Type.F16: 1, Type.Q4_0: 2}


def alphabet() -> list[str]:
    """Return what stands for each byte, in GPT-2's order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) if byte in plain else chr(256 + n) for n, byte in enumerate(order())]


def order() -> list[int]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [byte for byte in range(256) if byte not in plain] + plain


def written(text: str) -> list[str]:
    letters = dict(zip(order(), alphabet(), strict=True))
    return [letters[byte] for byte in text.encode()]


def vocabulary(count: int = 240) -> tuple[list[str], list[int], list[str]]:
    """Learn merges from `TEXT`; return tokens, kinds and merges."""
    words = [written(word) for word in ["the", *(" " + word for word in TEXT.split())]]
    tokens, merges = alphabet(), []
    while len(merges) < count:
        pairs = Counter(pair for word in words for pair in itertools.pairwise(word))
        if not pairs:
            break
        (left, right), _ = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        if left + right in tokens:
            break
        merges.append(f"{left} {right}")
        tokens.append(left + right)
        words = [joined(word, left, right) for word in words]
    kinds = [1] * len(tokens) + [3] * len(CONTROL) + [5] * PADS
    return [*tokens, *CONTROL, *(f"[PAD{n}]" for n in range(PADS))], kinds, merges


def joined(word: list[str], left: str, right: str) -> list[str]:
    out: list[str] = []
    for letter in word:
        if out and out[-1] == left and letter == right:
            out[-1] = left + right
        else:
            out.append(letter)
    return out


def write(path: Path, weights: Type = Type.Q8_0, tied: bool = False) -> Path:
    """Write the model, its weights (norms and biases apart) in one type."""
    tokens, kinds, merges = vocabulary()
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("Tiny")
    writer.add_context_length(512)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type(FILE_TYPES.get(weights, 7))
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(
        "{% for m in messages %}<|im_start|>{{ m.role }}...<|im_end|>{% endfor %}"
    )
    chance = np.random.default_rng(1)

    def weight(name: str, rows: int, columns: int) -> None:
        values = chance.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)
        writer.add_tensor(name, quants.quantize(values, weights), raw_dtype=weights)

    def norm(name: str, length: int, value: float) -> None:
        writer.add_tensor(name, np.full(length, value, np.float32))

    kv = WIDTH // HEADS * KV_HEADS
    weight("token_embd.weight", len(tokens), WIDTH)
    if not tied:
        weight("output.weight", len(tokens), WIDTH)
    norm("output_norm.weight", WIDTH, 1)
    for layer in (f"blk.{number}" for number in range(LAYERS)):
        norm(f"{layer}.attn_norm.weight", WIDTH, 1)
        norm(f"{layer}.ffn_norm.weight", WIDTH, 1)
        for part, size in (("q", WIDTH), ("k", kv), ("v", kv)):
            weight(f"{layer}.attn_{part}.weight", size, WIDTH)
            norm(f"{layer}.attn_{part}.bias", size, 0.1)
        weight(f"{layer}.attn_output.weight", WIDTH, WIDTH)
        weight(f"{layer}.ffn_gate.weight", INNER, WIDTH)
        weight(f"{layer}.ffn_up.weight", INNER, WIDTH)
        weight(f"{layer}.ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
