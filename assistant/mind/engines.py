"""Chooses the language model."""

from pathlib import Path

from assistant import machine
from assistant.config import Config
from assistant.errors import BadInput, EngineMissing
from assistant.mind import adapter, gguf
from assistant.mind.model import LanguageModel
from assistant.models import Shelf

NONE = "none"
"""`llm.model` of a device that another one thinks for."""


def make(config: Config) -> LanguageModel:
    """Load the model that `llm.model` names, or the best one installed.

    Raises `EngineMissing` when there is none, `BadInput` for one that cannot be used.
    """
    if config.llm.model == NONE:
        from assistant.mind.thin import NoModel

        _check_shared(config)
        return NoModel(config.language)
    from assistant.mind.llama import LlamaModel

    path = Shelf(config.models_dir).locate(config.llm.model, "llm")
    return LlamaModel(path, config.llm, config.cache_dir / "kv", models=config.models_dir)


def explain(config: Config) -> str:
    """Say which model that is and why, its size, and what it wants; nothing is loaded.

    Raises as `make` for what can be seen from outside.
    """
    if config.llm.model == NONE:
        _check_shared(config)
        return f"none here, as `llm.model` says; {config.remote.endpoint} thinks for this device"
    import importlib.util

    from assistant.mind.llama import thread_counts

    path = Shelf(config.models_dir).locate(config.llm.model, "llm")
    if importlib.util.find_spec("llama_cpp") is None:
        raise EngineMissing("llama-cpp-python is not installed; `script/setup` builds it.")
    header = gguf.inspect(path)
    gguf.check_context(header, config.llm.context)
    available = machine.available_memory()
    gguf.check_memory(header, config.llm.context, available)
    over = _explain_adapter(config, path)
    decode, batch = thread_counts(config.llm)
    why = "as `llm.model` says" if config.llm.model else "the best one installed"
    free = "" if available is None else f" of {available / 1e6:.0f} MB free"
    return (
        f"{header.name} ({header.quantization}, {header.size / 1e6:.0f} MB, {why}), "
        f"{config.llm.context} tokens of context, about "
        f"{header.memory(config.llm.context) / 1e6:.0f} MB of memory{free}, "
        f"{decode} threads to answer and {batch} to read{over}"
    )


def _explain_adapter(config: Config, base: Path) -> str:
    """Name the adapter, if there is one. Raises `BadInput` for one that cannot be used."""
    if config.llm.adapter in ("", adapter.NONE):
        return ""
    path = adapter.locate(config.llm.adapter, config.models_dir)
    adapter.check(path, base)
    return f", with the adapter {path} at {config.llm.adapter_scale:g}"


def _check_shared(config: Config) -> None:
    """Raise `BadInput` where nobody would think at all."""
    if not config.remote.endpoint or config.remote.share != "all":
        raise BadInput(
            '`llm.model` is "none", but nobody thinks for this device; set `remote.endpoint` and '
            '`remote.share = "all"`, or name a model.'
        )
