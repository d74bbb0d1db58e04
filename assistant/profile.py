"""Profiles: what a machine of less memory or slower cores is set to where its owner says nothing.

The values follow from what is known of the parts, on purpose few: how much memory a context takes
(12 kB a token), how long a history takes to be read again on slow cores, how much work that is
thrown away a small machine can bear. docs/raspberry-pi.md has the figures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant import machine
from assistant.config import Config, toml_value
from assistant.layers import explicit, under

Name = Literal["zero", "small", "pi4", "full"]

ZERO, SMALL = 700_000_000, 1_450_000_000
"""Bytes of memory below which a machine is a `zero` (512 MB) or a `small` one (1 GB); a Raspberry
Pi keeps up to a tenth for its graphics. A whole daemon takes 0.7 GB, for a moment 0.9 GB."""

FAST = ("avx2", "asimddp")
"""Instructions that llama.cpp's quick kernels need: AVX2, ARM's dot product (Raspberry Pi 5)."""

_SLOW: dict[str, Any] = {
    "llm.history_tokens": 256,  # where its oldest turns leave it, it is read again
    "llm.max_tokens": 160,
    "llm.guests": 2,
    "ahead.tokens": 16,
    "ahead.per_turn": 3,
    "turn.early": 1.0,  # secret answers only in pauses: the recogniser needs the cores
}
SETTINGS: dict[Name, dict[str, Any]] = {
    "zero": {
        **_SLOW,
        "llm.context": 1024,
        "llm.history_tokens": 128,
        "llm.max_tokens": 96,
        "ahead.enabled": False,
        "speech.engine": "espeak",
        "web.connections": 16,
    },
    "small": {**_SLOW, "speech.engine": "espeak"},  # Piper's voice takes 100 MB and more
    "pi4": _SLOW,
    "full": {},
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which profile holds here."""

    name: Name
    why: str
    """In words: who chose it, or what of the machine."""


def choose(config: Config, root: Path = machine.ROOT) -> Chosen:
    """Return the profile that `profile` names, or the one that fits this machine."""
    if config.profile != "auto":
        return Chosen(config.profile, "as `profile` says")
    memory, cores = machine.total_memory(root), machine.cores(root)
    known = machine.instructions(root).split()
    slow = bool(known) and not any(each in known for each in FAST)
    told = ["memory unknown" if memory is None else f"{memory / 1e6:.0f} MB of memory"]
    told += ["1 core" if cores == 1 else f"{cores} cores"]
    told += ["without AVX2 or dot product"] if slow else []
    why = ", ".join(told)
    if memory is not None and memory < SMALL:
        return Chosen("zero" if memory < ZERO else "small", why)
    return Chosen("pi4" if slow or cores == 1 else "full", why)


def fitted(config: Config, root: Path = machine.ROOT) -> Config:
    """Return the settings with those of the profile where the owner has set none."""
    return under(config, settings(config, choose(config, root).name))


def settings(config: Config, name: Name) -> dict[str, Any]:
    """Return what the profile of that name sets; the owner's voice brings its engine along."""
    voiced = explicit(config, "speech.voice")
    return {k: v for k, v in SETTINGS[name].items() if not (voiced and k == "speech.engine")}


def explain(config: Config, root: Path = machine.ROOT) -> str:
    """Say which profile holds and why, what it sets, and what of that the owner has overruled."""
    chosen = choose(config, root)
    brought = settings(config, chosen.name)
    sets = [
        f"{key} = {toml_value(value)}"
        for key, value in brought.items()
        if not explicit(config, key)
    ]
    yours = [key for key in brought if explicit(config, key)]
    return f"{chosen.name} ({chosen.why}); sets {', '.join(sets) or 'nothing'}" + (
        f"; set by you: {', '.join(yours)}" if yours else ""
    )
