"""The language model alone: time to the first token, and speed against llama.cpp's bare loop.

All variants take turns, round by round, so that a machine that slows down slows all of them.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.bench.memory import resident_mb
from assistant.config import Config
from assistant.mind.llama import LlamaModel
from assistant.mind.model import Message

TOKENS = 64
SYSTEM = Message("system", "You are a helpful assistant.")
QUESTION = Message(
    "user",
    "please tell me in a few words how far it is from the earth to the moon and how long light "
    "needs for it",
)
"""Twenty-odd words, as a recogniser writes them."""
STORY = "Once upon a time there was a village by the sea where everybody knew everybody. " * 6
LONG = [Message("user", STORY), Message("assistant", STORY)] * 2
"""A history of about 500 tokens."""


def measure(config: Config, path: Path, published: Path | None, rounds: int) -> dict[str, Any]:
    """Compare the model at `path` with llama.cpp alone on it, and with the `published` one."""
    before = resident_mb("VmRSS")
    llm = config.llm.model_copy(
        update={"temperature": 0.0, "max_tokens": TOKENS, "repeat_penalty": 1.0}
    )
    ours = LlamaModel(path, llm, models=config.models_dir)
    memory = resident_mb("VmRSS") - before
    runs: dict[str, Callable[[], float]] = {
        "decode": lambda: _decode(ours),
        "bare": lambda: ours.bare_decode(TOKENS),
        "prefill": lambda: _prefill(ours),
        "ttft": lambda: _ttft(ours, []),
        "ttft_long": lambda: _ttft(ours, LONG),
        "ttft_cold": lambda: _cold(ours),
    }
    other = LlamaModel(published, llm, models=config.models_dir) if published else None
    if other:
        runs["published"] = lambda: _decode(other)
    found: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds + 1):  # the first one warms
        for name, run in runs.items():
            value = run()
            if round_:
                found[name].append(value)
    middle = {name: statistics.median(values) for name, values in found.items()}
    ours.close()
    if other:
        other.close()
    result = {
        "model": path.name,
        "decode_tps": round(middle["decode"], 1),
        "bare_tps": round(middle["bare"], 1),
        "decode_vs_bare": _ratio(found["decode"], found["bare"]),
        "prefill_tps": round(middle["prefill"], 1),
        "ttft_s": round(middle["ttft"], 4),
        "ttft_history_s": round(middle["ttft_long"], 4),
        "ttft_cold_s": round(middle["ttft_cold"], 4),
        "memory_mb": memory,
        "rounds": rounds,
    }
    if other and published:
        result["published"] = published.name
        result["published_tps"] = round(middle["published"], 1)
        result["decode_vs_published"] = _ratio(found["decode"], found["published"])
    return result


def _ratio(mine: list[float], theirs: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(mine, theirs, strict=True)), 3)


def _decode(model: LlamaModel) -> float:
    """Tokens a second after the first one."""
    first = 0.0
    for _ in model.reply([SYSTEM, Message("user", "Count from one to fifty in words.")], _never):
        first = first or time.perf_counter()
    tokens = model.usage.reply_tokens
    return (tokens - 1) / (time.perf_counter() - first)


def _prefill(model: LlamaModel) -> float:
    """Tokens a second of a question of about 100 tokens that has not been read."""
    began = time.perf_counter()
    for _ in model.reply([Message("user", f"{time.monotonic_ns()} {STORY}")], _never):
        break
    return (model.usage.prompt_tokens - model.usage.cached_tokens) / (time.perf_counter() - began)


def _ttft(model: LlamaModel, history: list[Message]) -> float:
    """Seconds to the first text of a question after a history that has been read."""
    model.warm([SYSTEM, *history, Message("user", "")])
    began = time.perf_counter()
    for _ in model.reply([SYSTEM, *history, QUESTION], _never):
        break
    return time.perf_counter() - began


def _cold(model: LlamaModel) -> float:
    """Seconds to the first text when nothing has been read, not even the system prompt."""
    model.warm([Message("user", str(time.monotonic_ns()))])
    return _ttft_of(model)


def _ttft_of(model: LlamaModel) -> float:
    began = time.perf_counter()
    for _ in model.reply([SYSTEM, QUESTION], _never):
        break
    return time.perf_counter() - began


def _never() -> bool:
    return False
