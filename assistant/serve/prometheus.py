"""The daemon's figures in the text format of Prometheus (version 0.0.4), wherever they are read.

On the page `/metrics`, over the control socket, and in a file for node_exporter.
"""

from collections.abc import Iterator
from typing import Any

FIGURES = (
    ("uptime_s", "uptime_seconds", "gauge", "Seconds since the assistant began."),
    ("turns", "turns_total", "counter", "Turns that were heard: answered, said or stopped."),
    ("failures", "failures_total", "counter", "What a room could not do."),
    ("sent_out", "sent_out_total", "counter", "Questions that left the device."),
    ("latency_s", "latency_seconds", "gauge", "Median of the latest turns, speech to speech."),
    ("latencies", "voice_to_voice_seconds", "histogram", "From the end of speech to an answer."),
    ("cpu_s", "cpu_seconds_total", "counter", "Processor time of the assistant."),
    ("memory_mb", "memory_bytes", "gauge", "Memory that the assistant holds."),
    ("available_mb", "memory_available_bytes", "gauge", "Memory that could still be taken."),
    ("temperature_c", "temperature_celsius", "gauge", "The hottest sensor of the machine."),
)
"""The daemon's figures: key there, name here, kind, meaning."""
LABELS = {"turns": "outcome", "failures": "room"}
MB = 1e6


def page(figures: dict[str, Any] | None) -> str:
    """Return the page of a daemon's figures; None: it does not answer."""
    return "\n".join([*up(figures is not None), *lines(figures or {})]) + "\n"


def up(answers: bool) -> Iterator[str]:
    """Yield whether there is a daemon."""
    yield from head("up", "gauge", "Whether the assistant answers (1) or not (0).")
    yield f"assistant_up {int(answers)}"


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what the daemon has told, see `assistant.serve.figures`; not what it does not know."""
    for key, name, kind, meaning in FIGURES:
        found = figures.get(key)
        if found is None:
            continue
        yield from head(name, kind, meaning)
        if kind == "histogram":
            yield from _histogram(name, found)
        elif isinstance(found, dict):
            label = LABELS[key]
            yield from (
                f'assistant_{name}{{{label}="{each}"}} {found[each]}' for each in sorted(found)
            )
        else:
            yield f"assistant_{name} {found * MB if key.endswith('_mb') else found:.15g}"


def head(name: str, kind: str, meaning: str) -> list[str]:
    """Return the two lines before a metric."""
    return [f"# HELP assistant_{name} {meaning}", f"# TYPE assistant_{name} {kind}"]


def _histogram(name: str, found: dict[str, Any]) -> Iterator[str]:
    total = 0
    for edge, count in zip([*found["edges"], "+Inf"], found["counts"], strict=True):
        total += count
        yield f'assistant_{name}_bucket{{le="{edge}"}} {total}'
    yield f"assistant_{name}_sum {found['sum']:.6f}"
    yield f"assistant_{name}_count {total}"
