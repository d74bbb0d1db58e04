"""What a model file costs and what it can: size, bits per byte, tokens a second.

The texts are in assistant/data (`sample-*.txt`), written for this and used for nothing else: no
choice was made on them. Other ones are taken from a folder.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import machine
from assistant.config import Llm
from assistant.errors import BadInput
from assistant.mind import gguf
from assistant.mind.llama import LlamaModel, thread_counts
from assistant.sources import Report
from assistant.tuning import quality

SAMPLES = Path(__file__).parent.parent / "data"
CONTEXT = 512
TOKENS, ROUNDS = 24, 3
"""Tokens that are made to see how fast that is, and how often; the median counts."""


@dataclass(frozen=True)
class Measured:
    """What was found of one file."""

    path: Path
    kind: str
    """Type of most of its weights."""
    size: int
    """Bytes."""
    bits_per_byte: dict[str, float]
    """By text: the fewer, the better does the model know what comes next."""
    decode_tps: float
    """Tokens of an answer in a second."""

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "path": str(self.path),
            "type": self.kind,
            "size": self.size,
            "bits_per_byte": {name: round(bits, 4) for name, bits in self.bits_per_byte.items()},
            "decode_tps": round(self.decode_tps, 2),
        }


def texts(folder: Path | None = None) -> dict[str, list[str]]:
    """Return parts of texts by name: `en` and `zh`, or the names of the `*.txt` in `folder`.

    Raises `BadInput` for a folder without texts, or one that is no UTF-8.
    """
    paths = sorted((folder or SAMPLES).glob("*.txt" if folder else "sample-*.txt"))
    if not paths:
        raise BadInput("{folder}: there are no texts (*.txt).", folder=folder)
    found = {}
    for path in paths:
        try:
            parts = list(quality.parts(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput("{path}: cannot be read: {error}.", path=path, error=error) from error
        if parts:
            found[path.stem.removeprefix("sample-")] = parts
    return found


def compare(
    paths: Sequence[Path], samples: dict[str, list[str]], settings: Llm, report: Report
) -> list[Measured | None]:
    """Measure model files; None, and a line in the report, where there is no memory for one."""
    settings = _plain(settings)
    headers = [gguf.inspect(path) for path in paths]
    fit = [header for header in headers if _fits(header, report)]
    bits = {header.path: _bits(header, samples, settings, report) for header in fit}
    speeds = _speeds(fit, settings)

    def measured(header: gguf.Header) -> Measured:
        path = header.path
        return Measured(path, header.quantization, header.size, bits[path], speeds[path])

    return [measured(header) if header in fit else None for header in headers]


def _fits(header: gguf.Header, report: Report) -> bool:
    try:
        gguf.check_memory(header, CONTEXT, machine.available_memory())
    except BadInput as error:
        report.note(f"not measured: {error}")
        return False
    return True


def _bits(
    header: gguf.Header, samples: dict[str, list[str]], settings: Llm, report: Report
) -> dict[str, float]:
    """Return the bits for a byte of each text."""
    done, total = 0, sum(len(part.encode()) for parts in samples.values() for part in parts)
    bits = {}
    with quality.loaded(header.path, thread_counts(settings)[1]) as model:
        for name, parts in samples.items():
            found = quality.Quality(0, 0, 0)
            for part in parts:
                found += quality.measure(model, [part])
                done += len(part.encode())
                report.progress(f"measuring {header.quantization}", done, total)
            bits[name] = found.bits_per_byte
    return bits


def _speeds(headers: list[gguf.Header], settings: Llm) -> dict[Path, float]:
    """Return tokens a second of each.

    They take turns where there is memory for all: what disturbs one then disturbs the other.
    """
    available = machine.available_memory()
    wanted = sum(header.memory(CONTEXT) for header in headers)
    together = available is None or wanted <= available
    found: dict[Path, float] = {}
    for group in [headers] if together else [[header] for header in headers]:
        models = {header.path: LlamaModel(header.path, settings) for header in group}
        rounds = [
            {path: m.bare_decode(TOKENS) for path, m in models.items()} for _ in range(ROUNDS)
        ]
        for path, model in models.items():
            found[path] = statistics.median(each[path] for each in rounds)
            model.close()
    return found


def _plain(settings: Llm) -> Llm:
    """Return the settings of a model that is measured: nothing is laid over it."""
    changed = {"context": CONTEXT, "adapter": "", "temperature": 0.0}
    return settings.model_copy(update=changed)
