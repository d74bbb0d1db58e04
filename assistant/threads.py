"""How many threads each engine gets on this machine, as `assistant tune` measured it.

The measurement is kept with the name of the processor, the cores that may be used and the model: on
another machine, or with another model, it does not count and the rules of thumb hold again.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant import files, machine
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.models import Shelf

FILE = "threads.json"


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads for each kind of work; 0: the engine's own rule of thumb."""

    decode: int = 0
    """Making a token."""
    prefill: int = 0
    """Reading a question."""
    recogniser: int = 0
    synthesiser: int = 0


def fitted(config: Config) -> Config:
    """Return the settings with the measured threads where they name none."""
    try:
        found = load(config.cache_dir, model_name(config))
    except AssistantError:  # no model yet: whoever needs it will say so
        return config
    llm, asr, speech = config.llm, config.asr, config.speech
    return config.model_copy(
        update={
            "llm": llm.model_copy(
                update={
                    "threads": llm.threads or found.decode,
                    "batch_threads": llm.batch_threads or found.prefill,
                }
            ),
            "asr": asr.model_copy(update={"threads": asr.threads or found.recogniser}),
            "speech": speech.model_copy(update={"threads": speech.threads or found.synthesiser}),
        }
    )


def model_name(config: Config) -> str:
    """Return what tells the language model in use from others. Raises as `Shelf.locate`."""
    path = Shelf(config.models_dir).locate(config.llm.model, "llm")
    return f"{path.name}, {path.stat().st_size} bytes"


def load(folder: Path, model: str) -> Threads:
    """Return what was measured here with `model`, or no more than the rules of thumb."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if data.pop("machine") == fingerprint() and data.pop("model") == model:
            threads = Threads(**data)
            if all(type(n) is int and 0 <= n <= machine.cores() for n in asdict(threads).values()):
                return threads
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # never measured, or damaged: it can be measured again
    return Threads()


def save(folder: Path, model: str, threads: Threads) -> Path:
    """Keep what was measured; returns the file. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    content = {"machine": fingerprint(), "model": model, **asdict(threads)}
    files.write_whole(path, json.dumps(content, indent=1) + "\n")
    return path


def fingerprint() -> str:
    """Return what tells this machine from another: the processor and the usable cores."""
    return f"{machine.processor()}, {machine.cores()} cores"
